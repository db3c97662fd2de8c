// SPDX-License-Identifier: MIT
#include "lib/system/clock.h"

#include <cstdlib>
#include <ctime>

namespace pinpipe {
namespace {

constexpr int64_t measuring_error = 20'000; // nanoseconds
constexpr int measurements = 3;

int64_t now(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

} // namespace

int64_t boot_now() {
    return now(CLOCK_BOOTTIME);
}

void WallClock::refresh() {
    int64_t best_gap = INT64_MAX, best = offset_;
    for (int i = 0; i < measurements; i++) { // keep the one that scheduling disturbed least
        const int64_t before = now(CLOCK_BOOTTIME);
        const int64_t wall = now(CLOCK_REALTIME);
        const int64_t after = now(CLOCK_BOOTTIME);
        if (after - before < best_gap) {
            best_gap = after - before;
            best = wall - (before + best_gap / 2);
        }
        if (best_gap < 1'000)
            break;
    }
    if (std::llabs(best - offset_) > measuring_error + best_gap)
        offset_ = best;
}

} // namespace pinpipe
