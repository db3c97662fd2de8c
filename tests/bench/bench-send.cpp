// SPDX-License-Identifier: MIT
// bench-send IFACE COUNT RATE: sends COUNT ICMP packets from 200 addresses out of IFACE, RATE a
// second.
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
    constexpr unsigned addresses = 200, batch = 64;
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench-send IFACE COUNT RATE\n");
        return 2;
    }
    const int packets = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(argv[1]));
    to.sll_protocol = htons(ETH_P_IP);
    if (packets < 0 || bind(packets, reinterpret_cast<sockaddr *>(&to), sizeof to) != 0) {
        std::perror("bench-send");
        return 1;
    }
    std::vector<std::vector<unsigned char>> frames;
    for (unsigned i = 0; i < addresses; i++) {
        frames.push_back(bench::frame(i + 1));
        std::fill_n(frames.back().begin(), 6, static_cast<unsigned char>(0xff));
    }
    const auto count = std::strtoull(argv[2], nullptr, 10);
    const double rate = std::atof(argv[3]), start = bench::seconds(CLOCK_MONOTONIC);
    for (uint64_t sent = 0; sent < count;) {
        mmsghdr messages[batch]{};
        iovec vectors[batch];
        const auto size = static_cast<unsigned>(std::min<uint64_t>(batch, count - sent));
        for (unsigned i = 0; i < size; i++) {
            auto &f = frames[(sent + i) % addresses];
            vectors[i] = {f.data(), f.size()};
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        const int done = sendmmsg(packets, messages, size, 0);
        if (done < 0) {
            std::perror("sendmmsg");
            return 1;
        }
        sent += static_cast<unsigned>(done);
        while (static_cast<double>(sent) / rate > bench::seconds(CLOCK_MONOTONIC) - start) {
            const timespec pause{0, 50'000};
            nanosleep(&pause, nullptr);
        }
    }
}
