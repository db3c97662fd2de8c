// SPDX-License-Identifier: MIT
// Measures how long something took; not a time-out.
#pragma once

#include <chrono>

namespace pinpipe {

// Seconds after which a test counts as hanging, even on the busiest machine.
inline constexpr double patience = 120;

class Stopwatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace pinpipe
