// SPDX-License-Identifier: MIT
// Bytes that never pass through the program's memory.
#include "tests/traffic/splicing.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

namespace traffic {

namespace {

void drain(Wire &wire) {
    wire.drain();
}

Fd file_of(size_t size) {
    Fd file(check(memfd_create("traffic", MFD_CLOEXEC), "memfd_create"));
    const std::vector<char> bytes(size, 'x');
    expect(write(file.get(), bytes.data(), size) == static_cast<ssize_t>(size), "no file");
    return file;
}

void send_file(Wire &wire) {
    const size_t size = scaled(1 << 20);
    const Fd file = file_of(size);
    off_t offset = 0;
    while (static_cast<size_t>(offset) < size)
        check(wire.sent(sendfile(wire.fd(), file.get(), &offset, 200000)), "sendfile");
    wire.send(10);
}

void sendfile_out(Case &c) {
    stream(c, send_file, drain);
}
void sendfile_ipv6(Case &c) {
    stream(c, send_file, drain, "::1");
}

void splice_out(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            const size_t size = scaled(512 << 10);
            const Fd file = file_of(size);
            Pipe pipe;
            loff_t offset = 0;
            while (static_cast<size_t>(offset) < size) {
                ssize_t piped = splice(file.get(), &offset, pipe.write.get(), nullptr, 65536, 0);
                for (check(piped, "splice"); piped > 0;)
                    piped -= check(wire.sent(splice(pipe.read.get(), nullptr, wire.fd(), nullptr,
                                                    static_cast<size_t>(piped), 0)),
                                   "splice");
            }
        },
        drain);
}

void vmsplice_out(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            Pipe pipe;
            for (int turn = 0; turn < 8; ++turn) {
                const iovec part{scratch(), 10000};
                check(vmsplice(pipe.write.get(), &part, 1, 0), "vmsplice");
                for (ssize_t left = 10000; left > 0;)
                    left -= check(wire.sent(splice(pipe.read.get(), nullptr, wire.fd(), nullptr,
                                                   static_cast<size_t>(left), SPLICE_F_MORE)),
                                  "splice");
            }
        },
        drain);
}

void send_half_a_megabyte(Wire &wire) {
    wire.send(scaled(512 << 10));
}

void splice_all(Wire &wire) {
    Pipe pipe;
    while (splice_in(wire, pipe, 50000) > 0)
        ;
}

void splice_in_all(Case &c) {
    stream(c, send_half_a_megabyte, splice_all);
}
void splice_in_ipv6(Case &c) {
    stream(c, send_half_a_megabyte, splice_all, "::1");
}

void splice_and_recv(Case &c) {
    stream(c, send_half_a_megabyte, [](Wire &wire) {
        Pipe pipe;
        for (int turn = 0; turn < 10; ++turn) {
            wire.receive(1000);
            splice_in(wire, pipe, 3000);
            recv(wire.fd(), scratch(), 100, MSG_PEEK);
        }
        wire.drain();
    });
}

// The connection's end has arrived, but the bytes before it are not all taken.
void splice_unread(Case &c) {
    stream(
        c, [](Wire &wire) { wire.send(40000); },
        [](Wire &wire) {
            wire.wait(POLLRDHUP);
            Pipe pipe;
            for (ssize_t left = 25000; left > 0;)
                left -= splice_in(wire, pipe, static_cast<size_t>(left));
            wire.close();
        });
}

// The same with the end reached, which counts for no byte.
void splice_fin(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            wire.send(40000);
            wire.shut();
            wire.drain();
        },
        [](Wire &wire) {
            wire.wait(POLLRDHUP);
            splice_all(wire);
            wire.send(100);
            wire.close();
        });
}

// Through the program and on, as a proxy does.
void splice_proxy(Case &c) {
    const Fd listening = listen_on("127.0.0.1"), second = listen_on("127.0.0.2");
    c.role("tr-server", [&](Role &role) { Wire(role, accept_from(second)).drain(); });
    c.role("tr-proxy", [&](Role &role) {
        const Wire from(role, accept_from(listening));
        const Wire to(role, connect_to(local_address(second)));
        Pipe pipe;
        ssize_t size;
        while ((size = check(from.got(splice(from.fd(), nullptr, pipe.write.get(), nullptr, 50000,
                                             SPLICE_F_MOVE)),
                             "splice")) > 0)
            while (size > 0)
                size -= check(to.sent(splice(pipe.read.get(), nullptr, to.fd(), nullptr,
                                             static_cast<size_t>(size), SPLICE_F_MOVE)),
                              "splice");
    });
    c.role("tr-client", [&](Role &role) {
        Wire(role, connect_to(local_address(listening))).send(scaled(256 << 10));
    });
}

constexpr Entry entries[] = {
    {"sendfile", sendfile_out},           {"sendfile_ipv6", sendfile_ipv6},
    {"splice_out", splice_out},           {"vmsplice_out", vmsplice_out},
    {"splice_in", splice_in_all},         {"splice_in_ipv6", splice_in_ipv6},
    {"splice_and_recv", splice_and_recv}, {"splice_unread", splice_unread, Balance::none},
    {"splice_fin", splice_fin},           {"splice_proxy", splice_proxy},
};

} // namespace

std::span<const Entry> splice_cases() {
    return entries;
}

} // namespace traffic
