// SPDX-License-Identifier: MIT
#include "tools/web/http/connection_limits.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace pinpipe::web {
namespace {

constexpr rlim_t most_ever = 4096, for_others = 64; // file descriptors beside connections

unsigned connections_allowed() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_NOFILE, &files);
    const rlim_t left = files.rlim_cur > 2 * for_others ? files.rlim_cur - for_others : for_others;
    return static_cast<unsigned>(std::min(left, most_ever));
}

std::string text_of(int family, const void *bytes) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(family, bytes, text, sizeof text);
    return text;
}

} // namespace

std::string peer_of(const sockaddr *address) {
    if (address->sa_family == AF_INET) {
        in_addr v4 = reinterpret_cast<const sockaddr_in *>(address)->sin_addr;
        return ntohl(v4.s_addr) >> 24 == 127 ? "" : text_of(AF_INET, &v4);
    }
    if (address->sa_family != AF_INET6)
        return "?";
    in6_addr v6 = reinterpret_cast<const sockaddr_in6 *>(address)->sin6_addr;
    if (IN6_IS_ADDR_LOOPBACK(&v6))
        return "";
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        return v6.s6_addr[12] == 127 ? "" : text_of(AF_INET, v6.s6_addr + 12);
    std::memset(v6.s6_addr + 8, 0, 8);
    return text_of(AF_INET6, &v6);
}

ConnectionLimits::ConnectionLimits() : most_(connections_allowed()) {}

MHD_Result ConnectionLimits::admit(void *self, const sockaddr *address, socklen_t) {
    const ConnectionLimits &limits = *static_cast<ConnectionLimits *>(self);
    const auto known = limits.peers_.find(peer_of(address));
    return known == limits.peers_.end() || known->first.empty() || known->second < most_of_a_peer
               ? MHD_YES
               : MHD_NO;
}

void ConnectionLimits::moved(void *self, MHD_Connection *connection, void **state,
                             MHD_ConnectionNotificationCode what) {
    ConnectionLimits &limits = *static_cast<ConnectionLimits *>(self);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const auto *address =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
        const int socket =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        limits.connections_.push_back({socket, peer_of(address), Clock::now() + to_ask});
        limits.peers_[limits.connections_.back().peer]++;
        *state = new Place(std::prev(limits.connections_.end()));
        return;
    }
    const auto *place = static_cast<Place *>(*state);
    if (const auto peer = limits.peers_.find((*place)->peer); --peer->second == 0)
        limits.peers_.erase(peer);
    limits.connections_.erase(*place);
    delete place;
}

ConnectionLimits::Connection *ConnectionLimits::of(MHD_Connection *connection) {
    const auto *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info && info->socket_context ? &**static_cast<Place *>(info->socket_context) : nullptr;
}

void ConnectionLimits::entered(MHD_Connection *connection) {
    if (Connection *known = of(connection))
        known->until = Clock::time_point::max();
}

void ConnectionLimits::answered(MHD_Connection *connection) {
    if (Connection *known = of(connection))
        known->until = Clock::now() + to_ask;
}

// Only shuts down the sockets: MHD notices, and closes them.
void ConnectionLimits::sweep() {
    const auto now = Clock::now();
    for (const Connection &connection : connections_)
        if (connection.until < now)
            shutdown(connection.socket, SHUT_RDWR);
}

} // namespace pinpipe::web
