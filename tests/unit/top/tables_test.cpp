// SPDX-License-Identifier: MIT
#include "tools/top/tables.h"

#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

EventLine line(LineKind kind, uint64_t time) {
    EventLine l;
    l.kind = kind;
    l.time = time;
    l.key.number = 7;
    return l;
}

TEST(TopTables, EachSubjectHasItsTable) {
    Tables tables;
    tables.add(line(LineKind::usage, 1));
    tables.add(line(LineKind::port, 2));
    tables.add(line(LineKind::interface, 2));
    EXPECT_EQ(tables.of(Subject::usage).size(), 1u);
    EXPECT_EQ(tables.of(Subject::usage).time(), 1u);
    EXPECT_EQ(tables.of(Subject::ports).time(), 2u);
    tables.add(EventLine{});
    EXPECT_EQ(tables.bad(), 1u);
}

TEST(TopTables, ARoundHasASnapshotOfEach) {
    Tables tables;
    EXPECT_FALSE(tables.ends_round(line(LineKind::usage, 1)));
    tables.add(line(LineKind::usage, 1));
    EXPECT_FALSE(tables.ends_round(line(LineKind::usage, 1)));
    EXPECT_FALSE(tables.ends_round(line(LineKind::port, 2))); // another time, but the first line
    tables.add(line(LineKind::port, 2));
    EXPECT_FALSE(tables.ends_round(line(LineKind::lost, 3)));
    EXPECT_TRUE(tables.ends_round(line(LineKind::usage, 3)));
    EXPECT_TRUE(tables.ends_round(line(LineKind::port, 3)));
    EXPECT_TRUE(tables.in_round(Subject::usage) && tables.in_round(Subject::ports));
    tables.next_round();
    EXPECT_FALSE(tables.ends_round(line(LineKind::usage, 3)));
    EXPECT_FALSE(tables.in_round(Subject::usage) || tables.in_round(Subject::ports));
}

} // namespace
} // namespace pinpipe::top
