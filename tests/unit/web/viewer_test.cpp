// SPDX-License-Identifier: MIT
#include "tools/web/http/viewer.h"

#include "tests/unit/support/web.h"

#include <optional>

namespace pinpipe::web {
namespace {

using namespace std::chrono_literals;

const auto start = Viewer::Clock::now();

class WebViewer : public testing::Test {
protected:
    void add(int count) {
        for (int i = 0; i < count; i++)
            rooms_.add(*room_, "{\"n\":" + std::to_string(room_->log.next()) + "}", at_second(0));
    }
    // Enough lines to push out the first ones.
    void flood() {
        const std::string line = "\"" + std::string(60'000, 'x') + "\"";
        for (size_t i = 0; i < Rooms::most_blocks_of_a_room + 2; i++)
            rooms_.add(*room_, line, at_second(0));
    }
    static std::string all(Viewer &viewer, Viewer::Clock::time_point now = start) {
        std::string out, part(70'000, 0);
        for (size_t size;
             viewer.has_news(now) && (size = viewer.fill(part.data(), part.size(), now));)
            out.append(part, 0, size);
        return out;
    }
    static size_t count(const std::string &text, const std::string &what) {
        size_t found = 0;
        for (size_t at = 0; (at = text.find(what, at)) != text.npos; at++)
            found++;
        return found;
    }
    Viewer make(const std::string &last = "", uint64_t rate = 0) {
        return {room_, {.last_event_id = last, .rate = rate}, start};
    }

    Rooms rooms_{"e"};
    std::shared_ptr<Room> room_ = rooms_.open("icmp", Source::standard_input, at_second(0));
};

TEST_F(WebViewer, JoinsWithTheLast200AndGoesOn) {
    add(300);
    Viewer viewer = make();
    EXPECT_EQ(room_->viewers, 1u);
    const std::string first = all(viewer);
    EXPECT_EQ(count(first, "data: {\"n\":"), 200u);
    EXPECT_TRUE(first.find("data: {\"n\":101}\n\n") != first.npos);
    EXPECT_FALSE(viewer.has_news(start));
    add(1);
    EXPECT_EQ(all(viewer), "id: e.1-301\ndata: {\"n\":301}\n\n");
}

TEST_F(WebViewer, GoesOnBehindTheLastEventId) {
    add(300);
    Viewer viewer = make("e.1-50");
    const std::string text = all(viewer);
    EXPECT_EQ(count(text, "data: {\"n\":"), 250u);
    EXPECT_EQ(text.find("lost"), text.npos);
    Viewer newest = make("e.1-300");
    EXPECT_EQ(count(all(newest), "data: "), 0u);
}

TEST_F(WebViewer, AnIdOfAnotherRunIsLost) {
    add(5);
    for (const char *id : {"other-3", "e.1-99", "e.1-", "e.1-x", "e.1", "e.1-3 "}) {
        Viewer viewer = make(id);
        const std::string text = all(viewer);
        EXPECT_EQ(count(text, "event: lost\ndata: {\"count\":0,\"restarted\":true}\n\n"), 1u) << id;
        EXPECT_EQ(count(text, "data: {\"n\":"), 5u);
    }
}

TEST_F(WebViewer, AResumePointThatIsGoneIsLost) {
    add(1);
    flood();
    Viewer viewer = make("e.1-1");
    const std::string text = all(viewer);
    const uint64_t kept = room_->log.next() - room_->log.first();
    EXPECT_EQ(count(text, "event: lost\ndata: {\"count\":" +
                              std::to_string(room_->log.next() - kept - 2) + "}"),
              1u);
}

TEST_F(WebViewer, ASlowOneIsToldHowManyItLost) {
    add(10);
    Viewer viewer = make();
    all(viewer);
    while (room_->log.first() <= 11)
        add(1000);
    const uint64_t gone = room_->log.next() - Viewer::joining_lines - 11;
    const std::string text = all(viewer);
    EXPECT_TRUE(
        text.starts_with("event: lost\ndata: {\"count\":" + std::to_string(gone) + "}\n\n"));
    EXPECT_EQ(count(text, "data: {\"n\":"), Viewer::joining_lines); // the latest
    EXPECT_EQ(room_->viewers_lost, gone);
}

TEST_F(WebViewer, HalfAnEventThatIsGoneEndsTheConnection) {
    flood();
    Viewer viewer = make();
    std::string part(1000, 0);
    viewer.fill(part.data(), part.size(), start);
    flood();
    EXPECT_EQ(viewer.fill(part.data(), part.size(), start), 0u);
    EXPECT_TRUE(viewer.broken());
}

TEST_F(WebViewer, TheEndIsToldOnceAndALaterBeginningToo) {
    add(1);
    Viewer viewer = make();
    rooms_.end_input();
    EXPECT_EQ(count(all(viewer), "event: end\ndata: {}\n\n"), 1u);
    EXPECT_FALSE(viewer.has_news(start));
    room_->ended = false;
    add(1);
    EXPECT_EQ(count(all(viewer), "event: end"), 0u);
    room_->ended = true;
    EXPECT_EQ(all(viewer), "event: end\ndata: {}\n\n");
}

TEST_F(WebViewer, AHeartbeatWhereNothingHappens) {
    Viewer viewer = make();
    all(viewer);
    EXPECT_FALSE(viewer.has_news(start + 14s));
    EXPECT_EQ(all(viewer, start + 15s), ": heartbeat\n\n");
    EXPECT_FALSE(viewer.has_news(start + 16s));
}

TEST_F(WebViewer, ARateThinsOutAndCounts) {
    add(200);
    Viewer viewer = make("", 10);
    EXPECT_EQ(count(all(viewer), "data: {\"n\":"), 200u); // the lines from before
    add(100);
    EXPECT_FALSE(viewer.has_news(start));
    const std::string text = all(viewer, start + 1s);
    EXPECT_EQ(count(text, "data: {\"n\":"), 10u);
    EXPECT_TRUE(text.find("data: {\"n\":300}") != text.npos);
    EXPECT_EQ(count(text, "event: sampled\ndata: {\"count\":90}\n\n"), 1u);
    EXPECT_EQ(all(viewer, start + 2s), "");
}

} // namespace
} // namespace pinpipe::web
