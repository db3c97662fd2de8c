// SPDX-License-Identifier: MIT
// usage: vm-tun NAME
// Lets the kernel receive an echo request on a tun device, five times a second until killed.
#include "tests/vm/tun.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

int main(int argc, char **argv) {
    using namespace pinpipe;
    if (argc != 2) {
        std::fputs("usage: vm-tun NAME\n", stderr);
        return 2;
    }
    const Fd tun = open_tun(argv[1]);
    while (tun.valid() && write(tun.get(), echo_request.data(), echo_request.size()) ==
                              ssize_t{echo_request.size()})
        usleep(200'000);
    std::fprintf(stderr, "vm-tun: cannot write to %s: %s\n", argv[1], std::strerror(errno));
    return 1;
}
