// SPDX-License-Identifier: MIT
#include "tools/store/cover.h"

#include <gtest/gtest.h>
#include <random>

namespace pinpipe::store {
namespace {

constexpr int64_t m = level_unit[minute], h = level_unit[hour], d = level_unit[day];

TEST(StoreCover, TheCoarsestRowsThatAnswerExactly) {
    const Horizon all;
    EXPECT_EQ(cover(0, 2 * d, all), (std::vector<Piece>{{day, 0, 2}}));
    EXPECT_EQ(cover(h, d, all), (std::vector<Piece>{{hour, 1, 24}}));
    EXPECT_EQ(cover(5, 7, all), (std::vector<Piece>{{raw, 5, 7}}));
    EXPECT_EQ(cover(m - 1, 2 * h + 1, all),
              (std::vector<Piece>{
                  {raw, m - 1, m}, {minute, 1, 60}, {hour, 1, 2}, {raw, 2 * h, 2 * h + 1}}));
    EXPECT_EQ(cover(0, d, all, hour), (std::vector<Piece>{{hour, 0, 24}}));
    EXPECT_EQ(cover(0, d, all, raw), (std::vector<Piece>{{raw, 0, d}}));
    EXPECT_TRUE(cover(7, 7, all).empty());
    EXPECT_TRUE(cover(8, 7, all).empty());
}

TEST(StoreCover, WhereTheFinerOnesAreGone) {
    Horizon at;
    at.from[raw] = 10 * d + h;
    at.from[minute] = 9 * d;
    at.from[hour] = 5 * d;
    at.from[day] = 2 * d;
    EXPECT_EQ(cover(INT64_MIN, INT64_MAX, at, raw),
              (std::vector<Piece>{{day, 2, 5},
                                  {hour, 5 * 24, 9 * 24},
                                  {minute, 9 * 1440, 10 * 1440 + 60},
                                  {raw, 10 * d + h, (1LL << 53) + 1}}));
    // a sum counts at its beginning
    EXPECT_EQ(cover(9 * d + 1, 9 * d + 2 * m, at),
              (std::vector<Piece>{{minute, 9 * 1440 + 1, 9 * 1440 + 2}}));
    EXPECT_TRUE(cover(9 * d + 1, 9 * d + m, at).empty());
    EXPECT_EQ(cover(9 * d, 9 * d + 1, at), (std::vector<Piece>{{minute, 9 * 1440, 9 * 1440 + 1}}));
}

TEST(StoreCover, RangesBeginWithWholeRows) {
    const Horizon at{{12 * d + 3 * h, 10 * d, 5 * d, 2 * d}};
    for (const auto &[time, border] : {std::pair(14 * d + 1, 14 * d + 1),
                                       {12 * d + 3 * h, 12 * d + 3 * h},
                                       {12 * d + 2 * h + 1, 12 * d + 2 * h + m},
                                       {10 * d, 10 * d},
                                       {10 * d - 1, 10 * d},
                                       {7 * d + m, 7 * d + h},
                                       {5 * d - h, 5 * d},
                                       {3 * d + 1, 4 * d},
                                       {3 * d, 3 * d}}) {
        EXPECT_EQ(next_border(time, at), border);
        const Piece first = cover(time, 20 * d, at).front(), last = cover(0, time, at).back();
        EXPECT_EQ(first.from * level_unit[first.level], border);
        EXPECT_EQ(last.to * level_unit[last.level], border);
    }
}

// Each moment is in exactly one piece, and no level needs fewer pieces.
TEST(StoreCover, AnyRangeIsCoveredOnce) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 20'000; round++) {
        const auto pick = [&](int64_t most) {
            return static_cast<int64_t>(random() % static_cast<uint64_t>(most));
        };
        const int64_t unit = level_unit[random() % LEVELS];
        const int64_t from = pick(5 * d) / unit * unit,
                      to = from + 1 + pick(round % 2 ? 3 * d : 3 * h);
        int64_t at = from;
        for (const Piece &piece : cover(from, to, {})) {
            ASSERT_EQ(piece.from * level_unit[piece.level], at);
            ASSERT_LT(piece.from, piece.to);
            at = piece.to * level_unit[piece.level];
            if (piece.level != day) {
                ASSERT_LT(piece.to - piece.from,
                          2 * level_unit[piece.level + 1] / level_unit[piece.level]);
            }
        }
        ASSERT_EQ(at, to);
    }
}

} // namespace
} // namespace pinpipe::store
