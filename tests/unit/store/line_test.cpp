// SPDX-License-Identifier: MIT
#include "tools/store/line.h"

#include "lib/event/json_line.h"

#include <gtest/gtest.h>

namespace pinpipe::store {
namespace {

const std::string whole =
    R"({"v":1,"event_type":"usage","timestamp":1795000000123,"timestamp_us":1795000000123456,)"
    R"("seq":9,"host":"vm","pid":7529,"ppid":7524,"uid":0,"comm":"curl","exe":"/usr/bin/curl",)"
    R"("cgroup_id":"18446744073709551615","start_time":1795231767048,"attribution":"exact",)"
    R"("proto":"tcp","remote_ip":"192.0.2.1","remote_port":443,"bytes_sent":100,)"
    R"("bytes_received":2000,"calls_sent":1,"calls_received":2,"interval_ms":500,)"
    R"("byte_layer":"socket"})";

std::string with(const std::string &more) {
    return whole.substr(0, whole.size() - 1) + more + "}";
}

TEST(StoreLine, AWholeOne) {
    LineParser parser;
    const Line &line = parser.parse(whole);
    ASSERT_EQ(line.kind, LineKind::counted);
    EXPECT_EQ(line.time, 1795000000123456u);
    EXPECT_EQ(line.seq, 9u);
    EXPECT_EQ(line.host.text, "vm");
    EXPECT_EQ(line.pid, 7529u);
    EXPECT_EQ(line.ppid, 7524u);
    EXPECT_EQ(line.uid, 0u);
    EXPECT_EQ(line.comm.text, "curl");
    EXPECT_EQ(line.exe.text, "/usr/bin/curl");
    EXPECT_EQ(line.cgroup.text, "18446744073709551615");
    EXPECT_EQ(line.start, 1795231767048u);
    EXPECT_EQ(line.attribution.text, "exact");
    EXPECT_EQ(line.proto.text, "tcp");
    EXPECT_EQ(line.remote.text, "192.0.2.1");
    EXPECT_EQ(line.port, 443u);
    EXPECT_EQ(line.sums, (Sums{100, 2000, 1, 2}));
    EXPECT_EQ(line.interval, 500u);
    EXPECT_EQ(line.extra, "");
}

TEST(StoreLine, AbsentIsNotEmpty) {
    LineParser parser;
    const Line &line = parser.parse(
        R"({"event_type":"usage","timestamp":5,"comm":"","bytes_sent":0,"bytes_received":0})");
    ASSERT_EQ(line.kind, LineKind::counted);
    EXPECT_EQ(line.time, 5000u);
    EXPECT_TRUE(line.comm.there);
    EXPECT_FALSE(line.host.there);
    for (const uint64_t value :
         {line.uid, line.port, line.pid, line.ppid, line.start, line.interval, line.seq})
        EXPECT_EQ(value, Line::absent);
}

TEST(StoreLine, WhatHasNoColumnIsKeptAsItWas) {
    LineParser parser;
    EXPECT_EQ(parser.parse(with(R"(,"a":1)")).extra, R"("a":1)");
    EXPECT_EQ(parser.parse(with(R"( , "a" : {"x":[1,2,{"}":"\"]"}]}	, "b":"\u00e9é" )")).extra,
              R"("a" : {"x":[1,2,{"}":"\"]"}]},"b":"\u00e9é")");
    EXPECT_EQ(parser.parse(R"({"z":1.50e3,)" + whole.substr(1)).extra, R"("z":1.50e3)");
    EXPECT_EQ(parser.parse(with(R"(,"stream":[],"count":"x")")).extra,
              R"("stream":[],"count":"x")");
    std::string other = whole;
    other.replace(other.find("\"v\":1"), 5, "\"v\":2");
    EXPECT_EQ(parser.parse(other).extra, R"("v":2)");
    other.replace(other.find("\"socket\""), 8, "\"packet\"");
    EXPECT_EQ(parser.parse(other).extra, R"("v":2,"byte_layer":"packet")");
}

TEST(StoreLine, OtherStreams) {
    LineParser parser;
    EXPECT_EQ(parser.parse(R"({"event_type":"icmp","timestamp_us":7,"pid":"what"})").kind,
              LineKind::event);
    EXPECT_EQ(parser.parse(R"({"event_type":"new"})").time, Line::absent);
    EXPECT_EQ(parser.parse(with(R"(,"total":true)")).kind, LineKind::event);
    EXPECT_TRUE(parser.parse(with(R"(,"total":true)")).total);
    const Line &lost = parser.parse(R"({"event_type":"lost","stream":"icmp","count":17})");
    ASSERT_EQ(lost.kind, LineKind::lost);
    EXPECT_EQ(lost.stream.text, "icmp");
    EXPECT_EQ(lost.count, 17u);
    EXPECT_EQ(parser.parse(" \t\r").kind, LineKind::empty);
    EXPECT_EQ(parser.parse("").kind, LineKind::empty);
}

TEST(StoreLine, WhatIsWrongIsBad) {
    LineParser parser;
    const std::string bad[] = {
        "x",
        "1",
        "null",
        "[]",
        "\"a\"",
        "{}",
        "{",
        whole + whole,
        whole + ",",
        R"({"event_type":7})",
        R"({"event_type":null})",
        R"({"event_type":"icmp","host":1})",
        R"({"event_type":"icmp","timestamp":"5"})",
        R"({"event_type":"icmp","timestamp":-5})",
        R"({"event_type":"icmp","timestamp":9007199254740993})",
        R"({"event_type":"icmp","timestamp":9007199254740992})", // as microseconds too large
        R"({"event_type":"usage","bytes_sent":1,"bytes_received":1})",
        R"({"event_type":"usage","timestamp":1,"bytes_sent":1})",
        R"({"event_type":"usage","timestamp":1,"bytes_sent":1.5,"bytes_received":1})",
        R"({"event_type":"usage","timestamp":1,"bytes_sent":-1,"bytes_received":1})",
        R"({"event_type":"usage","timestamp":1,"bytes_sent":9007199254740993,"bytes_received":1})",
        R"({"event_type":"lost"})",
        R"({"event_type":"lost","count":true})",
        with(R"(,"pid":"1")"),
        with(R"(,"comm":1)"),
        with(R"(,"total":1)"),
        with(R"(,"a":)"),
        with(",\"a\":\"\xff\""),
        with(",\"a\":\"\xed\xa0\x80\""),
        with(R"(,"a":"\ud800")"),
        with(",\"a\":\"\n\""),
        whole + std::string(1, '\0')};
    for (const std::string &text : bad)
        EXPECT_EQ(parser.parse(text).kind, LineKind::bad) << text;
}

TEST(StoreLine, HostileOnes) {
    LineParser parser;
    EXPECT_EQ(parser.parse(std::string(1'000'000, '[')).kind, LineKind::bad);
    EXPECT_EQ(
        parser
            .parse(R"({"event_type":"a","x":)" + std::string(99, '[') + std::string(99, ']') + "}")
            .kind,
        LineKind::event);
    EXPECT_EQ(parser
                  .parse(R"({"event_type":"a","x":)" + std::string(100, '[') +
                         std::string(100, ']') + "}")
                  .kind,
              LineKind::bad);
    EXPECT_EQ(parser.parse(with(",\"x\":\"" + std::string(900'000, 'y') + "\"")).extra.size(),
              900'006u);
    EXPECT_EQ(parser.parse(with(",\"comm\":\"" + std::string(4097, 'y') + "\"")).kind,
              LineKind::bad);
    const Line &zero = parser.parse(with(R"(,"comm":"a\u0000b")"));
    ASSERT_EQ(zero.kind, LineKind::counted);
    EXPECT_EQ(zero.comm.text, std::string_view("a\0b", 3));
}

TEST(StoreLine, WhatIsPrintedActsOnNoTerminal) {
    std::string out;
    append_json_line(out, "{\"a\":\t\"\x7f\xc2\x80\xc2\x9f\xc2\xa0é\"\r}");
    EXPECT_EQ(out, "{\"a\": \"\\u007f\\u0080\\u009f\xc2\xa0é\" }\n");
}

} // namespace
} // namespace pinpipe::store
