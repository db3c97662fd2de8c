// SPDX-License-Identifier: MIT
#include "tools/store/writer.h"

#include "tests/unit/support/store.h"

namespace pinpipe::store {
namespace {

constexpr int64_t now = 1'795'000'000'000'000;

int64_t all(Database &database, const std::string &column, const std::string &table) {
    return number(database, ("SELECT sum(" + column + ") FROM " + table).c_str());
}

TEST(StoreWriter, SumsFollowTheLines) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    for (int64_t i = 0; i < 100; i++)
        add(writer, usage_text(now + i * 61'000'000, i % 2 ? "a" : "b", 10));
    ASSERT_TRUE(writer.commit());
    Database &database = writer.database();
    EXPECT_EQ(all(database, "sent", "usage"), 1000);
    EXPECT_EQ(number(database, "SELECT rolled FROM state"), 0);
    ASSERT_TRUE(writer.commit_sums());
    EXPECT_EQ(number(database, "SELECT rolled FROM state"), 100);
    for (const char *table : {"minute", "hour", "day", "who_minute", "who_hour", "who_day"})
        EXPECT_EQ(all(database, "sent", table), 1000) << table;
    EXPECT_EQ(number(database, "SELECT count(*) FROM subject"), 2);
    ASSERT_TRUE(writer.commit_sums()); // nothing twice
    EXPECT_EQ(all(database, "sent", "day"), 1000);
    EXPECT_EQ(writer.newest(), now + 99 * int64_t{61000000});
}

TEST(StoreWriter, ManyCellsAreWrittenAtOnce) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    for (int64_t i = 0; i < 40'000; i++)
        add(writer, usage_text(now + i * 60'000'000, "a", 1));
    ASSERT_TRUE(writer.commit());
    EXPECT_EQ(number(writer.database(), "SELECT rolled FROM state"), 40'000);
    EXPECT_EQ(all(writer.database(), "sent", "minute"), 40'000);
}

TEST(StoreWriter, ARollbackTakesBackEverything) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    add(writer, usage_text(now, "a", 10));
    ASSERT_TRUE(writer.commit());
    for (int i = 0; i < 3; i++) {
        add(writer, usage_text(now, "a", 100));
        add(writer, usage_text(now, "new", 100));
        add(writer, "nonsense");
        ASSERT_TRUE(writer.rollback());
    }
    EXPECT_EQ(writer.tally().lines, 1u);
    EXPECT_EQ(writer.tally().bad, 0u);
    add(writer, usage_text(now, "new", 5));
    ASSERT_TRUE(writer.commit());
    ASSERT_TRUE(writer.commit_sums());
    Database &database = writer.database();
    EXPECT_EQ(all(database, "sent", "usage"), 15);
    EXPECT_EQ(all(database, "sent", "minute"), 15);
    EXPECT_EQ(all(database, "sent", "who_day"), 15);
    EXPECT_EQ(number(database, "SELECT max(n) FROM usage"), 2);
    EXPECT_EQ(number(database, "SELECT count(*) FROM name WHERE text = 'new'"), 1);
}

TEST(StoreWriter, TheNextOneGoesOnWhereTheLastWasKilled) {
    const StoreDirectory directory;
    {
        Writer writer = make_writer(directory / "a.db");
        add(writer, usage_text(now, "a", 10));
        ASSERT_TRUE(writer.commit());
        add(writer, usage_text(now, "a", 1000)); // never committed
    }
    Writer writer = make_writer(directory / "a.db");
    add(writer, usage_text(now + 1, "b", 20));
    ASSERT_TRUE(writer.commit());
    ASSERT_TRUE(writer.commit_sums());
    EXPECT_EQ(all(writer.database(), "sent", "hour"), 30);
    EXPECT_EQ(all(writer.database(), "sent", "usage"), 30);
}

TEST(StoreWriter, BlocksTellWhenTheirLinesWere) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    for (const int64_t offset : {0, 5, -3, 20, 21}) {
        add(writer, usage_text(now + offset * 1'000'000, "a", 1));
        ASSERT_TRUE(writer.commit());
    }
    add(writer, R"({"event_type":"icmp"})", now + 22'000'000);
    ASSERT_TRUE(writer.commit());
    Database &database = writer.database();
    EXPECT_EQ(number(database, "SELECT count(*) FROM block"), 2);
    EXPECT_EQ(number(database, "SELECT time_from FROM block WHERE first = 1"), now - 3'000'000);
    EXPECT_EQ(number(database, "SELECT time_to FROM block WHERE first = 1"), now + 20'000'000);
    EXPECT_EQ(number(database, "SELECT last FROM block WHERE first = 1"), 4);
    EXPECT_EQ(number(database, "SELECT time_to FROM block WHERE first = 5"), now + 22'000'000);
}

TEST(StoreWriter, WhatIsNotUsageIsKeptAsItIs) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    add(writer, R"( {"event_type" : "icmp", "x":1 } )", 77);
    add(writer, R"({"event_type":"lost","stream":"icmp","count":17,"timestamp":5})");
    add(writer, usage_text(now, "a", 1, R"(,"total":true)"));
    ASSERT_TRUE(writer.add_lost({{"usage", 4}}, 99));
    ASSERT_TRUE(writer.commit());
    Database &database = writer.database();
    EXPECT_EQ(number(database, "SELECT time FROM event WHERE json = ' {\"event_type\" : \"icmp\", "
                               "\"x\":1 } '"),
              77);
    EXPECT_EQ(number(database, "SELECT sum(count) FROM lost"), 21);
    EXPECT_EQ(number(database, "SELECT count(*) FROM lost WHERE json ->> 'lost_by' = 'ebpf-store' "
                               "AND json ->> 'count' = 4 AND json ->> 'stream' = 'usage'"),
              1);
    EXPECT_EQ(number(database, "SELECT count(*) FROM usage"), 0);
    EXPECT_EQ(writer.tally().totals, 1u);
}

TEST(StoreWriter, MoreNamesThanMemoryHolds) {
    const StoreDirectory directory;
    Writer writer = make_writer(directory / "a.db");
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 6000; i++)
            add(writer, usage_text(now, std::string(4000, 'x') + std::to_string(i), 1));
    ASSERT_TRUE(writer.commit());
    ASSERT_TRUE(writer.commit_sums());
    EXPECT_EQ(number(writer.database(), "SELECT count(*) FROM who"), 6000);
    EXPECT_EQ(number(writer.database(), "SELECT min(sent) FROM who_day"), 2);
}

} // namespace
} // namespace pinpipe::store
