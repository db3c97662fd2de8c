// SPDX-License-Identifier: MIT
#include "lib/base/few_a_second.h"

#include <gtest/gtest.h>

namespace pinpipe {
namespace {

using namespace std::chrono_literals;

TEST(FewASecond, SaysAFewAndCountsTheOthers) {
    FewASecond few(2);
    const auto start = FewASecond::Clock::now();
    EXPECT_TRUE(few.next(start).say);
    EXPECT_TRUE(few.next(start).say);
    for (int i = 0; i < 3; i++)
        EXPECT_FALSE(few.next(start + 100ms).say);
    const auto [say, unsaid] = few.next(start + 1100ms);
    EXPECT_TRUE(say);
    EXPECT_EQ(unsaid, 3u);
    EXPECT_EQ(few.next(start + 2200ms).unsaid, 0u);
}

} // namespace
} // namespace pinpipe
