// SPDX-License-Identifier: MIT
#include "tools/web/model/hub.h"

#include "tests/unit/support/web.h"
#include "tools/web/http/upload.h"

namespace pinpipe::web {
namespace {

TEST(WebHub, RoomsByType) {
    Fed fed({R"({"event_type":"icmp"})", R"({"event_type":"icmp","x":{"y":[1]}})",
             R"({"event_type":"made-up"})", R"({"no":"type"})",
             R"({"event_type":"lost","stream":"icmp","count":7})"});
    EXPECT_EQ(fed.hub.rooms.find("icmp")->events, 3u);
    EXPECT_EQ(fed.hub.rooms.find("icmp")->lost, 7u);
    EXPECT_EQ(fed.hub.rooms.find("other")->events, 2u);
    EXPECT_EQ(fed.hub.rooms.all().size(), 2u);
    EXPECT_EQ(fed.hub.bad_lines, 0u);
}

TEST(WebHub, WhatIsNoObjectIsCounted) {
    Fed fed;
    const std::string deep = std::string(200, '[') + std::string(200, ']');
    for (const std::string &line :
         {std::string("nonsense"), std::string("[]"), std::string("1"), std::string("{"),
          std::string("{}{}"), std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":\"\n\"}"),
          std::string("{\"a\":1}\0{}", 10), "{\"a\":" + deep + "}", std::string("{\"a\":\"\t\"}")})
        EXPECT_FALSE(fed.feed(line)) << line;
    EXPECT_EQ(fed.hub.bad_lines, 10u);
    EXPECT_TRUE(fed.feed(" \t\r"));
    EXPECT_TRUE(fed.hub.rooms.all().empty());
}

TEST(WebHub, LinesStayOneLineAndHarmless) {
    Fed fed({"{\"event_type\":\"tcp\",\t\"comm\":\"a\x7f\xc2\x9b\"}\r"});
    const std::string line(fed.hub.rooms.find("tcp")->log.line(1));
    EXPECT_TRUE(is_event_line(line + "\n")) << line;
    EXPECT_EQ(line, R"({"event_type":"tcp", "comm":"a\u007f\u009b"} )");
}

TEST(WebHub, ALineThatGrowsTooLongIsBad) {
    Fed fed;
    const std::string text = "{\"a\":\"" + std::string(20'000, '\x7f') + "\"}";
    EXPECT_FALSE(fed.feed(text)); // six bytes each as JSON
    EXPECT_EQ(fed.hub.bad_lines, 1u);
}

TEST(WebHub, AnUploadCountsItsOwn) {
    Fed fed;
    const auto room = fed.hub.rooms.open("x", Source::remote, at_second(0));
    {
        Upload upload(fed.hub, room), other(fed.hub, room);
        EXPECT_EQ(room->senders, 2u);
        upload.feed("{\"a\":1}\nbad\n{\"event_type\":\"usage\"");
        upload.feed("}\n\n{\"b\":2}");
        EXPECT_EQ(upload.end(), "{\"v\":1,\"accepted\":3,\"bad\":1}\n");
    }
    EXPECT_TRUE(room->ended);
    EXPECT_EQ(room->events, 3u);
    EXPECT_EQ(fed.hub.bad_lines, 0u);
    EXPECT_EQ(fed.hub.summary.events(), 0u); // only standard input is summed up
}

TEST(WebHub, AnUploadThatBreaksOffLeavesNoHalfLine) {
    Fed fed;
    const auto room = fed.hub.rooms.open("x", Source::remote, at_second(0));
    Upload(fed.hub, room).feed("{\"a\":1}\n{\"b\":2}");
    EXPECT_EQ(room->events, 1u);
}

} // namespace
} // namespace pinpipe::web
