// SPDX-License-Identifier: MIT
// TCP as programs use it every day.
#include "tests/traffic/wire.h"

#include <netinet/tcp.h>
#include <unistd.h>

namespace traffic {

namespace {

void send_bulk(Wire &wire) {
    wire.send(scaled(4 << 20), scratch_size);
}
void send_some(Wire &wire) {
    wire.send(scaled(256 << 10));
}
void drain(Wire &wire) {
    wire.shut();
    wire.drain();
}
void send_and_drain(Wire &wire) {
    send_some(wire);
    drain(wire);
}
void drain_and_answer(Wire &wire) {
    wire.drain();
    wire.send(1000);
}
// The end of what this side sends tells the other that there is no more.
void send_all(Wire &wire) {
    send_bulk(wire);
    drain(wire);
}

void tcp_bulk(Case &c) {
    stream(c, send_all, drain);
}

void tcp_bulk_down(Case &c) {
    stream(c, drain, send_all);
}

void both_ways(Wire &wire) {
    std::thread sender([&] {
        send_bulk(wire);
        wire.shut();
    });
    wire.drain();
    sender.join();
}

void tcp_full_duplex(Case &c) {
    stream(c, both_ways, both_ways);
}

void tcp_ping_pong(Case &c) {
    const size_t rounds = scaled(200);
    const auto play = [=](Wire &wire, bool serves) {
        set_option(wire.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
        if (serves)
            wire.send(100);
        for (size_t round = 1; round < rounds; ++round) {
            wire.receive(100);
            wire.send(100);
        }
        if (!serves)
            wire.receive(100);
    };
    stream(
        c, [&](Wire &wire) { play(wire, true); }, [&](Wire &wire) { play(wire, false); });
}

void tcp_ipv6(Case &c) {
    stream(c, send_and_drain, drain, "::1");
}

void tcp_v4_mapped(Case &c) {
    stream(c, send_and_drain, drain, "::", tcp, "::ffff:127.0.0.1");
}

void tcp_v4_to_dual_stack(Case &c) {
    stream(c, send_and_drain, drain, "::", tcp, "127.0.0.2");
}

void tcp_half_close(Case &c) {
    stream(c, send_and_drain, drain_and_answer);
}

void tcp_drip(Case &c) {
    const auto drip = [](Wire &wire) {
        set_option(wire.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
        for (int count = 0; count < 50; ++count) {
            wire.send(1);
            sleep_ms(2);
        }
    };
    stream(c, drip, [](Wire &wire) { wire.receive(50, 1); });
}

void tcp_short_connections(Case &c) {
    const size_t connections = scale() < 1 ? 200 : 1000;
    const Fd listening = listen_on("127.0.0.1");
    c.role("tr-server", [&](Role &role) {
        for (size_t count = 0; count < connections; ++count) {
            const Wire wire(role, accept_from(listening));
            wire.receive(30);
            wire.send(70);
        }
    });
    c.role("tr-client", [&](Role &role) {
        for (size_t count = 0; count < connections; ++count) {
            const Wire wire(role, connect_to(local_address(listening)));
            wire.send(30);
            wire.receive(70);
        }
    });
}

void tcp_parallel_bursts(Case &c) {
    constexpr size_t clients = 8;
    const Fd listening = listen_on("127.0.0.1");
    c.role("tr-server", [&](Role &role) {
        std::vector<std::thread> threads;
        for (size_t count = 0; count < clients; ++count)
            threads.emplace_back([wire = Wire(role, accept_from(listening))] { wire.drain(); });
        for (std::thread &thread : threads)
            thread.join();
    });
    for (size_t client = 0; client < clients; ++client)
        c.role(("tr-burst-" + std::to_string(client)).c_str(), [&](Role &role) {
            const Wire wire(role, connect_to(local_address(listening)));
            wire.send(scaled(128 << 10) + client);
        });
}

void tcp_iovecs(Case &c) {
    const auto send_parts = [](Wire &wire) {
        std::vector<iovec> parts = in_parts(30000);
        const int count = static_cast<int>(parts.size());
        expect(wire.sent(writev(wire.fd(), parts.data(), count)) == 30000, "writev: not all");
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        expect(wire.sent(sendmsg(wire.fd(), &message, 0)) == 30000, "sendmsg: not all");
        expect(wire.sent(write(wire.fd(), scratch(), 1234)) == 1234, "write: not all");
    };
    const auto receive_parts = [](Wire &wire) {
        std::vector<iovec> parts = in_parts(20000);
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        ssize_t count = 1;
        for (int turn = 0; count > 0; ++turn)
            if (turn % 3 == 0)
                count = wire.got(readv(wire.fd(), parts.data(), static_cast<int>(parts.size())));
            else if (turn % 3 == 1)
                count = wire.got(recvmsg(wire.fd(), &message, 0));
            else
                count = wire.got(read(wire.fd(), scratch(), 777));
        check(count, "readv");
    };
    stream(
        c,
        [&](Wire &wire) {
            send_parts(wire);
            wire.shut();
            receive_parts(wire);
        },
        [&](Wire &wire) {
            receive_parts(wire);
            send_parts(wire);
            wire.shut();
        });
}

// More than the send buffer takes: the call blocks until the peer has read enough.
void tcp_large_send(Case &c) {
    const std::vector<std::byte> all(scaled(1 << 20));
    stream(
        c,
        [&](Wire &wire) {
            set_option(wire.fd(), SOL_SOCKET, SO_SNDBUF, 8192);
            const ssize_t size = static_cast<ssize_t>(all.size());
            expect(wire.sent(send(wire.fd(), all.data(), all.size(), 0)) == size, "send: not all");
        },
        [](Wire &wire) {
            sleep_ms(50);
            wire.drain();
        });
}

// The connections are open before the traffic begins: see --hold.
void preopened(Case &c) {
    const Fd listening = listen_on("127.0.0.1"), listening6 = listen_on("::1");
    const Fd datagrams = bind_to("127.0.0.1", udp);
    c.prepared_role("tr-server", [&](Role &role) {
        const Wire wire(role, accept_from(listening)), wire6(role, accept_from(listening6));
        role.stand_by();
        wire.receive(100000);
        wire6.receive(50000);
        wire6.send(7000);
        wire.send(3000);
        Address from;
        const ssize_t size =
            recvfrom(datagrams.get(), scratch(), scratch_size, 0, from.get(), &from.length);
        role.tally("udp", from.text()).received += static_cast<uint64_t>(check(size, "recvfrom"));
    });
    c.prepared_role("tr-client", [&](Role &role) {
        const Wire wire(role, connect_to(local_address(listening)));
        const Wire wire6(role, connect_to(local_address(listening6)));
        const Wire datagram(role, connect_to(local_address(datagrams), udp), udp);
        role.stand_by();
        datagram.send(500);
        wire.send(100000);
        wire6.send(50000);
        wire6.receive(7000);
        wire.receive(3000);
    });
}

constexpr Entry entries[] = {
    {"tcp_bulk", tcp_bulk},
    {"tcp_bulk_down", tcp_bulk_down},
    {"tcp_full_duplex", tcp_full_duplex},
    {"tcp_ping_pong", tcp_ping_pong},
    {"tcp_ipv6", tcp_ipv6},
    {"tcp_v4_mapped", tcp_v4_mapped},
    {"tcp_v4_to_dual_stack", tcp_v4_to_dual_stack},
    {"tcp_half_close", tcp_half_close},
    {"tcp_drip", tcp_drip},
    {"tcp_short_connections", tcp_short_connections},
    {"tcp_parallel_bursts", tcp_parallel_bursts},
    {"tcp_iovecs", tcp_iovecs},
    {"tcp_large_send", tcp_large_send},
    {"preopened", preopened, Balance::exact, true},
};

} // namespace

std::span<const Entry> tcp_cases() {
    return entries;
}

} // namespace traffic
