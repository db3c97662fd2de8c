// SPDX-License-Identifier: MIT
// Protocols beside and on top of TCP; not every kernel has them.
#include "tests/traffic/splicing.h"

#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

namespace traffic {

namespace {

void talk(Case &c, const Protocol &protocol, const char *ip) {
    stream(
        c,
        [](Wire &wire) {
            for (size_t turn = 0; turn < scaled(20); ++turn)
                wire.send(5000);
            wire.receive(700);
        },
        [](Wire &wire) {
            wire.receive(scaled(20) * 5000);
            wire.send(700);
        },
        ip, protocol);
}

void sctp_case(Case &c) {
    talk(c, sctp, "127.0.0.1");
}
void sctp_ipv6(Case &c) {
    talk(c, sctp, "::1");
}
void mptcp_case(Case &c) {
    talk(c, mptcp, "127.0.0.1");
}
void mptcp_ipv6(Case &c) {
    talk(c, mptcp, "::1");
}

// Sends some of each kind: from memory, from vectors, from a file.
void send_of_each_kind(Wire &wire) {
    wire.send(30000);
    std::vector<iovec> parts = in_parts(9000);
    check(wire.sent(writev(wire.fd(), parts.data(), static_cast<int>(parts.size()))), "writev");
    const Fd file(check(memfd_create("traffic", MFD_CLOEXEC), "memfd_create"));
    check(write(file.get(), scratch(), 20000), "write");
    off_t offset = 0;
    while (offset < 20000)
        check(wire.sent(sendfile(wire.fd(), file.get(), &offset, 20000)), "sendfile");
}

void splice_all(Wire &wire) {
    Pipe pipe;
    while (splice_in(wire, pipe, 20000) > 0)
        ;
}

void mptcp_splice(Case &c) {
    stream(c, send_of_each_kind, splice_all, "127.0.0.1", mptcp);
}

// --- kTLS: the kernel encrypts; what counts is what the program sends and receives ---

void encrypt(const Wire &wire, bool client) {
    const int result = setsockopt(wire.fd(), SOL_TCP, TCP_ULP, "tls", sizeof "tls");
    if (result != 0 && (errno == ENOENT || errno == ENOPROTOOPT))
        throw Skipped{std::string("no kTLS: ") + std::strerror(errno)};
    check(result, "TCP_ULP");
    for (const int direction : {TLS_TX, TLS_RX}) {
        tls12_crypto_info_aes_gcm_128 info{};
        info.info.version = TLS_1_2_VERSION;
        info.info.cipher_type = TLS_CIPHER_AES_GCM_128;
        // one key for each way
        std::memset(info.key, client == (direction == TLS_TX) ? 1 : 2, sizeof info.key);
        check(setsockopt(wire.fd(), SOL_TLS, direction, &info, sizeof info), "SOL_TLS");
    }
}

// Neither begins before both have encryption: it wants a connection that nobody has closed.
void encrypted(Case &c, const Talk &client, const Talk &server) {
    const Gate client_ready, server_ready;
    stream(
        c,
        [&](Wire &wire) {
            encrypt(wire, true);
            client_ready.open();
            expect(server_ready.pass(), "no encryption at the other end");
            client(wire);
        },
        [&](Wire &wire) {
            encrypt(wire, false);
            server_ready.open();
            expect(client_ready.pass(), "no encryption at the other end");
            server(wire);
        });
}

void ktls(Case &c) {
    encrypted(
        c,
        [](Wire &wire) {
            send_of_each_kind(wire);
            wire.receive(600);
        },
        [](Wire &wire) {
            wire.receive(59000);
            wire.send(600);
        });
}

void ktls_peek(Case &c) {
    encrypted(
        c, [](Wire &wire) { wire.send(3000); },
        [](Wire &wire) {
            check(recv(wire.fd(), scratch(), 500, MSG_PEEK), "MSG_PEEK");
            wire.receive(1000, 100);
            wire.receive(2000);
        });
}

void ktls_splice(Case &c) {
    encrypted(
        c, [](Wire &wire) { wire.send(30000); },
        [](Wire &wire) {
            Pipe pipe;
            for (ssize_t left = 30000; left > 0;)
                left -= splice_in(wire, pipe, static_cast<size_t>(left));
        });
}

constexpr Entry entries[] = {
    {"sctp", sctp_case},        {"sctp_ipv6", sctp_ipv6},       {"mptcp", mptcp_case},
    {"mptcp_ipv6", mptcp_ipv6}, {"mptcp_splice", mptcp_splice}, {"ktls", ktls},
    {"ktls_peek", ktls_peek},   {"ktls_splice", ktls_splice},
};

} // namespace

std::span<const Entry> protocol_cases() {
    return entries;
}

} // namespace traffic
