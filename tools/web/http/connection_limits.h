// SPDX-License-Identifier: MIT
// Limits of connections: their number, their number for each client, and how long a client may take
// to send a request.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <microhttpd.h>
#include <string>

namespace pinpipe::web {

// The address by which clients are counted: of IPv6 the first 64 bits, since a site has all
// addresses below them. Empty: this machine, which has no limit of this kind.
std::string peer_of(const sockaddr *address);

class ConnectionLimits {
public:
    static constexpr unsigned most_of_a_peer = 64;
    static constexpr std::chrono::seconds to_ask{20}; // to send all headers of a request

    ConnectionLimits();
    unsigned most_connections() const { return most_; }

    // Callbacks for MHD (libmicrohttpd): whether to accept a connection, and that one has begun or
    // ended. `self` is a ConnectionLimits.
    static MHD_Result admit(void *self, const sockaddr *address, socklen_t size);
    static void moved(void *self, MHD_Connection *connection, void **state,
                      MHD_ConnectionNotificationCode what);

    void entered(MHD_Connection *connection);  // no limit of time any more
    void answered(MHD_Connection *connection); // starts the limit again, for the next request
    // Shuts down connections that took too long.
    void sweep();

private:
    using Clock = std::chrono::steady_clock;
    struct Connection {
        int socket;
        std::string peer;
        Clock::time_point until; // max(): no limit
    };
    using Place = std::list<Connection>::iterator;
    static Connection *of(MHD_Connection *connection);

    const unsigned most_;
    std::list<Connection> connections_;
    std::map<std::string, unsigned> peers_;
};

} // namespace pinpipe::web
