// SPDX-License-Identifier: MIT
// TCP with the flags, failures and partial results that counts get wrong.
#include "tests/traffic/wire.h"

#include <fcntl.h>
#include <fstream>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

namespace traffic {

namespace {

void shut_and_drain(Wire &wire) {
    wire.shut();
    wire.drain();
}

void make_nonblocking(const Wire &wire) {
    check(fcntl(wire.fd(), F_SETFL, fcntl(wire.fd(), F_GETFL) | O_NONBLOCK), "O_NONBLOCK");
}

// What is peeked at, twice, is received once.
void tcp_peek(Case &c) {
    constexpr size_t size = 20000;
    stream(
        c, [](Wire &wire) { wire.send(size); },
        [](Wire &wire) {
            for (int turn = 0; turn < 2; ++turn)
                check(recv(wire.fd(), scratch(), 5000, MSG_PEEK), "MSG_PEEK");
            wire.receive(5000);
            check(recv(wire.fd(), scratch(), size, MSG_PEEK | MSG_WAITALL), "MSG_PEEK");
            wire.drain();
        });
}

void tcp_waitall(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            for (int part = 0; part < 10; ++part) {
                wire.send(3000);
                sleep_ms(5);
            }
            wire.send(777);
        },
        [](Wire &wire) {
            const ssize_t size = wire.got(recv(wire.fd(), scratch(), 30000, MSG_WAITALL));
            expect(size == 30000, "MSG_WAITALL: not all");
            // more than ever comes
            expect(wire.got(recv(wire.fd(), scratch(), 30000, MSG_WAITALL)) == 777, "end");
        });
}

void tcp_oob(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            wire.send(100);
            expect(wire.sent(send(wire.fd(), scratch(), 1, MSG_OOB)) == 1, "MSG_OOB: not sent");
            wire.send(200);
        },
        [](Wire &wire) {
            wire.wait(POLLPRI);
            expect(wire.got(recv(wire.fd(), scratch(), 1, MSG_OOB)) == 1, "MSG_OOB: not there");
            expect(wire.drain() == 300, "MSG_OOB: the others");
        });
}

void tcp_oob_inline(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            wire.send(100);
            wire.sent(send(wire.fd(), scratch(), 1, MSG_OOB));
            wire.send(200);
        },
        [](Wire &wire) {
            set_option(wire.fd(), SOL_SOCKET, SO_OOBINLINE, 1);
            expect(wire.drain() == 301, "SO_OOBINLINE: not all");
        });
}

// Data in the SYN, from the second connection on: the first gets the cookie.
void tcp_fastopen(Case &c) {
    const char path[] = "/proc/sys/net/ipv4/tcp_fastopen";
    int value = 0;
    std::ofstream(path) << 3 << std::flush; // of this namespace; where not allowed, as it is
    std::ifstream(path) >> value;
    if (!(value & 1))
        throw Skipped{"net.ipv4.tcp_fastopen is off"};
    constexpr int connections = 4;
    const Fd listening = listen_on("127.0.0.1");
    set_option(listening.get(), IPPROTO_TCP, TCP_FASTOPEN, 16);
    c.role("tr-server", [&](Role &role) {
        for (int count = 0; count < connections; ++count) {
            Wire wire(role, accept_from(listening));
            wire.receive(1000);
            wire.send(50);
            shut_and_drain(wire);
        }
    });
    c.role("tr-client", [&](Role &role) {
        const Address to = local_address(listening);
        for (int count = 0; count < connections; ++count) {
            const Wire wire(role, open_socket(AF_INET, tcp), "tcp", to.text());
            const ssize_t size =
                wire.sent(sendto(wire.fd(), scratch(), 900, MSG_FASTOPEN, to.get(), to.length));
            expect(check(size, "MSG_FASTOPEN") == 900, "MSG_FASTOPEN: not all");
            wire.send(100);
            wire.shut();
            expect(wire.drain() == 50, "the answer");
        }
    });
}

// Reads what the kernel says about buffers that it has sent, until the last of count.
void await_completions(const Wire &wire, uint32_t count) {
    for (uint32_t done = 0; done < count;) {
        wire.wait(0); // POLLERR always counts
        char control[256];
        msghdr message{};
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        if (recvmsg(wire.fd(), &message, MSG_ERRQUEUE) < 0)
            continue;
        for (cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
            // in sock_extended_err, the last one that it speaks of
            std::memcpy(&done, CMSG_DATA(part) + 12, sizeof done);
            ++done;
        }
    }
}

void tcp_zerocopy(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            set_option(wire.fd(), SOL_SOCKET, SO_ZEROCOPY, 1);
            for (int turn = 0; turn < 4; ++turn) {
                wire.send(50000, 50000, MSG_ZEROCOPY);
                wire.send(100);
            }
            wire.shut();
            wire.drain();
        },
        [](Wire &wire) { expect(wire.drain() == 200400, "not all"); });
}

void tcp_zerocopy_completions(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            set_option(wire.fd(), SOL_SOCKET, SO_ZEROCOPY, 1);
            const auto size = wire.sent(send(wire.fd(), scratch(), 40000, MSG_ZEROCOPY));
            expect(size == 40000, "MSG_ZEROCOPY: not all");
            await_completions(wire, 1);
            wire.send(5);
        },
        [](Wire &wire) { wire.drain(); });
}

// Asks again and again before there is anything.
void tcp_eagain(Case &c) {
    stream(
        c,
        [](Wire &wire) {
            for (int part = 0; part < 5; ++part) {
                sleep_ms(20);
                wire.send(700);
            }
        },
        [](Wire &wire) {
            make_nonblocking(wire);
            ssize_t count;
            while ((count = wire.got(recv(wire.fd(), scratch(), 500, 0))) != 0)
                expect(count > 0 || errno == EAGAIN, "recv");
        });
}

// Calls that send a part of what they were given.
void tcp_partial_send(Case &c) {
    const std::vector<std::byte> all(4 << 20);
    const Gate full;
    stream(
        c,
        [&](Wire &wire) {
            set_option(wire.fd(), SOL_SOCKET, SO_SNDBUF, 16384);
            make_nonblocking(wire);
            const ssize_t size = wire.sent(send(wire.fd(), all.data(), all.size(), 0));
            expect(size > 0 && size < static_cast<ssize_t>(all.size()), "not a part");
            for (int turn = 0; turn < 100; ++turn)
                wire.sent(send(wire.fd(), all.data(), all.size(), 0));
            full.open();
        },
        [&](Wire &wire) {
            expect(full.pass(), "never full");
            wire.drain();
        });
}

// A blocking call that gives up after a part.
void tcp_send_timeout(Case &c) {
    const std::vector<std::byte> all(8 << 20);
    const Gate full;
    stream(
        c,
        [&](Wire &wire) {
            set_option(wire.fd(), SOL_SOCKET, SO_SNDBUF, 16384);
            const timeval time{0, 100000};
            check(setsockopt(wire.fd(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time),
                  "SO_SNDTIMEO");
            const ssize_t size = wire.sent(send(wire.fd(), all.data(), all.size(), 0));
            expect(size > 0 && size < static_cast<ssize_t>(all.size()), "not a part");
            full.open();
        },
        [&](Wire &wire) {
            expect(full.pass(), "never full");
            wire.drain();
        });
}

// Sending to a peer that has closed: what failed is not sent.
void tcp_epipe(Case &c) {
    const Gate closed;
    stream(
        c,
        [&](Wire &wire) {
            wire.send(100);
            expect(closed.pass(), "not closed");
            int failures = 0;
            for (int turn = 0; turn < 50 && failures < 5; ++turn) {
                if (wire.sent(send(wire.fd(), scratch(), 1000, MSG_NOSIGNAL)) < 0) {
                    expect(errno == EPIPE || errno == ECONNRESET, "send: another error");
                    ++failures;
                }
                sleep_ms(1);
            }
            expect(failures == 5, "sending never fails");
        },
        [&](Wire &wire) {
            wire.receive(100);
            wire.close();
            closed.open();
        });
}

// Closed with data that nobody has read.
void tcp_unread(Case &c) {
    const Gate sent;
    stream(
        c,
        [&](Wire &wire) {
            wire.send(50000);
            sent.open();
        },
        [&](Wire &wire) {
            expect(sent.pass(), "not sent");
            wire.receive(20000);
            wire.close();
        });
}

// Disconnected with data that nobody has read: the kernel moves its position over it.
void tcp_unread_disconnect(Case &c) {
    const Gate sent;
    stream(
        c,
        [&](Wire &wire) {
            wire.send(50000);
            sent.open();
        },
        [&](Wire &wire) {
            expect(sent.pass(), "not sent");
            wire.receive(20000);
            const sockaddr nowhere{AF_UNSPEC, {}};
            check(connect(wire.fd(), &nowhere, sizeof nowhere), "disconnect");
            wire.close();
        });
}

constexpr Entry entries[] = {
    {"tcp_peek", tcp_peek},
    {"tcp_waitall", tcp_waitall},
    {"tcp_oob", tcp_oob},
    {"tcp_oob_inline", tcp_oob_inline},
    {"tcp_fastopen", tcp_fastopen},
    {"tcp_zerocopy", tcp_zerocopy},
    {"tcp_zerocopy_completions", tcp_zerocopy_completions},
    {"tcp_eagain", tcp_eagain},
    {"tcp_partial_send", tcp_partial_send},
    {"tcp_send_timeout", tcp_send_timeout},
    {"tcp_epipe", tcp_epipe, Balance::none},
    {"tcp_unread", tcp_unread, Balance::none},
    {"tcp_unread_disconnect", tcp_unread_disconnect, Balance::none},
};

} // namespace

std::span<const Entry> edge_cases() {
    return entries;
}

} // namespace traffic
