// SPDX-License-Identifier: MIT
#include "tests/traffic/wire.h"

#include <algorithm>
#include <arpa/inet.h>
#include <poll.h>
#include <sys/time.h>

namespace traffic {

std::string Address::text() const {
    char text[INET6_ADDRSTRLEN] = "";
    if (family() == AF_INET) {
        const auto &in = reinterpret_cast<const sockaddr_in &>(storage);
        inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    } else if (family() == AF_INET6) {
        const auto &in = reinterpret_cast<const sockaddr_in6 &>(storage);
        if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr))
            inet_ntop(AF_INET, in.sin6_addr.s6_addr + 12, text, sizeof text);
        else
            inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    }
    return text;
}

Address address(const char *ip, uint16_t port) {
    Address made;
    auto &in = reinterpret_cast<sockaddr_in &>(made.storage);
    auto &in6 = reinterpret_cast<sockaddr_in6 &>(made.storage);
    if (inet_pton(AF_INET, ip, &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        in.sin_port = htons(port);
        made.length = sizeof in;
    } else {
        expect(inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1, "not an address");
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(port);
        made.length = sizeof in6;
    }
    return made;
}

Address with_port_of(const char *ip, const Address &other) {
    // The port is at the same place in both families.
    return address(ip, ntohs(reinterpret_cast<const sockaddr_in &>(other.storage).sin_port));
}

Address local_address(const Fd &socket) {
    Address local;
    check(getsockname(socket.get(), local.get(), &local.length), "getsockname");
    return local;
}

Address peer_address(const Fd &socket) {
    Address peer;
    check(getpeername(socket.get(), peer.get(), &peer.length), "getpeername");
    return peer;
}

Fd open_socket(int family, const Protocol &protocol) {
    const int fd = socket(family, protocol.type | SOCK_CLOEXEC, protocol.number);
    if (fd < 0 && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT || errno == EAFNOSUPPORT ||
                   errno == ENOPROTOOPT || errno == EPERM || errno == EACCES))
        throw Skipped{std::string("no ") + protocol.name + " sockets: " + std::strerror(errno)};
    return Fd(check(fd, "socket"));
}

Fd bind_to(const char *ip, const Protocol &protocol) {
    const Address at = address(ip);
    Fd bound = open_socket(at.family(), protocol);
    check(bind(bound.get(), at.get(), at.length), "bind");
    return bound;
}

Fd listen_on(const char *ip, const Protocol &protocol) {
    Fd listening = bind_to(ip, protocol);
    check(listen(listening.get(), 4096), "listen");
    return listening;
}

Fd connect_to(const Address &to, const Protocol &protocol) {
    Fd connected = open_socket(to.family(), protocol);
    check(connect(connected.get(), to.get(), to.length), "connect");
    return connected;
}

Fd accept_from(const Fd &listening) {
    return Fd(check(accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
}

void set_option(int fd, int level, int name, int value) {
    check(setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

void set_timeout(int fd, int milliseconds) {
    const timeval time{milliseconds / 1000, milliseconds % 1000 * 1000};
    check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time), "SO_RCVTIMEO");
}

std::byte *scratch() {
    thread_local std::vector<std::byte> bytes(scratch_size);
    return bytes.data();
}

Wire::Wire(Role &role, Fd socket, const char *proto, const std::string &remote)
    : role_(&role), socket_(std::move(socket)), tally_(&role.tally(proto, remote)) {}

Wire::Wire(Role &role, Fd socket, const Protocol &protocol)
    : role_(&role),
      socket_(std::move(socket)),
      tally_(&role.tally(protocol.name, peer_address(socket_).text())) {}

ssize_t Wire::sent(ssize_t result) const {
    if (result > 0)
        tally_->sent += static_cast<uint64_t>(result);
    return result;
}

ssize_t Wire::got(ssize_t result) const {
    if (result > 0)
        tally_->received += static_cast<uint64_t>(result);
    return result;
}

void Wire::send(size_t bytes, size_t chunk, int flags) const {
    expect(chunk <= scratch_size, "chunk too large");
    while (bytes > 0) {
        const size_t part = std::min(bytes, chunk);
        bytes -= static_cast<size_t>(check(sent(::send(fd(), scratch(), part, flags)), "send"));
    }
}

void Wire::receive(size_t bytes, size_t chunk, int flags) const {
    while (bytes > 0) {
        const size_t part = std::min(bytes, std::min(chunk, scratch_size));
        const ssize_t count = check(got(recv(fd(), scratch(), part, flags)), "recv");
        expect(count > 0, "the stream ends early");
        bytes -= static_cast<size_t>(count);
    }
}

size_t Wire::drain() const {
    size_t all = 0;
    while (const ssize_t count = check(got(recv(fd(), scratch(), scratch_size, 0)), "recv"))
        all += static_cast<size_t>(count);
    return all;
}

void Wire::wait(short events) const {
    pollfd one{fd(), events, 0};
    expect(poll(&one, 1, 30000) > 0, "nothing comes in time");
}

void stream(Case &c, const Talk &client, const Talk &server, const char *ip,
            const Protocol &protocol, const char *target) {
    const Fd listening = listen_on(ip, protocol);
    const Address to = with_port_of(target ? target : ip, local_address(listening));
    c.role("tr-server", [&](Role &role) {
        Wire wire(role, accept_from(listening), protocol);
        server(wire);
    });
    c.role("tr-client", [&](Role &role) {
        Wire wire(role, connect_to(to, protocol), protocol);
        client(wire);
    });
}

std::vector<iovec> in_parts(size_t bytes) {
    std::vector<iovec> parts;
    for (size_t size = 1; bytes > 0; size = std::min<size_t>(size * 3, 8192)) {
        const size_t part = std::min(size, bytes);
        parts.push_back({scratch(), part});
        bytes -= part;
    }
    return parts;
}

} // namespace traffic
