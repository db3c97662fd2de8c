// SPDX-License-Identifier: MIT
// A tun device: an interface whose frames begin with the IP header. It receives what is written to
// its descriptor.
#pragma once

#include "lib/base/fd.h"

#include <array>
#include <cstdint>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string>
#include <sys/ioctl.h>

namespace pinpipe {

// An echo request in an IPv4 packet from 10.79.0.2 to 10.79.0.1. Its checksums are wrong: XDP sees
// it before they are checked and the packet is dropped.
inline constexpr std::array<uint8_t, 28> echo_request = {
    0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 79, 0, 2, 10, 79, 0, 1, // IPv4
    8,    0, 0, 0,  0, 7, 0, 1,                                          // ICMP
};

// Makes the device, or opens an existing one. On failure the descriptor is invalid and errno set.
// write(2) makes the kernel receive a packet on the device.
inline Fd open_tun(const std::string &name) {
    Fd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (!tun.valid() || ioctl(tun.get(), TUNSETIFF, &request) != 0)
        return Fd();
    return tun;
}

} // namespace pinpipe
