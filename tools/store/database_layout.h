// SPDX-License-Identifier: MIT
// The database's layout, as ebpf-store(5) documents it.
#pragma once

#include "lib/base/error.h"

#include <cstdint>
#include <span>

namespace pinpipe::store {

class Database;

inline constexpr int32_t application_id = 0x70696e70; // "pinp"

// What makes each version of the layout from the one before it; the first, from nothing. A step
// that has been released is never changed: a new one follows it.
extern const std::span<const char *const> schema_steps;
int32_t schema_version();

// From the layout that the database has to the last of steps, in one transaction.
Result<void> migrate(Database &database, std::span<const char *const> steps);

// What usage is summed up to; time columns count in these since 1970, UTC.
enum Level : uint8_t { raw, minute, hour, day, LEVELS };
inline constexpr int64_t level_unit[LEVELS] = {1, 60'000'000, 3'600'000'000, 86'400'000'000}; // µs

// Sums by subject, and by who, which leaves the remote ends out.
inline constexpr const char *level_table[LEVELS] = {"usage", "minute", "hour", "day"};
inline constexpr const char *who_table[LEVELS] = {"usage", "who_minute", "who_hour", "who_day"};

} // namespace pinpipe::store
