// SPDX-License-Identifier: MIT
// A row of marks, each as high as what was sent and received in a stretch of time.
#pragma once

#include "tools/store/database_layout.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pinpipe::store {

inline constexpr size_t most_cells = 24; // of a sparkline

// A range of time in cells of equal length; times are microseconds since 1970.
struct Cells {
    int64_t first = 0; // the beginning of the first cell, at or before that of the range
    int64_t length = 0;
    size_t count = 0;
    Level coarsest = day; // the coarsest level whose units are not longer than a cell

    // The shortest cells of which most_cells cover the range. They are whole units of a level, so
    // that no finer rows need to be read for them.
    static Cells cover(int64_t from, int64_t to);

    size_t index(int64_t time) const; // of a time before or behind all cells: the nearest one
};

// "▁▃█", or ".:=#" where the terminal has no UTF-8: each mark against the largest, blank for none.
std::string sparkline(const std::vector<uint64_t> &marks, bool utf8);

} // namespace pinpipe::store
