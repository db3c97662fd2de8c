// SPDX-License-Identifier: MIT
#include "lib/system/clock.h"

#include "tests/unit/support/child.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>

namespace pinpipe {
namespace {

constexpr int64_t millisecond = 1'000'000;
constexpr int64_t second = 1'000 * millisecond;

int64_t now(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return t.tv_sec * second + t.tv_nsec;
}

// Measures wall minus boot clock: the quickest of many measurements.
int64_t measured_offset() {
    int64_t best = 0, least = INT64_MAX;
    for (int i = 0; i < 200; i++) {
        const int64_t before = now(CLOCK_BOOTTIME), wall = now(CLOCK_REALTIME);
        const int64_t gap = now(CLOCK_BOOTTIME) - before;
        if (gap >= least)
            continue;
        least = gap;
        best = wall - before;
    }
    return best;
}

TEST(WallClock, OffsetIsThatOfTheClocks) {
    const WallClock clock;
    EXPECT_LT(std::llabs(clock.offset() - measured_offset()), millisecond);
}

TEST(WallClock, BootNow) {
    const int64_t before = now(CLOCK_BOOTTIME), asked = boot_now(), after = now(CLOCK_BOOTTIME);
    EXPECT_LE(before, asked);
    EXPECT_LE(asked, after);
}

TEST(WallClock, MicrosecondsSince1970) {
    const WallClock clock;
    const auto told = static_cast<int64_t>(clock.microseconds(static_cast<uint64_t>(boot_now())));
    EXPECT_LT(std::llabs(told - now(CLOCK_REALTIME) / 1000), 1000);
    // An hour later in the record is an hour later in the day; below a microsecond is cut off.
    const auto later = clock.microseconds(static_cast<uint64_t>(boot_now() + 3600 * second));
    EXPECT_NEAR(static_cast<double>(later) - static_cast<double>(told), 3.6e9, 1000);
    const auto whole = static_cast<uint64_t>(1'000'000 - clock.offset() % 1000 + 1000);
    EXPECT_EQ(clock.microseconds(whole), clock.microseconds(whole + 999));
    EXPECT_EQ(clock.microseconds(whole) + 1, clock.microseconds(whole + 1000));
}

// Small differences are ignored: else time stamps would jump with every measuring error.
TEST(WallClock, RefreshLeavesMeasuringErrors) {
    WallClock clock;
    int changes = 0;
    for (int i = 0; i < 5000; i++) {
        const int64_t before = clock.offset();
        clock.refresh();
        changes += clock.offset() != before;
    }
    EXPECT_LE(changes, 5);
    EXPECT_LT(std::llabs(clock.offset() - measured_offset()), millisecond);
}

// What readers measure differs a little; what they make of a record must not.
TEST(WallClock, RefreshKeepsTheOffsetOfTheLoad) {
    for (const int64_t error : {-300'000, -1, 0, 1, 300'000}) {
        const int64_t loaded = measured_offset() + error;
        WallClock clock(loaded);
        clock.refresh();
        EXPECT_EQ(clock.offset(), loaded);
    }
}

// In a time namespace with another boot clock refresh() sees a step of the time of day, and no
// other process's clock changes.
TEST(WallClock, RefreshFollowsAStep) {
    constexpr int no_namespace = 99;
    constexpr int64_t step = 12'345;
    WallClock clock;
    const int64_t before = clock.offset();
    Child outer([&] {
        if (unshare(CLONE_NEWTIME) != 0)
            return no_namespace;
        std::ofstream offsets("/proc/self/timens_offsets");
        offsets << "boottime " << step << " 0\n";
        if (!offsets.flush())
            return no_namespace;
        Child inner([&] { // only a new process is in the namespace
            if (clock.offset() != before)
                return 1;
            clock.refresh();
            if (clock.first() != before)
                return 3;
            return std::llabs(before - step * second - clock.offset()) < millisecond ? 0 : 2;
        });
        return inner.wait();
    });
    const int status = outer.wait();
    if (status == no_namespace)
        GTEST_SKIP() << "a time namespace needs root and Linux 5.6";
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace pinpipe
