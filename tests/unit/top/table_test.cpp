// SPDX-License-Identifier: MIT
#include "tools/top/table.h"

#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

EventLine line(uint64_t time, uint64_t pid, const char *remote, uint64_t sent, uint64_t received,
               const char *proto = "tcp") {
    EventLine l;
    l.kind = LineKind::usage;
    l.time = time;
    l.key = {pid, pid, proto, remote};
    l.name = "p" + std::to_string(pid);
    l.amounts[bytes_sent] = sent;
    l.amounts[bytes_received] = received;
    l.interval = 500;
    return l;
}

std::vector<Row> rows(const Table &table, By by = By::process, Column sort = Column::number,
                      bool ascending = false, const char *filter = "") {
    return table.rows(by, sort, ascending, filter);
}

TEST(TopTable, AddsUpByProcess) {
    Table table;
    table.add(line(1, 1, "a", 10, 100));
    table.add(line(1, 1, "b", 20, 200, "udp"));
    table.add(line(1, 2, "a", 5, 50));
    const auto all = rows(table);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].number, 1u);
    EXPECT_EQ(all[0].name, "p1");
    EXPECT_EQ(all[0].total[bytes_sent], 30u);
    EXPECT_EQ(all[0].total[bytes_received], 300u);
    EXPECT_EQ(all[0].rate[bytes_sent], 60);
    EXPECT_EQ(all[0].rate[bytes_received], 600);
    EXPECT_EQ(all[0].proto, "*");
    EXPECT_EQ(all[1].proto, "tcp");
}

TEST(TopTable, AddsUpByRemoteAndByBoth) {
    Table table;
    table.add(line(1, 1, "a", 10, 100));
    table.add(line(1, 2, "a", 5, 50));
    table.add(line(1, 2, "", 1, 2));
    const auto remotes = rows(table, By::remote, Column::place);
    ASSERT_EQ(remotes.size(), 2u);
    EXPECT_EQ(remotes[0].place, "-");
    EXPECT_EQ(remotes[1].place, "a");
    EXPECT_EQ(remotes[1].total[bytes_sent], 15u);
    EXPECT_EQ(remotes[1].name, "");
    EXPECT_EQ(rows(table, By::both).size(), 3u);
}

TEST(TopTable, RatesAreTheLastSnapshots) {
    Table table;
    EXPECT_FALSE(table.add(line(1, 1, "a", 10, 0)));
    EXPECT_FALSE(table.add(line(1, 2, "a", 10, 0)));
    EXPECT_TRUE(table.add(line(2, 2, "a", 7, 0)));
    const auto all = rows(table);
    EXPECT_EQ(all[0].rate[bytes_sent], 0);
    EXPECT_EQ(all[0].total[bytes_sent], 10u);
    EXPECT_EQ(all[1].rate[bytes_sent], 14);
    EXPECT_EQ(all[1].total[bytes_sent], 17u);
    EXPECT_EQ(table.summary().rate[bytes_sent], 14);
    table.idle();
    EXPECT_EQ(rows(table)[1].rate[bytes_sent], 0);
    EXPECT_EQ(table.summary().rate[bytes_sent], 0);
    EXPECT_EQ(table.summary().total[bytes_sent], 27u);
}

TEST(TopTable, TotalsAreNotAddedUp) {
    Table table;
    auto first = line(1'000'000, 1, "a", 100, 0), second = line(3'000'000, 1, "a", 160, 0);
    first.total = second.total = true;
    first.interval = second.interval = 100000;
    table.add(first);
    table.add(second);
    const auto all = rows(table);
    EXPECT_EQ(all[0].total[bytes_sent], 160u);
    EXPECT_EQ(all[0].rate[bytes_sent], 30); // 60 in two seconds
}

TEST(TopTable, AProcessNumberUsedAgainIsAnotherProcess) {
    Table table;
    auto later = line(1, 1, "a", 5, 0);
    later.key.start = 99;
    table.add(line(1, 1, "a", 10, 0));
    table.add(later);
    EXPECT_EQ(rows(table).size(), 2u);
    EXPECT_EQ(table.summary().numbers, 2u);
}

TEST(TopTable, Sorting) {
    Table table;
    table.add(line(1, 1, "c", 10, 3));
    table.add(line(1, 2, "a", 30, 1));
    table.add(line(1, 3, "b", 20, 2));
    const auto order = [&](Column column, bool ascending) {
        std::string pids;
        for (const Row &row : rows(table, By::both, column, ascending))
            pids += std::to_string(row.number);
        return pids;
    };
    EXPECT_EQ(order(Column::sent_rate, false), "231");
    EXPECT_EQ(order(Column::sent, true), "132");
    EXPECT_EQ(order(Column::received, false), "132");
    EXPECT_EQ(order(Column::received_rate, true), "231");
    EXPECT_EQ(order(Column::place, false), "231");
    EXPECT_EQ(order(Column::name, true), "321");
    EXPECT_EQ(order(Column::number, false), "123");
}

TEST(TopTable, Filters) {
    Table table;
    table.add(line(1, 17, "192.0.2.1", 1, 1));
    table.add(line(1, 2, "::1", 1, 1, "udp"));
    const auto count = [&](const char *filter) {
        return rows(table, By::both, Column::number, false, filter).size();
    };
    EXPECT_EQ(count(""), 2u);
    EXPECT_EQ(count("192."), 1u);
    EXPECT_EQ(count("UDP"), 1u);
    EXPECT_EQ(count("P1"), 1u);
    EXPECT_EQ(count("17"), 1u);
    EXPECT_EQ(count("nothing"), 0u);
}

TEST(TopTable, CountsWhatIsLostAndBad) {
    Table table;
    EventLine lost;
    lost.kind = LineKind::lost;
    lost.count = 3, lost.amounts[bytes_sent] = 4, lost.amounts[bytes_received] = 5;
    table.add(lost);
    table.add(lost);
    table.add(EventLine{});
    EXPECT_EQ(table.summary().lost, 6u);
    EXPECT_EQ(table.summary().lost_amounts[bytes_sent], 8u);
    EXPECT_EQ(table.summary().lost_amounts[bytes_received], 10u);
    EXPECT_EQ(table.summary().bad, 1u);
}

// Processes come and go for ever: memory is bounded, and the sum stays right.
TEST(TopTable, ForgetsRowsButNotTheirBytes) {
    Table table;
    constexpr uint64_t snapshots = 100, each = 1000;
    for (uint64_t i = 0; i < snapshots; i++)
        for (uint64_t j = 0; j < each; j++)
            table.add(line(i + 1, i * each + j + 1, "a", 1, 2));
    EXPECT_LE(table.size(), Table::most + each);
    EXPECT_EQ(table.summary().total[bytes_sent], snapshots * each);
    EXPECT_EQ(table.summary().total[bytes_received], 2 * snapshots * each);
    EXPECT_EQ(rows(table, By::both).back().number, snapshots * each);
}

} // namespace
} // namespace pinpipe::top
