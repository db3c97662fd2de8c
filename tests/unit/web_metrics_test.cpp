#include "tests/unit/support/web.h"
#include "tools/web/api.h"

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

} // namespace
} // namespace pinpipe::web
