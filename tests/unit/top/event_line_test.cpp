// SPDX-License-Identifier: MIT
#include "tools/top/event_line.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace pinpipe::top {
namespace {

constexpr std::nullopt_t none = std::nullopt;

constexpr const char *whole =
    R"({"v":1,"event_type":"usage","timestamp":1,"timestamp_us":1000,"pid":7,"comm":"curl",)"
    R"("start_time":5,"proto":"tcp","remote_ip":"::1","bytes_sent":10,"bytes_received":20,)"
    R"("interval_ms":500,"another":[1,{"a":null}]})";

TEST(TopEventLine, AWholeOne) {
    const EventLine line = parse_line(whole);
    EXPECT_EQ(line.kind, LineKind::usage);
    EXPECT_EQ(line.time, 1000u);
    EXPECT_EQ(line.key.number, 7u);
    EXPECT_EQ(line.key.start, 5u);
    EXPECT_EQ(line.name, "curl");
    EXPECT_EQ(line.key.proto, "tcp");
    EXPECT_EQ(line.key.place, "::1");
    EXPECT_EQ(line.amounts[bytes_sent], 10u);
    EXPECT_EQ(line.amounts[bytes_received], 20u);
    EXPECT_EQ(line.interval, 500u);
    EXPECT_FALSE(line.total);
}

TEST(TopEventLine, Losses) {
    const EventLine of_usage = parse_line(
        R"({"event_type":"lost","stream":"usage","count":3,"bytes_sent":4,"bytes_received":5})");
    EXPECT_EQ(of_usage.kind, LineKind::lost);
    EXPECT_EQ(of_usage.count, 3u);
    EXPECT_EQ(of_usage.amounts[bytes_sent], 4u);
    EXPECT_EQ(of_usage.amounts[bytes_received], 5u);
    EXPECT_EQ(parse_line(R"({"event_type":"lost","stream":"icmp","count":3})").kind,
              LineKind::lost);
}

constexpr const char *port =
    R"({"v":1,"event_type":"ports","timestamp":1,"timestamp_us":1000,"seq":1,"local_port":5050,)"
    R"("proto":"tcp","ifname":"lo","packets_received":10,"bytes_received":840,"packets_sent":9,)"
    R"("bytes_sent":760,"byte_layer":"packet","owners":[{"pid":17,"comm":"server","uid":0,)"
    R"("bytes_received":600,"exited":true},{"pid":18,"comm":"a,b"}],"interval_ms":500})";

// Returns the text with from replaced, which it must contain.
std::string changed(std::string text, std::string_view from, std::string_view to) {
    EXPECT_NE(text.find(from), text.npos) << from;
    return text.replace(text.find(from), from.size(), to);
}

TEST(TopEventLine, APort) {
    const EventLine line = parse_line(port);
    EXPECT_EQ(line.kind, LineKind::port);
    EXPECT_EQ(line.time, 1000u);
    EXPECT_EQ(line.key, (Key{5050, 0, "tcp", "lo"}));
    EXPECT_EQ(line.name, "server(17 exited), a\xef\xbf\xbd"
                         "b(18)");
    EXPECT_EQ(line.amounts, (Amounts{760, 840, 9, 10, none, none}));
    EXPECT_EQ(line.interval, 500u);
}

TEST(TopEventLine, APortWithoutWhatIsNotMeasuredAndWithoutOwners) {
    std::string text = changed(port, R"("packets_sent":9,)", "");
    text = changed(text, R"("bytes_sent":760,)", "");
    text = changed(text, text.substr(text.find('['), text.find(']') - text.find('[') + 1), "[]");
    const EventLine line = parse_line(text);
    EXPECT_EQ(line.kind, LineKind::port);
    EXPECT_EQ(line.name, "");
    EXPECT_EQ(line.amounts, (Amounts{none, 840, none, 10, none, none}));
}

TEST(TopEventLine, WhatAnInterfaceReceivesForNoPort) {
    const EventLine line =
        parse_line(R"({"event_type":"ports","timestamp_us":1,"ifname":"lo","fragments_received":3,)"
                   R"("malformed_received":4,"interval_ms":500})");
    EXPECT_EQ(line.kind, LineKind::interface);
    EXPECT_EQ(line.key, (Key{0, 0, "", "lo"}));
    EXPECT_EQ(line.amounts, (Amounts{none, none, none, none, 3, 4}));
}

TEST(TopEventLine, OwnersThatAreTooManyAreCounted) {
    std::string owners = R"("owners":[)";
    for (int pid = 100; pid < 300; pid++)
        owners += R"({"pid":)" + std::to_string(pid) + R"(,"comm":"nginx"},)";
    const EventLine line = parse_line(changed(port, R"("owners":[)", owners));
    EXPECT_EQ(line.kind, LineKind::port);
    EXPECT_LT(line.name.size(), owners_length + 100);
    EXPECT_TRUE(line.name.starts_with("nginx(100), nginx(101), "));
    const size_t named = static_cast<size_t>(std::ranges::count(line.name, '('));
    EXPECT_TRUE(line.name.ends_with(" +" + std::to_string(202 - named))) << line.name;
}

TEST(TopEventLine, WhatIsWrongWithAPortIsBad) {
    const std::pair<const char *, const char *> changes[] = {
        {R"("local_port":5050)", R"("local_port":"5050")"},
        {R"("proto":"tcp",)", ""},
        {R"("ifname":"lo",)", ""},
        {R"("packets_received":10,)", ""},
        {R"("bytes_received":840,)", ""},
        {R"("packets_sent":9)", R"("packets_sent":null)"},
        {R"("timestamp_us":1000,)", ""},
        {R"("interval_ms":500)", R"("interval_ms":-1)"},
        {R"("pid":17)", R"("pid":"17")"},
        {R"("pid":17,)", ""},
        {R"("comm":"server",)", ""},
        {R"("exited":true)", R"("exited":1)"},
        {R"({"pid":18,"comm":"a,b"})", "18"},
        {R"("owners":[)", R"("owners":1,"o":[)"}};
    for (const auto &[from, to] : changes) {
        const std::string text = changed(port, from, to);
        EXPECT_EQ(parse_line(text).kind, LineKind::bad) << text;
    }
}

TEST(TopEventLine, OthersAreLeftAlone) {
    for (const char *text : {"", "  ", "\r", R"({"event_type":"icmp"})"})
        EXPECT_EQ(parse_line(text).kind, LineKind::other) << text;
}

TEST(TopEventLine, WhatIsWrongIsBad) {
    for (const char *text :
         {"x", "[]", "7", "{", "{}", R"({"event_type":1})", R"({"event_type":"usage"})",
          R"({"event_type":"lost"})", R"({"event_type":"lost","count":-1})", "\xff", "null"})
        EXPECT_EQ(parse_line(text).kind, LineKind::bad) << text;
    const std::pair<const char *, const char *> changes[] = {
        {R"("pid":7)", R"("pid":"7")"},
        {R"("pid":7,)", ""},
        {R"("bytes_sent":10)", R"("bytes_sent":1.5)"},
        {R"("bytes_sent":10)", R"("bytes_sent":-10)"},
        {R"("comm":"curl")", R"("comm":null)"},
        {R"("remote_ip":"::1")", R"("remote_ip":1)"},
        {R"("timestamp_us":1000)", R"("timestamp_us":true)"},
        {R"("interval_ms":500)", R"("interval_ms":500,"total":1)"}};
    for (const auto &[from, to] : changes)
        EXPECT_EQ(parse_line(changed(whole, from, to)).kind, LineKind::bad) << from;
}

TEST(TopEventLine, HostileOnes) {
    EXPECT_EQ(parse_line(std::string(1 << 20, '[')).kind, LineKind::bad);
    std::string deep = R"({"event_type":"icmp","a":)";
    deep += std::string(100000, '[') + std::string(100000, ']') + "}";
    EXPECT_EQ(parse_line(deep).kind, LineKind::bad); // deeper than any event is
    std::string longest = whole;
    longest.replace(longest.find("curl"), 4, std::string(257, 'c'));
    EXPECT_EQ(parse_line(longest).kind, LineKind::bad);
    EXPECT_EQ(parse_line(std::string_view("{\"event_type\":\"icmp\"}\0", 22)).kind, LineKind::bad);
}

} // namespace
} // namespace pinpipe::top
