// SPDX-License-Identifier: MIT
// Limits how often a client may try a password: a few times at once, then slowly. All clients
// together are limited to what we can check.
#pragma once

#include "tools/web/common/lru.h"

#include <chrono>
#include <string>

namespace pinpipe::web {

class Throttle {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr double most_of_peer = 5, peer_rate = 0.2; // tries, tries a second
    static constexpr double most_of_all = 30, all_rate = 3;
    static constexpr size_t peers = 4096;

    // Uses up a try of this peer, and one of all. Returns 0, or the seconds to wait before the next
    // try. A peer's try is used up also where all peers together have to wait.
    unsigned take(const std::string &peer, Clock::time_point now);
    // Whether the peer has no try left. Its right password must not be told from a wrong one then.
    unsigned wait_of(const std::string &peer, Clock::time_point now);
    // Returns the try: the password was right.
    void give_back(const std::string &peer);

private:
    struct Bucket {
        double left = -1; // tries; below 0: a new bucket, to be filled
        Clock::time_point filled;
    };
    static void fill(Bucket &bucket, double most, double rate, Clock::time_point now);

    Lru<std::string, Bucket> peers_{peers};
    Bucket all_;
};

} // namespace pinpipe::web
