// SPDX-License-Identifier: MIT
#include "tools/store/time_text.h"

#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>

namespace pinpipe::store {
namespace {

constexpr int64_t second = 1'000'000, hour = 3600 * second, day = 24 * hour;

class StoreTime : public testing::Test {
protected:
    StoreTime() { set("Europe/Berlin"); }
    ~StoreTime() override { set("UTC"); }
    static void set(const char *zone) {
        setenv("TZ", zone, 1);
        tzset();
    }
    static int64_t moment(const std::string &text, int64_t now = 1795000000 * second) {
        const auto time = parse_moment("--since", text, now);
        EXPECT_TRUE(time) << text;
        return time.value_or(-1);
    }
    // Hours of each day.
    static std::vector<int64_t> days(const std::string &from, const std::string &to,
                                     int64_t length = day) {
        const auto moments = intervals(moment(from), moment(to), length, 1000);
        std::vector<int64_t> out;
        for (size_t i = 0; i + 1 < moments.size(); i++)
            out.push_back((moments[i + 1] - moments[i]) / hour);
        return out;
    }
};

TEST_F(StoreTime, Durations) {
    EXPECT_EQ(parse_duration("--keep", "90s").value(), 90 * second);
    EXPECT_EQ(parse_duration("--keep", "15m").value(), 15 * 60 * second);
    EXPECT_EQ(parse_duration("--keep", "24h").value(), day);
    EXPECT_EQ(parse_duration("--keep", "7d").value(), 7 * day);
    EXPECT_EQ(parse_duration("--keep", "2w").value(), 14 * day);
    for (const char *bad : {"", "5", "h", "0h", "-1h", "1.5h", "5y", "1h ", " 1h",
                            "99999999999999999999d", "9999999d", "1hh"})
        EXPECT_FALSE(parse_duration("--keep", bad)) << bad;
}

TEST_F(StoreTime, Moments) {
    const int64_t now = 1795000000 * second; // 2026-11-18 12:06:40 CET
    EXPECT_EQ(moment("now", now), now);
    EXPECT_EQ(moment("24h", now), now - day);
    EXPECT_EQ(moment("10000w", now), 0); // nothing is earlier
    EXPECT_EQ(local_text(moment("today", now)), "2026-11-18 00:00:00");
    EXPECT_EQ(local_text(moment("yesterday", now)), "2026-11-17 00:00:00");
    EXPECT_EQ(utc_text(moment("2026-11-20")), "2026-11-19T23:00:00Z");
    EXPECT_EQ(utc_text(moment("2026-11-20Z")), "2026-11-20T00:00:00Z");
    EXPECT_EQ(utc_text(moment("2026-11-20 14:30")), "2026-11-20T13:30:00Z");
    EXPECT_EQ(utc_text(moment("2026-11-20T14:30:15")), "2026-11-20T13:30:15Z");
    EXPECT_EQ(utc_text(moment("2026-11-20T14:30:15Z")), "2026-11-20T14:30:15Z");
    for (const char *bad :
         {"", "never", "2026", "2026-13-01", "2026-02-29", "2026-11-20 25:00", "2026-11-20 14",
          "2026-11-20 14:30:", "2026-11-20 14:30:15x", "2026-11-20x", "20261120", "1969-12-31",
          "2026-11-20 14:60", "-026-11-20", "2026-11-20  14:30", "2026-11-20\n14:30"})
        EXPECT_FALSE(parse_moment("--since", bad, now)) << bad;
}

TEST_F(StoreTime, ClocksThatChange) {
    // back from CEST to CET: 02:30 occurs twice, the first is meant
    for (const char *before : {"2026-12-01", "2026-07-01"}) { // mktime() remembers the last offset
        moment(before);
        EXPECT_EQ(utc_text(moment("2026-10-25 02:30")), "2026-10-25T00:30:00Z");
    }
    EXPECT_EQ(utc_text(moment("2026-10-25 03:00")), "2026-10-25T02:00:00Z");
    // forward: 02:30 is skipped
    EXPECT_EQ(utc_text(moment("2026-03-29 02:30")), "2026-03-29T01:30:00Z");
    EXPECT_EQ(days("2026-03-28", "2026-03-31"), (std::vector<int64_t>{24, 23, 24}));
    EXPECT_EQ(days("2026-10-24", "2026-10-27"), (std::vector<int64_t>{24, 25, 24}));
    EXPECT_EQ(days("2026-10-20", "2026-11-03", 7 * day),
              (std::vector<int64_t>{7 * 24 + 1, 7 * 24}));
    EXPECT_EQ(days("2026-10-25", "2026-10-26", hour).size(), 25u);
    EXPECT_EQ(days("2026-03-29", "2026-03-30", hour).size(), 23u);
    // six-hour parts begin anew at midnight: the last part of the day is the rest of it
    EXPECT_EQ(days("2026-10-25", "2026-10-26", 6 * hour), (std::vector<int64_t>{6, 6, 6, 6, 1}));
    EXPECT_EQ(local_zone(moment("2026-07-01")), "CEST");
    EXPECT_EQ(local_zone(moment("2026-12-01")), "CET");
    set("America/Sao_Paulo"); // in 2018 midnight itself was skipped
    EXPECT_EQ(days("2018-11-03", "2018-11-06"), (std::vector<int64_t>{24, 23, 24}));
    set("Australia/Lord_Howe"); // half an hour
    EXPECT_EQ(intervals(moment("2026-04-05"), moment("2026-04-06"), day, 10),
              (std::vector<int64_t>{moment("2026-04-05"), moment("2026-04-06")}));
    EXPECT_EQ(moment("2026-04-06") - moment("2026-04-05"), 24 * hour + hour / 2);
}

TEST_F(StoreTime, IntervalsCoverARangeOnce) {
    const int64_t from = moment("2026-10-24 13:17:05"), to = moment("2026-10-27 01:02:03");
    for (const int64_t length :
         {7 * second, 15 * 60 * second, hour, 5 * hour, day, 2 * day, 30 * day}) {
        const auto moments = intervals(from, to, length, 1'000'000);
        ASSERT_EQ(moments.front(), from);
        ASSERT_EQ(moments.back(), to);
        for (size_t i = 0; i + 1 < moments.size(); i++) {
            ASSERT_LT(moments[i], moments[i + 1]);
            ASSERT_LE(moments[i + 1] - moments[i], length + hour);
        }
    }
    EXPECT_TRUE(intervals(from, to, second, 1000).empty());
    EXPECT_EQ(intervals(from, from, day, 1000).size(), 1u);
}

TEST_F(StoreTime, Fractions) {
    EXPECT_EQ(utc_text(1795000000 * second + 5), "2026-11-18T11:06:40.000005Z");
}

} // namespace
} // namespace pinpipe::store
