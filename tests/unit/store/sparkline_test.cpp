// SPDX-License-Identifier: MIT
#include "tools/store/sparkline.h"

#include <gtest/gtest.h>

namespace pinpipe::store {
namespace {

constexpr int64_t m = level_unit[minute], h = level_unit[hour], d = level_unit[day];

TEST(Sparkline, EachMarkAgainstTheLargest) {
    EXPECT_EQ(sparkline({0, 1, 4, 8}, true), " ▁▄█");
    EXPECT_EQ(sparkline({0, 1, 4, 8}, false), " .:#");
    EXPECT_EQ(sparkline({}, true), "");
    EXPECT_EQ(sparkline({0, 0}, true), "  ");
    EXPECT_EQ(sparkline({UINT64_MAX, 1}, true), "█▁");
}

TEST(Sparkline, CellsAreTheShortestThatCoverTheRange) {
    const struct {
        int64_t from, to, length;
        size_t count;
        Level coarsest;
    } cases[] = {{0, 0, m, 1, minute},
                 {0, 1, m, 1, minute},
                 {0, 24 * m, m, 24, minute},
                 {0, 24 * m + 1, 2 * m, 13, minute},
                 {0, 24 * h, h, 24, hour},
                 {m, 24 * h + m, 2 * h, 13, hour},
                 {0, 24 * d, d, 24, day},
                 {0, 3650 * d, 180 * d, 21, day},
                 {0, 36500 * d, 3650 * d, 10, day},
                 {0, 365000 * d, 3650 * d, most_cells, day}};
    for (const auto &c : cases) {
        const Cells cells = Cells::cover(c.from, c.to);
        EXPECT_EQ(cells.length, c.length) << c.to;
        EXPECT_EQ(cells.count, c.count) << c.to;
        EXPECT_EQ(cells.coarsest, c.coarsest) << c.to;
        EXPECT_EQ(cells.first % cells.length, 0);
        EXPECT_LE(cells.first, c.from);
    }
}

TEST(Sparkline, TimesOutsideAreInTheNearestCell) {
    const Cells cells = Cells::cover(10 * m, 12 * m);
    EXPECT_EQ(cells.first, 10 * m);
    EXPECT_EQ(cells.index(0), 0u);
    EXPECT_EQ(cells.index(10 * m), 0u);
    EXPECT_EQ(cells.index(11 * m - 1), 0u);
    EXPECT_EQ(cells.index(11 * m), 1u);
    EXPECT_EQ(cells.index(99 * m), 1u);
}

} // namespace
} // namespace pinpipe::store
