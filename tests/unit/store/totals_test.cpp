// SPDX-License-Identifier: MIT
#include "tools/store/totals.h"

#include <gtest/gtest.h>
#include <map>
#include <random>

namespace pinpipe::store {
namespace {

std::vector<Totals::Row> rows_of(Totals &totals, size_t most = SIZE_MAX) {
    std::vector<Totals::Row> rows;
    EXPECT_TRUE(totals.each([&](const Totals::Row &row) -> Result<bool> {
        rows.push_back(row);
        return rows.size() < most;
    }));
    return rows;
}

TEST(StoreTotals, TheLargestFirst) {
    Totals totals;
    for (const auto &[key, bytes] : {std::pair(1, 5U), {2, 7U}, {1, 4U}, {3, 7U}})
        ASSERT_TRUE(totals.add(0, key, {bytes, 0, 1, 0}));
    ASSERT_TRUE(totals.add(-1, 9, {1, 1, 1, 1}));
    const auto rows = rows_of(totals);
    ASSERT_EQ(rows.size(), 4u);
    EXPECT_EQ(rows[0].key, 9);
    EXPECT_EQ(rows[1].key, 1);
    EXPECT_EQ(rows[1].sums, (Sums{9, 0, 2, 0}));
    EXPECT_EQ(rows[2].key, 2);
    EXPECT_EQ(rows[3].key, 3);
    EXPECT_EQ(totals.size(), 4u);
    EXPECT_EQ(rows_of(totals, 2).size(), 2u);
}

TEST(StoreTotals, WhatMemoryDoesNotHoldIsTheSame) {
    std::mt19937_64 random(7);
    Totals small(64), large;
    for (int i = 0; i < 20'000; i++) {
        const auto cell = static_cast<int64_t>(random() % 3);
        const auto key = static_cast<int64_t>(random() % 1000);
        const Sums sums{random() % 100, random() % 100, 1, 2};
        ASSERT_TRUE(small.add(cell, key, sums));
        ASSERT_TRUE(large.add(cell, key, sums));
    }
    const auto a = rows_of(small), b = rows_of(large);
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(small.size(), large.size());
    for (size_t i = 0; i < a.size(); i++) {
        ASSERT_EQ(a[i].cell, b[i].cell);
        ASSERT_EQ(a[i].key, b[i].key);
        ASSERT_EQ(a[i].sums, b[i].sums);
    }
}

} // namespace
} // namespace pinpipe::store
