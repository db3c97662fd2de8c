// SPDX-License-Identifier: MIT
// How long something took; never how long to wait for it.
#pragma once

#include <chrono>

namespace pinpipe {

// Seconds that nothing takes on any machine, however busy: what takes longer hangs.
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
