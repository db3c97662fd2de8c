// SPDX-License-Identifier: MIT
// The time by the wall clock and by a steady clock, read once for everything that a line changes.
#pragma once

#include <chrono>
#include <cstdint>

namespace pinpipe::web {

struct Now {
    int64_t ms = 0;     // wall clock: milliseconds since 1970
    int64_t steady = 0; // steady clock: milliseconds
    int64_t second = 0; // steady clock: seconds
};

inline Now read_clock() {
    using namespace std::chrono;
    constexpr int64_t before = 1'000'000'000; // keeps times before the boot positive
    const int64_t steady =
        duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count() + before;
    return {.ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(),
            .steady = steady,
            .second = steady / 1000};
}

} // namespace pinpipe::web
