// SPDX-License-Identifier: MIT
#include "tools/web/model/event_log.h"

#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

std::string event(uint64_t number, const std::string &line) {
    return "id: e-" + std::to_string(number) + "\ndata: " + line + "\n\n";
}

std::string copied(const EventLog &ring, Position &at, size_t room) {
    std::string out(room, 0);
    out.resize(ring.copy(at, out.data(), room));
    return out;
}

TEST(WebRing, EventsAreWhole) {
    EventLog ring("e");
    for (int i = 1; i <= 3; i++)
        ring.add("{\"a\":" + std::to_string(i) + "}");
    Position at{1, 0};
    const std::string two = event(1, "{\"a\":1}") + event(2, "{\"a\":2}");
    EXPECT_EQ(copied(ring, at, two.size() + 3), two);
    EXPECT_EQ(at.line, 3u);
    EXPECT_EQ(at.inside, 0u);
    EXPECT_EQ(copied(ring, at, 1000), event(3, "{\"a\":3}"));
    EXPECT_EQ(copied(ring, at, 1000), "");
    EXPECT_EQ(ring.line(2), "{\"a\":2}");
}

TEST(WebRing, WhatDoesNotFitGoesInParts) {
    EventLog ring("e");
    const std::string line = "\"" + std::string(300, 'x') + "\"";
    ring.add(line);
    ring.add("2");
    Position at{1, 0};
    std::string all;
    for (std::string part; !(part = copied(ring, at, 100)).empty();) {
        EXPECT_LE(part.size(), 100u);
        all += part;
    }
    EXPECT_EQ(all, event(1, line) + event(2, "2"));
}

TEST(WebRing, OverManyBlocksAndOut) {
    EventLog ring("e");
    std::string wanted;
    for (uint64_t i = 1; i <= 500; i++) {
        const std::string line = "\"" + std::string(i * 37 % 2000, 'y') + "\"";
        ring.add(line);
        wanted += event(i, line);
    }
    EXPECT_GT(ring.blocks(), 5u);
    Position at{1, 0};
    EXPECT_EQ(copied(ring, at, wanted.size()), wanted);
    ring.drop_block();
    EXPECT_GT(ring.first(), 1u);
    EXPECT_EQ(ring.next(), 501u);
    at = {ring.first(), 0};
    EXPECT_TRUE(wanted.ends_with(copied(ring, at, wanted.size())));
}

TEST(WebRing, TheLongestLineFits) {
    EventLog ring("1795274859.255");
    ring.add("first");
    ring.add(std::string(EventLog::longest_line, 'z'));
    EXPECT_EQ(ring.line(2).size(), EventLog::longest_line);
    EXPECT_EQ(ring.blocks(), 2u);
}

} // namespace
} // namespace pinpipe::web
