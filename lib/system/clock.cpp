// SPDX-License-Identifier: MIT
#include "lib/system/clock.h"

#include <ctime>

namespace pinpipe {
namespace {

constexpr int64_t clock_step = 1'000'000; // nanoseconds; measuring errors are far smaller
constexpr int measurements = 3;

int64_t now(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// The offset, by the measurement that scheduling disturbed least.
int64_t measure() {
    int64_t best_gap = INT64_MAX, best = 0;
    for (int i = 0; i < measurements && best_gap >= 1'000; i++) {
        const int64_t before = now(CLOCK_BOOTTIME);
        const int64_t wall = now(CLOCK_REALTIME);
        const int64_t after = now(CLOCK_BOOTTIME);
        if (after - before < best_gap) {
            best_gap = after - before;
            best = wall - (before + best_gap / 2);
        }
    }
    return best;
}

} // namespace

int64_t boot_now() {
    return now(CLOCK_BOOTTIME);
}

WallClock::WallClock() : first_(measure()), offset_(first_) {}

void WallClock::refresh() {
    const int64_t set = measure() - first_;
    const int64_t half = (set < 0 ? -clock_step : clock_step) / 2;
    offset_ = first_ + (set + half) / clock_step * clock_step;
}

} // namespace pinpipe
