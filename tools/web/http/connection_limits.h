// SPDX-License-Identifier: MIT
// Who may connect, how many, and for how long without saying what they want.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <microhttpd.h>
#include <string>

namespace pinpipe::web {

// The address of a peer, as it is counted: of IPv6 the first 64 bits, which one site has. Empty:
// this machine.
std::string peer_of(const sockaddr *address);

class ConnectionLimits {
public:
    static constexpr unsigned most_of_a_peer = 64;
    static constexpr std::chrono::seconds to_ask{20}; // for the whole of a request's headers

    ConnectionLimits();
    unsigned most_connections() const { return most_; }

    // Of MHD: whether to accept, and what becomes of connections. `self` is a ConnectionLimits.
    static MHD_Result admit(void *self, const sockaddr *address, socklen_t size);
    static void moved(void *self, MHD_Connection *connection, void **state,
                      MHD_ConnectionNotificationCode what);

    void entered(MHD_Connection *connection);  // it may take its time now
    void answered(MHD_Connection *connection); // another request may follow
    // Shuts those who took too long.
    void sweep();

private:
    using Clock = std::chrono::steady_clock;
    struct Connection {
        int socket;
        std::string peer;
        Clock::time_point until; // max(): nothing is waited for
    };
    using Place = std::list<Connection>::iterator;
    static Connection *of(MHD_Connection *connection);

    const unsigned most_;
    std::list<Connection> connections_;
    std::map<std::string, unsigned> peers_;
};

} // namespace pinpipe::web
