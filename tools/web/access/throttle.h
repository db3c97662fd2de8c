// SPDX-License-Identifier: MIT
// How often somebody may try a password: a few times at once, then slowly; and all together not
// more often than we can check them.
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

    // Takes a try; 0, or how many seconds to wait before the next one.
    unsigned take(const std::string &peer, Clock::time_point now);
    // It was the right password.
    void give_back(const std::string &peer);

private:
    struct Bucket {
        double left = -1; // below 0: new
        Clock::time_point filled;
    };
    static void fill(Bucket &bucket, double most, double rate, Clock::time_point now);

    Lru<std::string, Bucket> peers_{peers};
    Bucket all_;
};

} // namespace pinpipe::web
