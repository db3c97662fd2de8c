// SPDX-License-Identifier: MIT
// Times as people write and read them: durations, dates, days of the local calendar.
#pragma once

#include "lib/base/error.h"

#include <cstdint>
#include <vector>

namespace pinpipe::store {

int64_t now_microseconds(); // since 1970

// "90s", "15m", "24h", "7d", "2w" in microseconds. what: the option, for the error: "--since".
Result<int64_t> parse_duration(const std::string &what, const std::string &text);

// A moment in microseconds since 1970. A duration means that long before now; also taken are "now",
// "today", "yesterday", "2026-11-20", "2026-11-20 14:30[:15]", with a T or a space between. Times
// are local, or UTC with a Z at the end. A time that occurs twice, as clocks go back, means the
// first; one that clocks skip is as long after the change as it would have been.
Result<int64_t> parse_moment(const std::string &what, const std::string &text, int64_t now);

// The beginnings of the n intervals that cover [from, to), and the end: n + 1 moments. Intervals of
// a day and more are days of the local calendar, whatever their length; shorter ones begin anew at
// each local midnight. Empty if there would be more than most.
std::vector<int64_t> intervals(int64_t from, int64_t to, int64_t length, size_t most);

std::string local_text(int64_t time); // "2026-11-20 14:30:15"
std::string utc_text(int64_t time);   // "2026-11-20T13:30:15Z", with a fraction if there is one
std::string local_zone(int64_t time); // "CET"

} // namespace pinpipe::store
