// SPDX-License-Identifier: MIT
// An address and a port to listen on.
#pragma once

#include "lib/base/error.h"
#include "lib/base/fd.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace pinpipe::web {

struct Endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
};

// "127.0.0.1:8780", "[::1]:8780"; port 0: any free one.
Result<Endpoint> parse_endpoint(const std::string &text);

// As in a URL: "127.0.0.1:8780", "[::1]:8780".
std::string text_of(const Endpoint &endpoint);
// The address alone, without brackets; ::ffff:a.b.c.d is written a.b.c.d.
std::string address_of(const Endpoint &endpoint);
uint16_t port_of(const Endpoint &endpoint);
bool is_loopback(const Endpoint &endpoint);

Result<Fd> listen_on(const Endpoint &endpoint);
// The local address of a socket.
Endpoint local_endpoint(int socket);

} // namespace pinpipe::web
