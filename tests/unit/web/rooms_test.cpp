// SPDX-License-Identifier: MIT
#include "tools/web/model/rooms.h"

#include "tests/unit/support/web.h"

namespace pinpipe::web {
namespace {

TEST(WebRooms, Names) {
    for (const char *name : {"a", "eth0-ICMP", "web.example_1", "..."})
        EXPECT_TRUE(is_room_name(name)) << name;
    for (const std::string &name : {std::string(), std::string("."), std::string(".."),
                                    std::string("a/b"), std::string("a b"), std::string("\xc3\xa9"),
                                    std::string(65, 'a'), std::string("a\0b", 3)})
        EXPECT_FALSE(is_room_name(name)) << name;
    EXPECT_TRUE(is_room_name(std::string(64, 'a')));
}

TEST(WebRooms, ANameBelongsToItsSource) {
    Rooms rooms("e");
    const auto room = rooms.open("x", Source::remote, at_second(0));
    EXPECT_EQ(rooms.open("x", Source::remote, at_second(1)), room);
    EXPECT_EQ(rooms.open("x", Source::standard_input, at_second(1)), nullptr);
}

TEST(WebRooms, TheOldestThatNobodyIsInIsForgotten) {
    Rooms rooms("e");
    for (size_t i = 0; i < Rooms::most_rooms; i++)
        rooms.open("r" + std::to_string(i), Source::remote, at_second(static_cast<int64_t>(i)));
    rooms.find("r0")->viewers = 1;
    rooms.find("r1")->senders = 1;
    EXPECT_NE(rooms.open("new", Source::remote, at_second(1000)), nullptr);
    EXPECT_EQ(rooms.find("r2"), nullptr);
    EXPECT_EQ(rooms.forgotten(), 1u);
    for (const auto &[name, room] : rooms.all())
        room->viewers = 1;
    EXPECT_EQ(rooms.open("newer", Source::remote, at_second(1001)), nullptr);
}

TEST(WebRooms, MemoryIsBoundedInEachAndInAll) {
    Rooms rooms("e");
    const std::string line(60'000, 'x');
    size_t blocks = 0;
    const auto small = rooms.open("small", Source::remote, at_second(0));
    rooms.add(*small, "1", at_second(0));
    for (int i = 0; i < 20; i++) {
        const auto room = rooms.open("r" + std::to_string(i), Source::remote, at_second(0));
        for (size_t k = 0; k < Rooms::most_blocks_of_a_room + 5; k++)
            rooms.add(*room, line, at_second(0));
        EXPECT_LE(room->log.blocks(), Rooms::most_blocks_of_a_room);
        EXPECT_EQ(room->events, Rooms::most_blocks_of_a_room + 5);
    }
    for (const auto &[name, room] : rooms.all())
        blocks += room->log.blocks();
    EXPECT_LE(blocks, Rooms::most_blocks);
    EXPECT_EQ(small->log.line(1), "1"); // the large rooms give up lines
}

TEST(WebRooms, OnlyStandardInputEnds) {
    Rooms rooms("e");
    const auto ours = rooms.open("icmp", Source::standard_input, at_second(0));
    const auto theirs = rooms.open("x", Source::remote, at_second(0));
    rooms.end_input();
    EXPECT_TRUE(ours->ended);
    EXPECT_FALSE(theirs->ended);
}

} // namespace
} // namespace pinpipe::web
