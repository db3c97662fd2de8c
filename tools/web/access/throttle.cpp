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

namespace {

unsigned whole_seconds(double wait) {
    return wait > 0 ? static_cast<unsigned>(std::ceil(wait)) : 0;
}

} // namespace

unsigned Throttle::wait_of(const std::string &peer, Clock::time_point now) {
    Bucket &own = peers_.touch(peer);
    fill(own, most_of_peer, peer_rate, now);
    return whole_seconds((1 - own.left) / peer_rate);
}

unsigned Throttle::take(const std::string &peer, Clock::time_point now) {
    if (const unsigned seconds = wait_of(peer, now))
        return seconds;
    peers_.touch(peer).left--;
    fill(all_, most_of_all, all_rate, now);
    if (const unsigned seconds = whole_seconds((1 - all_.left) / all_rate))
        return seconds;
    all_.left--;
    return 0;
}

void Throttle::give_back(const std::string &peer) {
    if (Bucket *own = peers_.find(peer))
        own->left = std::min(most_of_peer, own->left + 1);
    all_.left = std::min(most_of_all, all_.left + 1);
}

} // namespace pinpipe::web
