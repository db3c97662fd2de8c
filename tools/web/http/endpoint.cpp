// SPDX-License-Identifier: MIT
#include "tools/web/http/endpoint.h"

#include "lib/base/options.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>

namespace pinpipe::web {
namespace {

constexpr int backlog = 1024;
constexpr int silent_seconds = 60;
constexpr int unsent = 128 << 10; // bytes; the kernel doubles it

const sockaddr_in *as_v4(const Endpoint &endpoint) {
    return endpoint.address.ss_family == AF_INET
               ? reinterpret_cast<const sockaddr_in *>(&endpoint.address)
               : nullptr;
}

const sockaddr_in6 *as_v6(const Endpoint &endpoint) {
    return endpoint.address.ss_family == AF_INET6
               ? reinterpret_cast<const sockaddr_in6 *>(&endpoint.address)
               : nullptr;
}

Error misunderstood(const std::string &text) {
    return usage_error("--listen takes ADDRESS:PORT or [ADDRESS]:PORT, with a numeric address, "
                       "not '" +
                       text + "'");
}

template <class Address> Endpoint endpoint_of(const Address &address) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, &address, sizeof address);
    endpoint.size = sizeof address;
    return endpoint;
}

} // namespace

Result<Endpoint> parse_endpoint(const std::string &text) {
    const size_t colon = text.rfind(':');
    if (colon == text.npos)
        return fail(misunderstood(text));
    const auto port = parse_number("--listen", text.substr(colon + 1), 0, 65535);
    if (!port)
        return fail(misunderstood(text));
    const uint16_t number = htons(static_cast<uint16_t>(*port));
    const std::string host = text.substr(0, colon);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = number;
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1)
        return endpoint_of(v4);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = number;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']' &&
        inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) == 1)
        return endpoint_of(v6);
    return fail(misunderstood(text));
}

std::string address_of(const Endpoint &endpoint) {
    char text[INET6_ADDRSTRLEN] = "";
    if (const sockaddr_in *v4 = as_v4(endpoint))
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    else if (const sockaddr_in6 *v6 = as_v6(endpoint))
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    const std::string_view mapped = "::ffff:";
    const std::string_view all = text;
    return std::string(
        all.starts_with(mapped) && all.find('.') != all.npos ? all.substr(mapped.size()) : all);
}

uint16_t port_of(const Endpoint &endpoint) {
    if (const sockaddr_in *v4 = as_v4(endpoint))
        return ntohs(v4->sin_port);
    const sockaddr_in6 *v6 = as_v6(endpoint);
    return v6 ? ntohs(v6->sin6_port) : 0;
}

std::string text_of(const Endpoint &endpoint) {
    const std::string address = address_of(endpoint);
    return (address.find(':') == address.npos ? address : "[" + address + "]") + ":" +
           std::to_string(port_of(endpoint));
}

bool is_loopback(const Endpoint &endpoint) {
    const std::string address = address_of(endpoint);
    return address.starts_with("127.") || address == "::1";
}

Result<Fd> listen_on(const Endpoint &endpoint) {
    const auto failed = [&](int code) {
        Error error = system_error("listen on " + text_of(endpoint), code);
        if (code == EADDRINUSE)
            error.hint = "ebpf-web --listen ADDRESS:PORT with another port";
        return fail(std::move(error));
    };
    Fd fd(socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid())
        return failed(errno);
    const int yes = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // Connections inherit these: keepalive notices clients that vanished, and a small send buffer
    // limits what the kernel keeps for slow ones.
    setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE, &silent_seconds, sizeof silent_seconds);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &unsent, sizeof unsent);
    if (bind(fd.get(), reinterpret_cast<const sockaddr *>(&endpoint.address), endpoint.size) != 0 ||
        listen(fd.get(), backlog) != 0)
        return failed(errno);
    return fd;
}

Endpoint local_endpoint(int socket) {
    Endpoint endpoint;
    endpoint.size = sizeof endpoint.address;
    getsockname(socket, reinterpret_cast<sockaddr *>(&endpoint.address), &endpoint.size);
    return endpoint;
}

} // namespace pinpipe::web
