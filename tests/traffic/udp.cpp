// SPDX-License-Identifier: MIT
// Datagrams. Every side counts what it sent or got itself, so that nothing depends on what is lost.
#include "tests/traffic/datagrams.h"

namespace traffic {

namespace {

constexpr int patience = 3000; // milliseconds without a datagram until a receiver gives up

struct Flow {
    size_t size, count;
    const char *ip = "127.0.0.1";
    Protocol protocol = udp;
    const char *target = nullptr;
    bool connects = false;
};

// One way, in windows that the receiver acknowledges.
void flow(Case &c, const Flow &f) {
    const size_t window = std::clamp<size_t>(100000 / f.size, 1, 32);
    const Fd socket = bind_to(f.ip, f.protocol);
    const Gate window_done;
    const Address to = with_port_of(f.target ? f.target : f.ip, local_address(socket));
    c.role("tr-receiver", [&](Role &role) {
        set_option(socket.get(), SOL_SOCKET, SO_RCVBUF, 1 << 20);
        set_timeout(socket.get(), patience);
        for (size_t count = 1; count <= f.count; ++count) {
            if (!receive_from(role, socket.get(), f.protocol.name))
                break;
            if (count % window == 0)
                window_done.open();
        }
    });
    c.role("tr-sender", [&](Role &role) {
        const int family = to.family();
        const Fd sender = f.connects ? connect_to(to, f.protocol) : open_socket(family, f.protocol);
        for (size_t count = 1; count <= f.count; ++count) {
            if (f.connects)
                role.tally(f.protocol.name, to.text()).sent +=
                    static_cast<uint64_t>(check(send(sender.get(), scratch(), f.size, 0), "send"));
            else
                send_to(role, sender.get(), to, f.size, f.protocol.name);
            if (count % window == 0)
                window_done.pass(1000);
        }
    });
}

void udp_unconnected(Case &c) {
    flow(c, {.size = 1400, .count = scaled(500)});
}
void udp_connected(Case &c) {
    flow(c, {.size = 1400, .count = scaled(500), .connects = true});
}
void udp_64(Case &c) {
    flow(c, {.size = 64, .count = scaled(5000), .connects = true});
}
void udp_large(Case &c) {
    flow(c, {.size = 60000, .count = 32});
}
void udp_ipv6(Case &c) {
    flow(c, {.size = 1000, .count = 200, .ip = "::1"});
}
void udp_v4_mapped(Case &c) {
    flow(c, {.size = 900, .count = 200, .ip = "::", .target = "::ffff:127.0.0.1"});
}
void udp_lite(Case &c) {
    flow(c, {.size = 900, .count = 200, .protocol = udplite});
}

void udp_echo(Case &c) {
    const Fd socket = bind_to("127.0.0.2", udp);
    constexpr size_t count = 100;
    c.role("tr-server", [&](Role &role) {
        Address from;
        for (size_t turn = 0; turn < count; ++turn) {
            expect(receive_from(role, socket.get(), "udp", scratch_size, 0, &from), "lost");
            send_to(role, socket.get(), from, 300, "udp");
        }
    });
    c.role("tr-client", [&](Role &role) {
        const Wire wire(role, connect_to(local_address(socket), udp), udp);
        for (size_t turn = 0; turn < count; ++turn) {
            wire.send(200);
            expect(wire.got(recv(wire.fd(), scratch(), 2000, 0)) == 300, "the answer");
        }
    });
}

struct Batch {
    static constexpr size_t size = 16;
    Address names[size];
    iovec parts[size][2];
    mmsghdr messages[size]{};

    explicit Batch(size_t first, size_t second) {
        for (size_t at = 0; at < size; ++at) {
            parts[at][0] = {scratch() + 4096 * at / 2, first};
            parts[at][1] = {scratch() + 32768 + 4096 * at / 2, second};
            messages[at].msg_hdr.msg_iov = parts[at];
            messages[at].msg_hdr.msg_iovlen = 2;
        }
    }
    void name(size_t at) {
        messages[at].msg_hdr.msg_name = &names[at].storage;
        messages[at].msg_hdr.msg_namelen = names[at].length;
    }
};

// Many datagrams a call; targets: to several addresses in the same call.
void many_at_once(Case &c, const std::vector<const char *> &targets) {
    const Fd socket = bind_to("0.0.0.0", udp);
    constexpr size_t batches = 10;
    const Gate batch_done;
    c.role("tr-receiver", [&](Role &role) {
        set_timeout(socket.get(), patience);
        for (size_t seen = 0; seen < batches * Batch::size;) {
            Batch batch(50, 2000);
            for (size_t at = 0; at < Batch::size; ++at)
                batch.name(at);
            const int count =
                recvmmsg(socket.get(), batch.messages, Batch::size, MSG_WAITFORONE, nullptr);
            if (count < 0)
                break;
            for (size_t at = 0; at < static_cast<size_t>(count); ++at, ++seen) {
                role.tally("udp", batch.names[at].text()).received += batch.messages[at].msg_len;
                if (seen % Batch::size == Batch::size - 1)
                    batch_done.open();
            }
        }
    });
    c.role("tr-sender", [&](Role &role) {
        const Address to = with_port_of(targets[0], local_address(socket));
        const bool connects = targets.size() == 1;
        const Fd sender = connects ? connect_to(to, udp) : open_socket(AF_INET, udp);
        for (size_t turn = 0; turn < batches; ++turn) {
            Batch batch(100, 500);
            for (size_t at = 0; at < Batch::size; ++at) {
                batch.names[at] = with_port_of(targets[at % targets.size()], to);
                batch.parts[at][1].iov_len = 500 + at;
                if (!connects)
                    batch.name(at);
            }
            const int count = sendmmsg(sender.get(), batch.messages, Batch::size, 0);
            for (int at = 0; at < check(count, "sendmmsg"); ++at)
                role.tally("udp", batch.names[at].text()).sent += batch.messages[at].msg_len;
            batch_done.pass(1000);
        }
    });
}

void udp_mmsg(Case &c) {
    many_at_once(c, {"127.0.0.1"});
}
void udp_mmsg_destinations(Case &c) {
    many_at_once(c, {"127.0.0.1", "127.0.0.2", "127.0.0.3"});
}

constexpr Entry entries[] = {
    {"udp", udp_unconnected},
    {"udp_connected", udp_connected},
    {"udp_64", udp_64, Balance::none},
    {"udp_large", udp_large},
    {"udp_ipv6", udp_ipv6},
    {"udp_v4_mapped", udp_v4_mapped},
    {"udp_lite", udp_lite},
    {"udp_echo", udp_echo},
    {"udp_mmsg", udp_mmsg},
    {"udp_mmsg_destinations", udp_mmsg_destinations},
};

} // namespace

std::span<const Entry> udp_cases() {
    return entries;
}

} // namespace traffic
