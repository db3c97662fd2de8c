// SPDX-License-Identifier: MIT
// Sockets for the cases, and the counting of what their calls return.
#pragma once

#include "tests/traffic/traffic.h"

#include <chrono>
#include <sys/uio.h>
#include <thread>

namespace traffic {

struct Protocol {
    const char *name;
    int type, number;
};
inline constexpr Protocol tcp{"tcp", SOCK_STREAM, IPPROTO_TCP};
inline constexpr Protocol mptcp{"mptcp", SOCK_STREAM, 262};
inline constexpr Protocol sctp{"sctp", SOCK_STREAM, IPPROTO_SCTP};
inline constexpr Protocol udp{"udp", SOCK_DGRAM, IPPROTO_UDP};
inline constexpr Protocol udplite{"udplite", SOCK_DGRAM, IPPROTO_UDPLITE};

struct Address {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);

    sockaddr *get() { return reinterpret_cast<sockaddr *>(&storage); }
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&storage); }
    int family() const { return storage.ss_family; }
    std::string text() const; // without the port; a v4-mapped one as a.b.c.d
};

Address address(const char *ip, uint16_t port = 0);
Address with_port_of(const char *ip, const Address &other);
Address local_address(const Fd &socket);
Address peer_address(const Fd &socket);

// Throws Skipped where this kernel (or user) has no such sockets.
Fd open_socket(int family, const Protocol &protocol);
Fd bind_to(const char *ip, const Protocol &protocol);
Fd listen_on(const char *ip, const Protocol &protocol = tcp);
Fd connect_to(const Address &to, const Protocol &protocol = tcp);
Fd accept_from(const Fd &listening);
void set_option(int fd, int level, int name, int value);
void set_timeout(int fd, int milliseconds); // of receiving

std::byte *scratch(); // of this thread, scratch_size bytes
inline constexpr size_t scratch_size = 65536;

inline void sleep_ms(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

// A connected socket, and the bytes counted with its peer.
class Wire {
public:
    Wire(Role &role, Fd socket, const Protocol &protocol = tcp);
    Wire(Role &role, Fd socket, const char *proto, const std::string &remote);

    int fd() const { return socket_.get(); }
    Role &role() const { return *role_; }
    // Count what a call returned, and return it.
    ssize_t sent(ssize_t result) const;
    ssize_t got(ssize_t result) const;

    void send(size_t bytes, size_t chunk = 16384, int flags = 0) const;    // all of it
    void receive(size_t bytes, size_t chunk = 16384, int flags = 0) const; // exactly
    size_t drain() const;                                                  // until the end
    void shut() const { shutdown(fd(), SHUT_WR); }
    void close() { socket_.reset(); }
    void wait(short events) const;

private:
    Role *role_;
    Fd socket_;
    Tally *tally_;
};

// A client and a server with one connection.
using Talk = std::function<void(Wire &)>;
void stream(Case &c, const Talk &client, const Talk &server, const char *ip = "127.0.0.1",
            const Protocol &protocol = tcp, const char *target = nullptr);

// One vector of parts, of different sizes, that hold bytes in all.
std::vector<iovec> in_parts(size_t bytes);

} // namespace traffic
