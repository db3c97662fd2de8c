// SPDX-License-Identifier: MIT
// Times as people write and read them: durations, dates, the days of the local calendar.
#pragma once

#include "lib/base/error.h"

#include <cstdint>
#include <vector>

namespace pinpipe::store {

// Microseconds: "90s", "15m", "24h", "7d", "2w". what: "--since".
Result<int64_t> parse_duration(const std::string &what, const std::string &text);

// A moment, microseconds since 1970: a duration means that long before now; else "now", "today",
// "yesterday", "2026-11-20", "2026-11-20 14:30[:15]", with T for the space or without; local time,
// or UTC with a Z behind it. What occurs twice as clocks go back is the first; what they skip is as
// late after the change as it would have been.
Result<int64_t> parse_moment(const std::string &what, const std::string &text, int64_t now);

// Beginnings of the intervals that cover [from, to), and the end: n + 1 moments. A day and more are
// days of the local calendar, whatever their length; less begins anew with each local midnight.
// Empty: there would be more than `most`.
std::vector<int64_t> intervals(int64_t from, int64_t to, int64_t length, size_t most);

std::string local_text(int64_t time); // "2026-11-20 14:30:15"
std::string utc_text(int64_t time);   // "2026-11-20T13:30:15Z", with a fraction if there is one
std::string local_zone(int64_t time); // "CET"

} // namespace pinpipe::store
