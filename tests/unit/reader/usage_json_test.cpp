// SPDX-License-Identifier: MIT
#include "tools/reader/lines/usage_json.h"

#include "lib/base/address.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

namespace pinpipe {
namespace {

class UsageJson : public testing::Test {
protected:
    UsageJson() {
        key.pid = 1234;
        key.start = 5'000'000'000;
        key.proto = 6;
        key.port = 443;
        key.known = 1;
        key.remote = parse_prefix("192.0.2.1")->host;
        process.ppid = 1;
        process.uid = 1000;
        process.cgroup = 18446744073709551615U;
        std::strcpy(process.comm, "curl");
        context.line.microseconds = 1795218679612197;
        context.line.seq = 7;
        context.boot = 1'795'000'000'000'000'000;
        context.interval = 1'000'499;
    }
    std::string line(bool by_port = false) {
        JsonLines out;
        write_usage(out, {key, sums, &process}, by_port, context);
        return {out.data(), out.size()};
    }

    usage_key key{};
    usage_sums sums{100, 200, 3, 4};
    struct process process {};
    UsageContext context;
};

TEST_F(UsageJson, EveryField) {
    EXPECT_EQ(line(true),
              R"({"v":1,"event_type":"usage","timestamp":1795218679612,)"
              R"("timestamp_us":1795218679612197,"seq":7,"pid":1234,"ppid":1,"uid":1000,)"
              R"("comm":"curl","cgroup_id":"18446744073709551615","start_time":1795000005000,)"
              R"("attribution":"exact","proto":"tcp","remote_ip":"192.0.2.1","remote_port":443,)"
              R"("bytes_sent":100,"bytes_received":200,"calls_sent":3,"calls_received":4,)"
              R"("interval_ms":1000,"byte_layer":"socket"})"
              "\n");
}

TEST_F(UsageJson, WhatIsUnknownIsAbsent) {
    EXPECT_EQ(line().find("remote_port"), std::string::npos);
    key.port = 0;
    EXPECT_EQ(line(true).find("remote_port"), std::string::npos);
    key.known = 0;
    EXPECT_EQ(line(true).find("remote_ip"), std::string::npos);
    EXPECT_EQ(line().find("total"), std::string::npos);
    EXPECT_EQ(line().find("exe"), std::string::npos);
    context.exe_run = R"(,"exe":"/usr/bin/curl")";
    EXPECT_NE(line().find(R"("comm":"curl","exe":"/usr/bin/curl","cgroup_id")"), std::string::npos);
    context.total = true;
    EXPECT_NE(line().find(R"("total":true)"), std::string::npos);
}

TEST_F(UsageJson, AddressesAndProtocols) {
    key.remote = parse_prefix("2001:db8::1")->host;
    EXPECT_NE(line().find(R"("remote_ip":"2001:db8::1")"), std::string::npos);
    const std::pair<int, const char *> names[] = {{1, "icmp"},        {6, "tcp"},
                                                  {17, "udp"},        {58, "icmpv6"},
                                                  {132, "sctp"},      {136, "udplite"},
                                                  {USAGE_RAW, "raw"}, {USAGE_PACKET, "packet"},
                                                  {47, "47"},         {USAGE_MPTCP, "mptcp"}};
    for (const auto &[number, name] : names)
        EXPECT_EQ(usage_proto(static_cast<uint8_t>(number)), name);
}

// Names may hold any bytes; a name of 16 bytes without NUL is impossible, and is not read further.
TEST_F(UsageJson, HostileNames) {
    const char *const names[] = {"a\"b\\c\n\x1b[31m", "\xff\xfe\xc3", "\xc2\x9b\x33\x31m", "",
                                 "0123456789abcdef"};
    for (const char *name : names) {
        std::memset(process.comm, 0, sizeof process.comm);
        std::memcpy(process.comm, name, std::min(std::strlen(name), sizeof process.comm));
        const std::string text = line();
        rapidjson::Document document;
        ASSERT_FALSE(document.Parse(text.c_str()).HasParseError()) << text;
        EXPECT_EQ(text.find('\n'), text.size() - 1);
        for (const char c : text.substr(0, text.size() - 1))
            EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << text;
    }
}

TEST_F(UsageJson, TheLongestLineFits) {
    key.remote = parse_prefix("1234:1234:1234:1234:1234:1234:1234:1234")->host;
    key.pid = process.ppid = process.uid = UINT32_MAX;
    key.port = 32767;
    sums = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    std::memset(process.comm, 0x7f, sizeof process.comm);
    const std::string host = host_run(std::string(64, '\x7f'));
    context.line.host_run = host;
    context.line.microseconds = context.line.seq = context.interval = UINT64_MAX;
    context.total = true;
    EXPECT_LT(line(true).size(), line_max - 64);
}

TEST_F(UsageJson, Losses) {
    JsonLines out;
    write_usage_lost(out, "full", sums, context);
    EXPECT_EQ(std::string(out.data(), out.size()),
              R"({"v":1,"event_type":"lost","timestamp":1795218679612,)"
              R"("timestamp_us":1795218679612197,"stream":"usage","reason":"full","count":7,)"
              R"("bytes_sent":100,"bytes_received":200,"calls_sent":3,"calls_received":4})"
              "\n");
}

} // namespace
} // namespace pinpipe
