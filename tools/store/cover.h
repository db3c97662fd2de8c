// SPDX-License-Identifier: MIT
// Which rows answer for a range of time: of the coarsest level that answers exactly, finer ones at
// its ends. Pure.
#pragma once

#include "tools/store/database_layout.h"

#include <vector>

namespace pinpipe::store {

// From where on each level is whole, microseconds, in its own units or coarser; of days: from where
// on there is anything.
struct Horizon {
    int64_t from[LEVELS] = {};
    bool operator==(const Horizon &) const = default;
};

// Rows of a level with time in [from, to), in the level's units.
struct Piece {
    Level level;
    int64_t from, to;
    bool operator==(const Piece &) const = default;
};

// What lies in [from, to) microseconds, each line of it once. Where the level that would be exact
// has been given up, rows of the next one count as if all of theirs came at their beginning: that
// is also how they are exported. coarsest: none above it.
std::vector<Piece> cover(int64_t from, int64_t to, const Horizon &horizon, Level coarsest = day);

// The first moment from `time` on that a range can begin or end at with nothing of a row cut off.
int64_t next_border(int64_t time, const Horizon &horizon);

} // namespace pinpipe::store
