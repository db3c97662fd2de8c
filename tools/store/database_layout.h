// SPDX-License-Identifier: MIT
// The tables of the database, as ebpf-store(5) documents them.
#pragma once

#include "lib/base/error.h"

#include <cstdint>
#include <span>

namespace pinpipe::store {

class Database;

inline constexpr int32_t application_id = 0x70696e70; // "pinp"

// The SQL that makes each version of the layout from the one before it; the first one makes version
// 1 from nothing. A step that has been released is never changed: a new one follows it.
extern const std::span<const char *const> schema_steps;
int32_t schema_version();

// Brings the database from its layout to that of the last step, in one transaction.
Result<void> migrate(Database &database, std::span<const char *const> steps);

// Levels that usage is summed by. Time columns of a level count its units since 1970, UTC.
enum Level : uint8_t { raw, minute, hour, day, LEVELS };
inline constexpr int64_t level_unit[LEVELS] = {1, 60'000'000, 3'600'000'000, 86'400'000'000}; // µs

// The tables of sums: by subject, and by who, which is a subject without its remote end.
inline constexpr const char *level_table[LEVELS] = {"usage", "minute", "hour", "day"};
inline constexpr const char *who_table[LEVELS] = {"usage", "who_minute", "who_hour", "who_day"};

} // namespace pinpipe::store
