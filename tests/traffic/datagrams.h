// SPDX-License-Identifier: MIT
// Datagrams, counted with the address they come from or go to.
#pragma once

#include "tests/traffic/wire.h"

namespace traffic {

// Receives one datagram from anybody and counts it with its sender. false: none came in time.
inline bool receive_from(Role &role, int fd, const char *proto, size_t room = scratch_size,
                         int flags = 0, Address *sender = nullptr) {
    Address from;
    const ssize_t size = recvfrom(fd, scratch(), room, flags, from.get(), &from.length);
    if (size < 0)
        return false;
    role.tally(proto, from.text()).received += static_cast<uint64_t>(size);
    if (sender)
        *sender = from;
    return true;
}

inline void send_to(Role &role, int fd, const Address &to, size_t size, const char *proto) {
    const ssize_t sent = sendto(fd, scratch(), size, 0, to.get(), to.length);
    role.tally(proto, to.text()).sent += static_cast<uint64_t>(check(sent, "sendto"));
}

} // namespace traffic
