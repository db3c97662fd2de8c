// SPDX-License-Identifier: MIT
// Datagrams taken in part, twice, by nobody, or without a word on where they come from.
#include "tests/traffic/datagrams.h"

namespace traffic {

namespace {

// Received without asking who sends: nothing in the call says from whom it is.
void udp_plain_recv(Case &c) {
    const Fd socket = bind_to("127.0.0.1", udp);
    constexpr size_t count = 50;
    c.role("tr-receiver", [&](Role &role) {
        for (size_t turn = 0; turn < count; ++turn)
            role.tally("udp", "", true).received += static_cast<uint64_t>(
                check(recv(socket.get(), scratch(), scratch_size, 0), "recv"));
    });
    c.role("tr-sender", [&](Role &role) {
        const Fd sender = open_socket(AF_INET, udp);
        for (size_t turn = 0; turn < count; ++turn)
            send_to(role, sender.get(), local_address(socket), 100 + turn, "udp");
    });
}

// Receives datagrams of 1000 bytes in various ways that do not take all of them, or take them
// twice.
void odd_receipts(Case &c, int datagrams, const std::function<void(Role &, int)> &receive) {
    const Fd socket = bind_to("127.0.0.1", udp);
    c.role("tr-receiver", [&](Role &role) { receive(role, socket.get()); });
    c.role("tr-sender", [&](Role &role) {
        const Fd sender = open_socket(AF_INET, udp);
        for (int turn = 0; turn < datagrams; ++turn)
            send_to(role, sender.get(), local_address(socket), 1000, "udp");
    });
}

void udp_trunc(Case &c) {
    odd_receipts(c, 3, [](Role &role, int fd) {
        receive_from(role, fd, "udp", 300);            // says 300
        receive_from(role, fd, "udp", 300, MSG_TRUNC); // says 1000: that counts
        receive_from(role, fd, "udp", 2000, MSG_TRUNC);
    });
}

void udp_peek(Case &c) {
    odd_receipts(c, 2, [](Role &role, int fd) {
        for (int turn = 0; turn < 2; ++turn) {
            recv(fd, scratch(), 2000, MSG_PEEK);
            recv(fd, scratch(), 10, MSG_PEEK | MSG_TRUNC);
            receive_from(role, fd, "udp");
        }
    });
}

void udp_eagain(Case &c) {
    odd_receipts(c, 5, [](Role &role, int fd) {
        for (int seen = 0; seen < 5;)
            seen += receive_from(role, fd, "udp", 2000, MSG_DONTWAIT);
    });
}

// A connected socket whose peer is not there: every other call fails.
void udp_refused(Case &c) {
    Fd closed = bind_to("127.0.0.1", udp);
    const Address to = local_address(closed);
    closed.reset();
    c.role("tr-sender", [&](Role &role) {
        const Wire wire(role, connect_to(to, udp), udp);
        int failures = 0;
        for (int turn = 0; turn < 20; ++turn)
            failures += wire.sent(send(wire.fd(), scratch(), 100, 0)) < 0;
        expect(failures > 0, "sending never fails");
        expect(recv(wire.fd(), scratch(), 100, MSG_DONTWAIT) < 0, "an answer");
    });
}

void udp_empty(Case &c) {
    const Fd socket = bind_to("127.0.0.1", udp);
    constexpr size_t sizes[] = {0, 10, 0, 0, 20};
    c.role("tr-receiver", [&](Role &role) {
        for (size_t turn = 0; turn < std::size(sizes); ++turn)
            receive_from(role, socket.get(), "udp");
    });
    c.role("tr-sender", [&](Role &role) {
        const Fd sender = open_socket(AF_INET, udp);
        for (const size_t size : sizes)
            send_to(role, sender.get(), local_address(socket), size, "udp");
    });
}

void udp_zerocopy(Case &c) {
    const Fd socket = bind_to("127.0.0.1", udp);
    c.role("tr-receiver", [&](Role &role) {
        for (int turn = 0; turn < 5; ++turn)
            receive_from(role, socket.get(), "udp");
    });
    c.role("tr-sender", [&](Role &role) {
        const Wire wire(role, connect_to(local_address(socket), udp), udp);
        set_option(wire.fd(), SOL_SOCKET, SO_ZEROCOPY, 1);
        for (int turn = 0; turn < 5; ++turn) {
            check(wire.sent(send(wire.fd(), scratch(), 1300, MSG_ZEROCOPY)), "MSG_ZEROCOPY");
            wire.wait(0);
            char control[256];
            msghdr message{};
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            check(recvmsg(wire.fd(), &message, MSG_ERRQUEUE), "MSG_ERRQUEUE");
        }
    });
}

constexpr Entry entries[] = {
    {"udp_plain_recv", udp_plain_recv},
    {"udp_trunc", udp_trunc, Balance::none},
    {"udp_peek", udp_peek},
    {"udp_eagain", udp_eagain},
    {"udp_refused", udp_refused, Balance::none},
    {"udp_empty", udp_empty},
    {"udp_zerocopy", udp_zerocopy},
};

} // namespace

std::span<const Entry> udp_edge_cases() {
    return entries;
}

} // namespace traffic
