// SPDX-License-Identifier: MIT
#include "tests/unit/support/web.h"
#include "tools/web/api/api.h"

#include <regex>
#include <sstream>

namespace pinpipe::web {
namespace {

TEST(WebMetrics, EachIsExplainedOnceAndHasItsValues) {
    Fed fed({usage_line(7, "curl", 100, 2000), R"({"event_type":"icmp"})", "bad"});
    const std::string text = metrics_text(fed.hub);
    std::set<std::string> explained;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first, kind, name;
        words >> first >> kind >> name;
        if (first == "#" && kind == "TYPE") {
            EXPECT_TRUE(explained.insert(name).second) << line;
        }
        if (first != "#") {
            EXPECT_TRUE(explained.contains(first.substr(0, first.find('{')))) << line;
        }
    }
    EXPECT_NE(text.find("\npinpipe_bad_lines_total 1\n"), text.npos);
    EXPECT_NE(text.find("\npinpipe_room_events_total{room=\"icmp\"} 1\n"), text.npos);
    EXPECT_NE(text.find("\npinpipe_sent_bytes_total 100\n"), text.npos);
}

// Whatever the input, each line is an explanation or a value, and only rooms are labels.
TEST(WebMetrics, NamesFromOutsideAreNoLabels) {
    Fed fed(
        {R"({"event_type":"x\"} 1\n","comm":"\"\n# TYPE a b"})", usage_line(7, "a\\\"b", 1, 1)});
    for (int i = 0; i < 1000; i++)
        fed.hub.rooms.open("r" + std::to_string(i), Source::remote, at_second(i));
    const std::regex fits("# (HELP|TYPE) pinpipe_[a-z_]+ "
                          ".+|pinpipe_[a-z_]+(\\{(room|version)=\"[A-Za-z0-9._-]+\"\\})? \\d+");
    std::istringstream lines(metrics_text(fed.hub));
    size_t rooms = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_TRUE(std::regex_match(line, fits)) << line;
        rooms += line.starts_with("pinpipe_room_events_total{");
    }
    EXPECT_EQ(rooms, Rooms::most_rooms);
}

} // namespace
} // namespace pinpipe::web
