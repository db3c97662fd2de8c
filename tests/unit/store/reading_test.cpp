// SPDX-License-Identifier: MIT
// A range has the sums of its lines, whatever is aged, rolled up or out of order.
#include "tools/store/reading.h"

#include "tests/unit/support/store.h"

#include <algorithm>
#include <random>

namespace pinpipe::store {
namespace {

constexpr int64_t start = 1'795'000'000'000'000;

struct Told {
    int64_t time;
    uint64_t sent;
};

uint64_t sum_of(Database &database, int64_t from, int64_t to, bool remotes) {
    EXPECT_TRUE(database.run("BEGIN"));
    auto reading = Reading::make(database);
    EXPECT_TRUE(reading) << reading.error().text;
    uint64_t sum = 0;
    EXPECT_TRUE(reading->each(from, to, remotes, day, [&](const Reading::Row &row) {
        sum += row.sums.sent;
        EXPECT_TRUE(row.subject || (row.who && !remotes));
    }));
    EXPECT_TRUE(database.run("COMMIT"));
    return sum;
}

class StoreReading : public testing::Test {
protected:
    // Lines at random moments of `days`, most of them in order; the sums of some are not written.
    void fill(int64_t days) {
        std::uniform_int_distribution<int64_t> jitter(-3'600'000'000, 3'600'000'000);
        const int64_t step = days * level_unit[day] / 3000;
        for (int64_t i = 0; i < 3000; i++) {
            const int64_t time = start + i * step + (i % 50 ? 0 : jitter(random_));
            const uint64_t sent = random_() % 1000;
            lines_.push_back({time, sent});
            add(writer_, usage_text(time, "p" + std::to_string(i % 7), sent));
            if (i % 20 == 0) {
                ASSERT_TRUE(writer_.commit());
            }
            if (i % 700 == 0) {
                ASSERT_TRUE(writer_.commit_sums());
            }
        }
        ASSERT_TRUE(writer_.commit());
    }
    uint64_t expected(int64_t from, int64_t to) const {
        uint64_t sum = 0;
        for (const Told &line : lines_)
            if (line.time >= from && line.time < to)
                sum += line.sent;
        return sum;
    }

    std::mt19937_64 random_{7};
    StoreDirectory directory_;
    Writer writer_ = make_writer(directory_ / "a.db");
    std::vector<Told> lines_;
};

TEST_F(StoreReading, AnyRangeHasTheSumsOfItsLines) {
    fill(3);
    for (int i = 0; i < 300; i++) {
        const int64_t unit = level_unit[random_() % LEVELS];
        const int64_t a = start + static_cast<int64_t>(random_() % 300'000'000'000),
                      b = start + static_cast<int64_t>(random_() % 300'000'000'000);
        const int64_t from = std::min(a, b) / unit * unit, to = std::max(a, b);
        ASSERT_EQ(sum_of(writer_.database(), from, to, i % 2), expected(from, to));
    }
    EXPECT_EQ(sum_of(writer_.database(), 0, INT64_MAX, false), expected(0, INT64_MAX));
}

TEST_F(StoreReading, MoreBlocksThanMemoryHolds) {
    fill(3);
    ASSERT_TRUE(writer_.commit_sums());
    Database &database = writer_.database();
    const std::string time = std::to_string(start + level_unit[day]);
    const std::string empty = "WITH RECURSIVE c (n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM c "
                              "WHERE n < 300000) INSERT INTO block SELECT n, n, " +
                              time + ", " + time + " FROM c; UPDATE state SET rolled = 300000";
    ASSERT_TRUE(database.run(empty.c_str()));
    for (int i = 0; i < 5; i++) {
        const int64_t from = start + static_cast<int64_t>(random_() % 200'000'000'000);
        const int64_t to = from + static_cast<int64_t>(random_() % 60'000'000'000);
        ASSERT_EQ(sum_of(database, from, to, i % 2), expected(from, to));
    }
}

TEST_F(StoreReading, MoreSubjectsThanMemoryHolds) {
    for (int64_t i = 0; i < 120'000; i++)
        add(writer_, usage_text(start + i % 7, "p" + std::to_string(i % 60'000), 1));
    ASSERT_TRUE(writer_.commit());
    ASSERT_TRUE(writer_.database().run("BEGIN"));
    auto reading = Reading::make(writer_.database());
    ASSERT_TRUE(reading);
    for (int i = 0; i < 3; i++) { // a second report is the same
        for (const auto &[to, expected] : {std::pair(start + 7, 120'000U), {start + 5, 85'715U}}) {
            uint64_t sum = 0;
            ASSERT_TRUE(reading->each(start, to, true, day,
                                      [&](const Reading::Row &row) { sum += row.sums.sent; }));
            EXPECT_EQ(sum, expected);
        }
    }
}

TEST_F(StoreReading, AgeingKeepsEverySum) {
    fill(500);
    ASSERT_TRUE(writer_.commit_sums());
    const int64_t end = start + 500 * level_unit[day];
    Database &database = writer_.database();
    for (auto more = age(database, {}, end); *more; more = age(database, {}, end))
        ASSERT_TRUE(more);
    const auto at = read_horizon(database);
    ASSERT_TRUE(at);
    EXPECT_LE(at->from[raw], end - level_unit[day]);
    EXPECT_GT(at->from[raw], end - 2 * level_unit[day]);
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, true), expected(0, INT64_MAX));
    for (int i = 0; i < 100; i++) { // by whole days of any age
        const int64_t from =
            (start / level_unit[day] + static_cast<int64_t>(random_() % 510)) * level_unit[day];
        const int64_t to = from + static_cast<int64_t>(random_() % 100) * level_unit[day];
        ASSERT_EQ(sum_of(database, from, to, i % 2), expected(from, to));
    }
    EXPECT_LT(number(database, "SELECT count(*) FROM usage"), 100);
    EXPECT_LT(number(database, "SELECT count(*) FROM minute"), 300);
    // a line of long ago still counts
    add(writer_, usage_text(start, "late", 12345));
    ASSERT_TRUE(writer_.commit());
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, true), expected(0, INT64_MAX) + 12345);
    ASSERT_TRUE(writer_.commit_sums());
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, false), expected(0, INT64_MAX) + 12345);
}

// The first lines of a day are deleted before its last ones.
TEST_F(StoreReading, BeginsAndEndsWithWhatIsSummedUpAlone) {
    const int64_t first = start / level_unit[day] * level_unit[day] + 5 * level_unit[hour];
    const int64_t second = first + 10 * level_unit[hour];
    Keep keep;
    keep.raw = level_unit[hour];
    for (const int64_t time : {first, second}) {
        add(writer_, usage_text(time, "a", 1));
        ASSERT_TRUE(writer_.commit_sums());
        add(writer_, R"({"event_type":"lost","stream":"icmp","count":1,"timestamp_us":)" +
                         std::to_string(time - 7) + "}");
        for (int i = 0; i < 5000; i++) // another block
            add(writer_, usage_text(time + 1'000'000, "a", 0));
        ASSERT_TRUE(writer_.commit_sums());
    }
    ASSERT_TRUE(age(writer_.database(), keep, second));
    ASSERT_TRUE(writer_.database().run("BEGIN"));
    const auto reading = Reading::make(writer_.database());
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->begin(), first - 7);
    EXPECT_EQ(reading->end(), second + 1'000'001);
    ASSERT_TRUE(writer_.database().run("COMMIT; DELETE FROM lost; BEGIN"));
    EXPECT_EQ(Reading::make(writer_.database())->begin(), first);
    ASSERT_TRUE(writer_.database().run("COMMIT"));
    ASSERT_TRUE(age(writer_.database(), keep, second + level_unit[day]));
    ASSERT_TRUE(writer_.database().run("BEGIN"));
    EXPECT_EQ(Reading::make(writer_.database())->begin(), first);
    EXPECT_EQ(Reading::make(writer_.database())->end(), second + level_unit[minute]);
}

TEST_F(StoreReading, WhatIsGivenUpStaysSoWhenTheClockGoesBack) {
    fill(10);
    ASSERT_TRUE(writer_.commit_sums());
    const int64_t end = start + 10 * level_unit[day];
    Database &database = writer_.database();
    Keep keep;
    keep.all = 4 * level_unit[day];
    ASSERT_TRUE(age(database, keep, end));
    const auto before = read_horizon(database);
    ASSERT_TRUE(age(database, keep, start));
    ASSERT_TRUE(age(database, {}, start));
    EXPECT_EQ(*read_horizon(database), *before);
    const int64_t from = before->from[day];
    EXPECT_EQ(from % level_unit[day], 0);
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, false), expected(from, INT64_MAX));
    ASSERT_TRUE(drop_unused(database));
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, true), expected(from, INT64_MAX));
    EXPECT_EQ(number(database, "SELECT count(*) FROM subject"), 7);
}

TEST_F(StoreReading, LinesAreNotGivenUpBeforeTheirSumsAreWritten) {
    add(writer_, usage_text(start, "a", 7));
    ASSERT_TRUE(writer_.commit());
    Database &database = writer_.database();
    ASSERT_TRUE(age(database, {}, start + 100 * level_unit[day]));
    EXPECT_EQ(number(database, "SELECT count(*) FROM usage"), 1);
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, false), 7u);
    ASSERT_TRUE(writer_.commit_sums());
    ASSERT_TRUE(age(database, {}, start + 100 * level_unit[day]));
    EXPECT_EQ(number(database, "SELECT count(*) FROM usage"), 0);
    EXPECT_EQ(number(database, "SELECT count(*) FROM process"), 0);
    EXPECT_EQ(sum_of(database, 0, INT64_MAX, false), 7u);
}

} // namespace
} // namespace pinpipe::store
