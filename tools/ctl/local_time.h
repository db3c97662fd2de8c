// SPDX-License-Identifier: MIT
#pragma once

#include <ctime>
#include <string>

namespace pinpipe::ctl {

// "2026-11-20 14:30:15"; seconds are since 1970.
inline std::string local_time(uint64_t seconds) {
    const auto time = static_cast<time_t>(seconds);
    tm parts{};
    char text[32] = "?";
    if (localtime_r(&time, &parts))
        std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

} // namespace pinpipe::ctl
