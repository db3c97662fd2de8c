// SPDX-License-Identifier: MIT
#include "tools/store/cover.h"

#include <algorithm>

namespace pinpipe::store {
namespace {

int64_t floor_to(int64_t time, int64_t unit) {
    return time - ((time % unit) + unit) % unit;
}

int64_t ceil_to(int64_t time, int64_t unit) {
    return floor_to(time + unit - 1, unit);
}

Level above(Level level) {
    return static_cast<Level>(level + 1);
}

// Appends the rows of a level that begin in [from, to); where they have been deleted, coarser ones.
void take(std::vector<Piece> &out, Level level, int64_t from, int64_t to, const Horizon &horizon) {
    if (level != day && from < horizon.from[level]) {
        const int64_t end = std::min(to, horizon.from[level]);
        take(out, above(level), from, end, horizon);
        from = end;
    }
    const int64_t unit = level_unit[level];
    const int64_t first = ceil_to(from, unit) / unit, last = ceil_to(to, unit) / unit;
    if (first < last)
        out.push_back({level, first, last});
}

void split(std::vector<Piece> &out, int level, int64_t from, int64_t to, const Horizon &horizon) {
    if (from >= to)
        return;
    const int64_t unit = level_unit[level];
    const int64_t first = ceil_to(from, unit), last = floor_to(to, unit);
    if (level == raw || first < last) {
        if (level != raw)
            split(out, level - 1, from, first, horizon);
        take(out, static_cast<Level>(level), first, last, horizon);
        if (level != raw)
            split(out, level - 1, last, to, horizon);
    } else {
        split(out, level - 1, from, to, horizon);
    }
}

} // namespace

std::vector<Piece> cover(int64_t from, int64_t to, const Horizon &horizon, Level coarsest) {
    constexpr int64_t end_of_time = 1LL << 53; // the latest time that a line can have
    std::vector<Piece> out;
    split(out, coarsest, std::max(from, horizon.from[day]), std::min(to, end_of_time + 1), horizon);
    return out;
}

int64_t next_border(int64_t time, const Horizon &horizon) {
    int level = raw;
    while (level != day && time < horizon.from[level])
        level++;
    return ceil_to(time, level_unit[level]);
}

} // namespace pinpipe::store
