// SPDX-License-Identifier: MIT
// Chooses the rows to read for a range of time: rows of the coarsest level that answers exactly,
// and finer ones at the ends of the range. Reads no database.
#pragma once

#include "tools/store/database_layout.h"

#include <vector>

namespace pinpipe::store {

// From which time on the rows of each level are complete: microseconds since 1970, whole units of
// the level or of a coarser one. Before the time of days nothing is stored.
struct Horizon {
    int64_t from[LEVELS] = {};
    bool operator==(const Horizon &) const = default;
};

// The rows of a level with a time in [from, to), in units of the level.
struct Piece {
    Level level;
    int64_t from, to;
    bool operator==(const Piece &) const = default;
};

// The pieces that cover [from, to), microseconds since 1970, each line once. Where the level that
// would be exact has been deleted, a row of the next coarser one counts as if all its lines came at
// its beginning; exports say the same. coarsest: no level above it is used.
std::vector<Piece> cover(int64_t from, int64_t to, const Horizon &horizon, Level coarsest = day);

// The first moment from `time` on at which a range can begin or end without cutting a row in two.
int64_t next_border(int64_t time, const Horizon &horizon);

} // namespace pinpipe::store
