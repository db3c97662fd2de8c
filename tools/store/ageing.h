// SPDX-License-Identifier: MIT
// Deletes what has become old: single lines first, then the finer sums, then everything.
#pragma once

#include "tools/store/cover.h"
#include "tools/store/sqlite.h"

#include <optional>

namespace pinpipe::store {

struct Keep {
    int64_t raw = 24 * level_unit[hour]; // microseconds
    std::optional<int64_t> all;          // none: for ever
};

// How long sums are kept: those of minutes as long as single lines, at least 14 days; those of
// hours at least 400 days, so that a year can be reported by local days.
inline constexpr int64_t keep_minutes = 14 * level_unit[day];
inline constexpr int64_t keep_hours = 400 * level_unit[day];

Result<Horizon> read_horizon(Database &database);

// Deletes old rows in one transaction of bounded size. Returns true if there are more to delete at
// once. now: microseconds since 1970. The horizon never moves back, even if the clock does.
Result<bool> age(Database &database, const Keep &keep, int64_t now);

// Deletes names that no row refers to any more. Ids that the caller remembers are void afterwards.
Result<void> drop_unused(Database &database);

} // namespace pinpipe::store
