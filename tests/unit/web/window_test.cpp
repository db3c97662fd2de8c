// SPDX-License-Identifier: MIT
#include "tools/web/model/window.h"

#include "tests/unit/support/web.h"
#include "tools/web/common/lru.h"
#include "tools/web/common/top.h"
#include "tools/web/model/traffic.h"

namespace pinpipe::web {
namespace {

TEST(WebWindow, EachSecondForAWhile) {
    Window<10> window;
    window.add(100, 5);
    window.add(100, 6);
    window.add(103, 7);
    EXPECT_EQ(window.at(100), 11u);
    EXPECT_EQ(window.at(102), 0u);
    EXPECT_EQ(window.at(103), 7u);
    EXPECT_EQ(window.at(104), 0u);
    EXPECT_EQ(window.sum(100, 104), 18u);
    window.add(110, 1);
    EXPECT_EQ(window.at(100), 0u); // too long ago
    EXPECT_EQ(window.at(103), 7u);
    window.add(500, 1);
    EXPECT_EQ(window.sum(400, 600), 1u);
}

TEST(WebWindow, AnIntervalIsSpreadByTheMillisecond) {
    Window<10> window;
    window.spread(100'250, 1000, 1000);
    EXPECT_EQ(window.at(99), 750u);
    EXPECT_EQ(window.at(100), 250u);
    window.spread(101'250, 1000, 1000);
    EXPECT_EQ(window.at(100), 1000u); // complete, whenever the snapshots came
    window.spread(105'000, 50, 0);
    EXPECT_EQ(window.at(105), 50u);
}

TEST(WebWindow, NothingOfALongIntervalIsLost) {
    Window<10> window;
    window.spread(105'500, 103, 5000);
    EXPECT_EQ(window.sum(90, 200), 103u);
    EXPECT_EQ(window.at(103), 20u);
    window.spread(200'000, 100, 1'000'000'000);
    EXPECT_EQ(window.sum(150, 201), 100u);
    window.spread(300'999, UINT64_MAX, UINT64_MAX);
    EXPECT_LE(window.at(300), largest_sum);
}

TEST(WebWindow, SumsStayNumbersOfJson) {
    uint64_t sum = 0;
    for (int i = 0; i < 5; i++)
        add_up(sum, UINT64_MAX);
    EXPECT_EQ(sum, 1ULL << 53);
}

TEST(WebMeter, TheLatestSnapshotWhateverItsInterval) {
    Meter meter;
    meter.add({.snapshot = 1, .interval = 10'000, .sent = 1000, .received = 0}, at_second(0));
    meter.add({.snapshot = 1, .interval = 10'000, .sent = 500, .received = 50}, at_second(0));
    EXPECT_EQ(meter.sent(at_second(5)), 150u);
    EXPECT_EQ(meter.received(at_second(10)), 5u);
    EXPECT_EQ(meter.sent(at_second(11)), 0u); // the next snapshot is due
    meter.add({.snapshot = 2, .interval = 0, .sent = 7, .received = 0}, at_second(12));
    EXPECT_EQ(meter.sent(at_second(12)), 7u);
}

TEST(WebLru, TheOneTouchedLongestAgoGoes) {
    Lru<int, int> map(2);
    map.touch(1) = 10;
    map.touch(2) = 20;
    map.touch(1);
    map.touch(3) = 30;
    EXPECT_EQ(map.find(2), nullptr);
    EXPECT_EQ(*map.find(1), 10);
    EXPECT_EQ(map.forgotten(), 1u);
    map.erase(1);
    EXPECT_EQ(map.size(), 1u);
    EXPECT_EQ(map.touch(2), 0);
}

TEST(WebTop, TheLargestFirst) {
    Lru<int, int> map(10);
    for (int i = 0; i < 10; i++)
        map.touch(i) = i * 7 % 10;
    const auto odd = [](const auto &entry) { return entry.second % 2 == 1; };
    const auto measure = [](const auto &entry) { return entry.second; };
    std::vector<int> values;
    for (const auto *entry : top_of(map.entries(), 3, odd, measure))
        values.push_back(entry->second);
    EXPECT_EQ(values, (std::vector<int>{9, 7, 5}));
}

} // namespace
} // namespace pinpipe::web
