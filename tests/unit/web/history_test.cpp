// SPDX-License-Identifier: MIT
#include "tools/web/history/history.h"

#include <gtest/gtest.h>

namespace pinpipe::web {
namespace {

Result<HistoryQuery> query(const std::map<std::string, std::string> &members) {
    return parse_history([&](const char *name) {
        const auto found = members.find(name);
        return found == members.end() ? "" : found->second;
    });
}

TEST(WebHistory, Times) {
    EXPECT_EQ(utc_seconds(1795000020), "2026-11-18T11:07:00Z");
    EXPECT_EQ(parse_utc("2026-11-18T11:07:00Z"), 1795000020000);
    EXPECT_EQ(parse_utc("2026-11-18T11:07:00.000001Z"), 1795000020000);
    EXPECT_EQ(parse_utc("2026-11-18T11:07:00.25Z"), 1795000020250);
    EXPECT_FALSE(parse_utc("yesterday"));
}

TEST(WebHistory, QuestionsBecomeArguments) {
    const auto all = query({{"since", "1795000020500"},
                            {"until", "1795000020500"},
                            {"process", "-n 5; reboot"},
                            {"by", "remote"},
                            {"limit", "7"}});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->arguments,
              (std::vector<std::string>{"--since=2026-11-18T11:07:00Z",
                                        "--until=2026-11-18T11:07:01Z", "--process=-n 5; reboot"}));
    EXPECT_EQ(all->by, "remote");
    EXPECT_EQ(all->limit, 7u);
    EXPECT_FALSE(all->csv);
    EXPECT_EQ(query({{"since", "24h"}})->arguments[0], "--since=24h");
    EXPECT_TRUE(query({{"format", "csv"}})->csv);
}

TEST(WebHistory, QuestionsThatAreNone) {
    for (const auto &[name, text] : std::map<std::string, std::string>{
             {"limit", "0"}, {"format", "table"}, {"process", std::string(600, 'x')}}) {
        const auto wrong = query({{name, text}});
        ASSERT_FALSE(wrong) << name;
        EXPECT_EQ(wrong.error().exit, Exit::usage);
    }
    EXPECT_FALSE(query({{"limit", "10001"}}));
    EXPECT_FALSE(query({{"limit", "-1"}}));
}

} // namespace
} // namespace pinpipe::web
