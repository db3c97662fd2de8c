// SPDX-License-Identifier: MIT
#include "tools/top/table.h"

#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

EventLine line(uint64_t time, uint64_t port, const char *interface, uint64_t packets,
               uint64_t bytes) {
    EventLine l;
    l.kind = LineKind::port;
    l.time = time;
    l.key = {port, 0, "tcp", interface};
    l.name = "server(17)";
    l.amounts[packets_received] = packets;
    l.amounts[bytes_received] = bytes;
    l.interval = 500;
    return l;
}

EventLine line(uint64_t time, uint64_t port, const char *interface, uint64_t packets,
               uint64_t bytes, uint64_t packets_out, uint64_t bytes_out) {
    EventLine l = line(time, port, interface, packets, bytes);
    l.amounts[packets_sent] = packets_out;
    l.amounts[bytes_sent] = bytes_out;
    return l;
}

std::vector<Row> rows(const Table &table, Column sort = Column::number, const char *filter = "") {
    return table.rows(By::port, sort, false, filter);
}

TEST(TopTablePorts, ARowForEachPortProtocolAndInterface) {
    Table table(Subject::ports);
    EventLine udp = line(1, 53, "lo", 1, 60);
    udp.key.proto = "udp";
    for (const EventLine &l : {line(1, 53, "lo", 10, 600), line(1, 53, "eth0", 2, 120), udp})
        table.add(l);
    const auto all = rows(table);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].place, "eth0");
    EXPECT_EQ(all[1].place, "lo");
    EXPECT_EQ(all[1].name, "server(17)");
    EXPECT_EQ(all[1].rate[packets_received], 20);
    EXPECT_EQ(all[1].rate[bytes_received], 1200);
    EXPECT_EQ(all[1].total[bytes_received], 600u);
    EXPECT_EQ(all[2].proto, "udp");
    EXPECT_EQ(table.summary().numbers, 2u); // 53/tcp, 53/udp
    EXPECT_EQ(table.summary().rate[packets_received], 26);
}

TEST(TopTablePorts, WhatIsNotMeasuredIsNot0) {
    Table table(Subject::ports);
    table.add(line(1, 80, "lo", 1, 60));
    table.add(line(1, 443, "lo", 1, 60, 0, 0));
    table.add(line(1, 8080, "lo", 1, 60, 2, 99));
    auto all = rows(table);
    EXPECT_EQ(all[0].rate[bytes_sent], std::nullopt);
    EXPECT_EQ(all[0].total[bytes_sent], std::nullopt);
    EXPECT_EQ(all[1].rate[packets_sent], 0);
    EXPECT_EQ(all[1].total[bytes_sent], 0u);
    EXPECT_EQ(table.summary().total[bytes_sent], 99u);
    table.idle();
    all = rows(table);
    EXPECT_EQ(all[0].rate[bytes_sent], std::nullopt);
    EXPECT_EQ(all[2].rate[bytes_sent], 0);
    const auto by_sent = rows(table, Column::sent); // the largest first, unmeasured ones last
    EXPECT_EQ(by_sent[0].number, 8080u);
    EXPECT_EQ(by_sent[2].number, 80u);
}

// A port without packets and with the same owners has no line in a snapshot.
TEST(TopTablePorts, OwnersAreTheLastOnesTold) {
    Table table(Subject::ports);
    table.add(line(1, 80, "lo", 5, 300));
    EventLine exited = line(2, 80, "lo", 0, 0);
    exited.name = "";
    table.add(exited);
    const auto all = rows(table);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].name, "");
    EXPECT_EQ(all[0].rate[packets_received], 0);
    EXPECT_EQ(all[0].total[bytes_received], 300u);
}

TEST(TopTablePorts, APortWithoutALineHasRate0) {
    Table table(Subject::ports);
    table.add(line(1, 80, "lo", 5, 300));
    table.add(line(2, 81, "lo", 1, 60));
    EXPECT_EQ(rows(table)[0].rate[packets_received], 0);
    EXPECT_EQ(rows(table)[1].rate[packets_received], 2);
}

TEST(TopTablePorts, AnInterfacesOwnNumbersAreInTheSumsAlone) {
    Table table(Subject::ports);
    EventLine interface;
    interface.kind = LineKind::interface;
    interface.key.place = "lo";
    interface.total = true;
    for (uint64_t i = 1; i < 4; i++) {
        interface.time = i;
        interface.amounts[fragments] = 10 * i;
        table.add(interface);
    }
    EXPECT_EQ(rows(table).size(), 0u);
    EXPECT_EQ(table.summary().numbers, 0u);
    EXPECT_EQ(table.summary().total[fragments], 30u);
    EXPECT_EQ(table.summary().total[malformed], std::nullopt);
}

// The line of an interface may come first, and without the interval.
TEST(TopTablePorts, AnIntervalThatIsNotToldIsAsBefore) {
    Table table(Subject::ports);
    EventLine interface;
    interface.kind = LineKind::interface;
    table.add(line(1, 80, "lo", 5, 300));
    interface.time = 2;
    table.add(interface);
    table.add(line(2, 80, "lo", 5, 300));
    EXPECT_EQ(rows(table)[0].rate[packets_received], 10);
}

TEST(TopTablePorts, Filters) {
    Table table(Subject::ports);
    table.add(line(1, 5050, "lo", 1, 1));
    table.add(line(1, 80, "eth0", 1, 1));
    EXPECT_EQ(rows(table, Column::number, "ETH").size(), 1u);
    EXPECT_EQ(rows(table, Column::number, "5050/tcp").size(), 1u);
    EXPECT_EQ(rows(table, Column::number, "server(17").size(), 2u);
    EXPECT_EQ(rows(table, Column::number, "udp").size(), 0u);
}

TEST(TopTablePorts, SortsByPackets) {
    Table table(Subject::ports);
    table.add(line(1, 1, "lo", 5, 1, 6, 1));
    table.add(line(1, 2, "lo", 6, 1, 5, 1));
    EXPECT_EQ(rows(table, Column::packets_received_rate)[0].number, 2u);
    EXPECT_EQ(rows(table, Column::packets_sent_rate)[0].number, 1u);
}

TEST(TopTablePorts, OtherSubjectsAreLeftAlone) {
    Table ports(Subject::ports), usage(Subject::usage);
    EventLine l = line(1, 80, "lo", 1, 60);
    EXPECT_FALSE(usage.add(l));
    EXPECT_EQ(usage.size(), 0u);
    EXPECT_EQ(usage.time(), 0u);
    l.kind = LineKind::usage;
    ports.add(l);
    EXPECT_EQ(ports.size(), 0u);
}

} // namespace
} // namespace pinpipe::top
