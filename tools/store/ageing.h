// SPDX-License-Identifier: MIT
// What is given up as it becomes old: single lines first, then the finer sums, then all.
#pragma once

#include "tools/store/cover.h"
#include "tools/store/sqlite.h"

#include <optional>

namespace pinpipe::store {

struct Keep {
    int64_t raw = 24 * level_unit[hour]; // microseconds
    std::optional<int64_t> all;          // else for ever
};

// What is kept of the sums: minutes as long as single lines, at least 14 days; hours at least 400,
// so that a year of local days can be told.
inline constexpr int64_t keep_minutes = 14 * level_unit[day];
inline constexpr int64_t keep_hours = 400 * level_unit[day];

Result<Horizon> read_horizon(Database &database);

// One transaction of bounded size. True: more is to be done at once. now: microseconds. What was
// given up stays so, also when the clock is set back.
Result<bool> age(Database &database, const Keep &keep, int64_t now);

// Names that nothing refers to any more. All memory of them is void afterwards.
Result<void> drop_unused(Database &database);

} // namespace pinpipe::store
