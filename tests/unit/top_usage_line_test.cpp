#include "tools/top/usage_line.h"

#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

constexpr const char *whole =
    R"({"v":1,"event_type":"usage","timestamp":1,"timestamp_us":1000,"pid":7,"comm":"curl",)"
    R"("start_time":5,"proto":"tcp","remote_ip":"::1","bytes_sent":10,"bytes_received":20,)"
    R"("interval_ms":500,"another":[1,{"a":null}]})";

TEST(TopUsageLine, AWholeOne) {
    const UsageLine line = parse_line(whole);
    EXPECT_EQ(line.kind, LineKind::usage);
    EXPECT_EQ(line.time, 1000u);
    EXPECT_EQ(line.pid, 7u);
    EXPECT_EQ(line.start, 5u);
    EXPECT_EQ(line.comm, "curl");
    EXPECT_EQ(line.proto, "tcp");
    EXPECT_EQ(line.remote, "::1");
    EXPECT_EQ(line.sent, 10u);
    EXPECT_EQ(line.received, 20u);
    EXPECT_EQ(line.interval, 500u);
    EXPECT_FALSE(line.total);
}

TEST(TopUsageLine, Losses) {
    const UsageLine of_usage = parse_line(
        R"({"event_type":"lost","stream":"usage","count":3,"bytes_sent":4,"bytes_received":5})");
    EXPECT_EQ(of_usage.kind, LineKind::lost);
    EXPECT_EQ(of_usage.count, 3u);
    EXPECT_EQ(of_usage.sent + of_usage.received, 9u);
    EXPECT_EQ(parse_line(R"({"event_type":"lost","stream":"icmp","count":3})").kind,
              LineKind::lost);
}

TEST(TopUsageLine, OthersAreLeftAlone) {
    for (const char *text : {"", "  ", "\r", R"({"event_type":"icmp"})"})
        EXPECT_EQ(parse_line(text).kind, LineKind::other) << text;
}

TEST(TopUsageLine, WhatIsWrongIsBad) {
    for (const char *text :
         {"x", "[]", "7", "{", "{}", R"({"event_type":1})", R"({"event_type":"usage"})",
          R"({"event_type":"lost"})", R"({"event_type":"lost","count":-1})", "\xff", "null"})
        EXPECT_EQ(parse_line(text).kind, LineKind::bad) << text;
    const std::string text = whole;
    const std::pair<const char *, const char *> changes[] = {
        {R"("pid":7)", R"("pid":"7")"},
        {R"("pid":7,)", ""},
        {R"("bytes_sent":10)", R"("bytes_sent":1.5)"},
        {R"("bytes_sent":10)", R"("bytes_sent":-10)"},
        {R"("comm":"curl")", R"("comm":null)"},
        {R"("remote_ip":"::1")", R"("remote_ip":1)"},
        {R"("timestamp_us":1000)", R"("timestamp_us":true)"},
        {R"("interval_ms":500)", R"("interval_ms":500,"total":1)"}};
    for (const auto &[from, to] : changes) {
        std::string changed = text;
        ASSERT_NE(changed.find(from), changed.npos);
        changed.replace(changed.find(from), std::string_view(from).size(), to);
        EXPECT_EQ(parse_line(changed).kind, LineKind::bad) << changed;
    }
}

TEST(TopUsageLine, HostileOnes) {
    EXPECT_EQ(parse_line(std::string(1 << 20, '[')).kind, LineKind::bad);
    std::string deep = R"({"event_type":"icmp","a":)";
    deep += std::string(100000, '[') + std::string(100000, ']') + "}";
    EXPECT_EQ(parse_line(deep).kind, LineKind::other);
    std::string longest = whole;
    longest.replace(longest.find("curl"), 4, std::string(257, 'c'));
    EXPECT_EQ(parse_line(longest).kind, LineKind::bad);
    EXPECT_EQ(parse_line(std::string_view("{\"event_type\":\"icmp\"}\0", 22)).kind, LineKind::bad);
}

} // namespace
} // namespace pinpipe::top
