// SPDX-License-Identifier: MIT
#include "tools/web/access/throttle.h"

#include <algorithm>
#include <cmath>

namespace pinpipe::web {

void Throttle::fill(Bucket &bucket, double most, double rate, Clock::time_point now) {
    const std::chrono::duration<double> passed = now - bucket.filled;
    bucket.left = bucket.left < 0 ? most : std::min(most, bucket.left + passed.count() * rate);
    bucket.filled = now;
}

unsigned Throttle::take(const std::string &peer, Clock::time_point now) {
    Bucket &own = peers_.touch(peer);
    fill(own, most_of_peer, peer_rate, now);
    fill(all_, most_of_all, all_rate, now);
    const double wait = std::max((1 - own.left) / peer_rate, (1 - all_.left) / all_rate);
    if (wait > 0)
        return static_cast<unsigned>(std::ceil(wait));
    own.left--;
    all_.left--;
    return 0;
}

void Throttle::give_back(const std::string &peer) {
    if (Bucket *own = peers_.find(peer))
        own->left = std::min(most_of_peer, own->left + 1);
    all_.left = std::min(most_of_all, all_.left + 1);
}

} // namespace pinpipe::web
