// SPDX-License-Identifier: MIT
// Pings, raw sockets and whole frames: what the kernel answers belongs to no process.
#include "tests/traffic/wire.h"

#include <fstream>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <sys/time.h>

namespace traffic {

namespace {

constexpr Protocol ping{"icmp", SOCK_DGRAM, IPPROTO_ICMP};
constexpr Protocol ping6{"icmpv6", SOCK_DGRAM, IPPROTO_ICMPV6};
constexpr Protocol raw_icmp{"icmp", SOCK_RAW, IPPROTO_ICMP};
constexpr Protocol raw_icmp6{"icmpv6", SOCK_RAW, IPPROTO_ICMPV6};
constexpr Protocol raw_253{"253", SOCK_RAW, 253};

constexpr size_t echo_size = 64;

uint16_t checksum(const std::byte *bytes, size_t size) {
    uint32_t sum = 0;
    for (size_t at = 0; at < size; at += 2) {
        uint16_t word;
        std::memcpy(&word, bytes + at, 2);
        sum += word;
    }
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

// An echo request of echo_size bytes in scratch().
void make_request(const Protocol &protocol, uint16_t number) {
    std::memset(scratch(), 0, echo_size);
    icmphdr header{};
    header.type = protocol.number == IPPROTO_ICMP ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    header.un.echo.id = 0x1234;
    header.un.echo.sequence = htons(number);
    std::memcpy(scratch(), &header, sizeof header);
    header.checksum = checksum(scratch(), echo_size); // of IPv6, the kernel makes its own
    std::memcpy(scratch(), &header, sizeof header);
}

// Only answers, not what the socket itself has sent over lo.
void take_only_replies(const Fd &socket, const Protocol &protocol) {
    if (protocol.number == IPPROTO_ICMP) {
        constexpr int icmp_filter = 1; // in linux/icmp.h, which no other header bears
        const int blocked = static_cast<int>(~(1U << ICMP_ECHOREPLY));
        set_option(socket.get(), SOL_RAW, icmp_filter, blocked);
        return;
    }
    icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
    check(setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter),
          "ICMP6_FILTER");
}

void receive_one(Role &role, const Fd &socket, const Protocol &protocol) {
    Address from;
    const ssize_t size =
        recvfrom(socket.get(), scratch(), scratch_size, 0, from.get(), &from.length);
    role.tally(protocol.name, from.text()).received +=
        static_cast<uint64_t>(check(size, "recvfrom"));
}

void send_one(Role &role, const Fd &socket, const Protocol &protocol, const Address &to,
              size_t size) {
    const ssize_t sent = sendto(socket.get(), scratch(), size, 0, to.get(), to.length);
    role.tally(protocol.name, to.text()).sent += static_cast<uint64_t>(check(sent, "sendto"));
}

void echo(Case &c, const Protocol &protocol, const char *ip) {
    const Address to = address(ip);
    const Fd socket = open_socket(to.family(), protocol);
    if (protocol.type == SOCK_RAW)
        take_only_replies(socket, protocol);
    set_timeout(socket.get(), 10000);
    c.role("tr-ping", [&](Role &role) {
        for (uint16_t number = 0; number < 10; ++number) {
            make_request(protocol, number);
            send_one(role, socket, protocol, to, echo_size);
            receive_one(role, socket, protocol);
        }
    });
}

void allow_pings() { // where not allowed, as it is
    std::ofstream("/proc/sys/net/ipv4/ping_group_range") << "0 2147483647" << std::flush;
}

void icmp_ping(Case &c) {
    allow_pings();
    echo(c, ping, "127.0.0.1");
}
void icmpv6_ping(Case &c) {
    allow_pings();
    echo(c, ping6, "::1");
}
void icmp_raw(Case &c) {
    echo(c, raw_icmp, "127.0.0.1");
}
void icmpv6_raw(Case &c) {
    echo(c, raw_icmp6, "::1");
}

// One sends, the other gets the IP header too (of IPv4).
void raw_253_between(Case &c, const char *ip, const char *target) {
    constexpr int count = 20;
    const Fd receiver = bind_to(target, raw_253);
    set_timeout(receiver.get(), 10000);
    c.role("tr-receiver", [&](Role &role) {
        for (int turn = 0; turn < count; ++turn)
            receive_one(role, receiver, raw_253);
    });
    c.role("tr-sender", [&](Role &role) {
        const Fd sender = bind_to(ip, raw_253);
        for (int turn = 0; turn < count; ++turn)
            send_one(role, sender, raw_253, address(target), 500);
    });
}

void raw_ip_253(Case &c) {
    raw_253_between(c, "127.0.0.2", "127.0.0.1");
}
void raw_ipv6_253(Case &c) {
    raw_253_between(c, "::1", "::1");
}

void raw_connected(Case &c) {
    const Fd receiver = bind_to("127.0.0.1", raw_253);
    set_timeout(receiver.get(), 10000);
    c.role("tr-receiver", [&](Role &role) { receive_one(role, receiver, raw_253); });
    c.role("tr-sender", [&](Role &role) {
        const Wire wire(role, bind_to("127.0.0.2", raw_253), raw_253.name, "127.0.0.1");
        const Address to = address("127.0.0.1");
        check(connect(wire.fd(), to.get(), to.length), "connect");
        wire.send(200);
    });
}

// The sender writes the IP header itself.
void raw_header(Case &c) {
    constexpr Protocol raw{"255", SOCK_RAW, IPPROTO_RAW};
    const Fd receiver = bind_to("127.0.0.1", raw_253);
    set_timeout(receiver.get(), 10000);
    c.role("tr-receiver", [&](Role &role) { receive_one(role, receiver, raw_253); });
    c.role("tr-sender", [&](Role &role) {
        const Fd sender = open_socket(AF_INET, raw);
        constexpr size_t size = 120;
        std::memset(scratch(), 0, size);
        iphdr header{};
        header.version = 4;
        header.ihl = 5;
        header.ttl = 64;
        header.protocol = raw_253.number;
        header.daddr = htonl(INADDR_LOOPBACK);
        header.saddr = htonl(INADDR_LOOPBACK + 1);
        std::memcpy(scratch(), &header, sizeof header);
        send_one(role, sender, raw, address("127.0.0.1"), size);
    });
}

// --- frames ---

constexpr uint16_t own_type = 0x88b5; // for local experiments, and nobody else's on lo
constexpr Protocol every_frame{"packet", SOCK_RAW, 0};

sockaddr_ll on_lo(uint16_t type) {
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(type);
    at.sll_ifindex = static_cast<int>(if_nametoindex("lo"));
    at.sll_halen = ETH_ALEN;
    return at;
}

// Takes frames of own_type alone. Filters before it listens: nothing else gets in.
Fd frame_listener() {
    Fd listener = open_socket(AF_PACKET, every_frame);
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(ethhdr, h_proto)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_type, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const sock_fprog program{std::size(code), code};
    check(setsockopt(listener.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program),
          "SO_ATTACH_FILTER");
    const sockaddr_ll at = on_lo(ETH_P_ALL);
    check(bind(listener.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at), "bind");
    set_timeout(listener.get(), 10000);
    return listener;
}

void packet(Case &c) {
    constexpr int count = 50;
    const Fd listener = frame_listener();
    c.role("tr-receiver", [&](Role &role) {
        const Wire wire(role, Fd(dup(listener.get())), "packet", "");
        for (int turn = 0; turn < 2 * count; ++turn) // lo shows each on its way out and in
            check(wire.got(recv(wire.fd(), scratch(), scratch_size, 0)), "recv");
    });
    c.role("tr-sender", [&](Role &role) {
        const Wire wire(role, open_socket(AF_PACKET, every_frame), "packet", "");
        std::memset(scratch(), 0, ETH_HLEN);
        ethhdr header{};
        header.h_proto = htons(own_type);
        std::memcpy(scratch(), &header, sizeof header);
        const sockaddr_ll to = on_lo(own_type);
        for (int turn = 0; turn < count; ++turn) {
            const auto *const address = reinterpret_cast<const sockaddr *>(&to);
            check(wire.sent(sendto(wire.fd(), scratch(), 400, 0, address, sizeof to)), "sendto");
        }
    });
}

constexpr Entry entries[] = {
    {"icmp_ping", icmp_ping, Balance::none},
    {"icmpv6_ping", icmpv6_ping, Balance::none},
    {"icmp_raw", icmp_raw, Balance::none},
    {"icmpv6_raw", icmpv6_raw, Balance::none},
    {"raw_ip_253", raw_ip_253, Balance::none},
    {"raw_ipv6_253", raw_ipv6_253, Balance::none},
    {"raw_connected", raw_connected, Balance::none},
    {"raw_header", raw_header, Balance::none},
    {"packet", packet, Balance::none},
};

} // namespace

std::span<const Entry> raw_cases() {
    return entries;
}

} // namespace traffic
