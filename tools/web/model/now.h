// SPDX-License-Identifier: MIT
// What time it is, in both of the ways that are needed: read once for all that one line changes.
#pragma once

#include <chrono>
#include <cstdint>

namespace pinpipe::web {

struct Now {
    int64_t ms = 0;     // milliseconds since 1970, which somebody may set
    int64_t steady = 0; // milliseconds of a clock that nobody sets
    int64_t second = 0; // the same in seconds
};

inline Now read_clock() {
    using namespace std::chrono;
    constexpr int64_t before = 1'000'000'000; // so that what was a while ago has a number too
    const int64_t steady =
        duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count() + before;
    return {.ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(),
            .steady = steady,
            .second = steady / 1000};
}

} // namespace pinpipe::web
