// SPDX-License-Identifier: MIT
#include "tools/reader/lines/event_json.h"

#include "tests/unit/support/json.h"
#include "tests/unit/support/records.h"
#include "tools/reader/lines/icmp_names.h"
#include "tools/reader/lines/lost_json.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace pinpipe {
namespace {

constexpr uint64_t most = std::numeric_limits<uint64_t>::max();
constexpr size_t name_max = 15; // bytes of an interface's name
constexpr size_t host_max = 64; // bytes of a host's name, HOST_NAME_MAX

std::string text_of(const JsonLines &lines) {
    return std::string(lines.data(), lines.size());
}

std::string icmp_line(const icmp_record &record, const LineContext &context) {
    JsonLines lines;
    write_icmp(lines, record, context);
    return text_of(lines);
}

hook_record hook_named(const std::string &name) {
    hook_record hook{};
    name.copy(hook.name, sizeof hook.name - 1);
    hook.netns = UINT32_MAX;
    return hook;
}

const LineContext plain = {
    .microseconds = 1700000000123456, .seq = 7, .hook_run = R"(,"ifname":"eth0")"};

TEST(EventJson, GoldenIcmp) {
    icmp_record record = icmp_message("192.0.2.1", "198.51.100.2", 8);
    const __u8 rest[4] = {0x12, 0x34, 0x00, 0x05};
    std::memcpy(record.rest, rest, sizeof rest);
    EXPECT_EQ(icmp_line(record, plain),
              R"({"v":1,"event_type":"icmp","timestamp":1700000000123,)"
              R"("timestamp_us":1700000000123456,"seq":7,"src_ip":"192.0.2.1",)"
              R"("dst_ip":"198.51.100.2","proto":"icmp","icmp_type":8,"icmp_code":0,)"
              R"("icmp_name":"echo-request","icmp_id":4660,"icmp_seq":5,"ttl":64,"length":84,)"
              R"("ip_version":4,"ifname":"eth0"})"
              "\n");
}

TEST(EventJson, GoldenIcmpv6WithEverything) {
    icmp_record record = icmp_message("fe80::1", "ff02::1", 129, 255);
    record.ttl = 255;
    record.length = 65535;
    set_vlans(record, 2);
    record.vlan[0] = 0xe064;
    record.vlan[1] = 0xffff;
    record.flags |= PACKET_FIRST_FRAGMENT;
    std::memset(record.rest, 0xff, sizeof record.rest);
    const std::string host = host_run("box"), hook = hook_run(hook_named("wg0"));
    const LineContext context = {
        .microseconds = 1000, .seq = 1, .host_run = host, .hook_run = hook, .community_id = true};
    const std::string line = icmp_line(record, context);
    const std::string start = R"({"v":1,"event_type":"icmp","timestamp":1,"timestamp_us":1000,)"
                              R"("seq":1,"host":"box","src_ip":"fe80::1","dst_ip":"ff02::1",)"
                              R"("proto":"icmpv6","icmp_type":129,"icmp_code":255,)"
                              R"("icmp_name":"echo-reply","icmp_id":65535,"icmp_seq":65535,)"
                              R"("ttl":255,"length":65535,"ip_version":6,"fragment":true,)"
                              R"("vlan":100,"vlan_inner":4095,"ifname":"wg0",)"
                              R"("netns":4294967295,"community_id":"1:)";
    EXPECT_EQ(line.substr(0, start.size()), start);
    EXPECT_EQ(line.substr(start.size() + 27), "=\"}\n");
}

TEST(EventJson, GoldenLost) {
    JsonLines lines;
    write_lost(lines, "icmp", 12, {.microseconds = 1700000000123456});
    const std::string host = host_run("box");
    write_lost(lines, "icmp", most, {.microseconds = 5, .seq = 9, .host_run = host});
    EXPECT_EQ(text_of(lines),
              R"({"v":1,"event_type":"lost","timestamp":1700000000123,)"
              R"("timestamp_us":1700000000123456,"stream":"icmp","count":12})"
              "\n"
              R"({"v":1,"event_type":"lost","timestamp":0,"timestamp_us":5,"host":"box",)"
              R"("stream":"icmp","count":18446744073709551615})"
              "\n");
}

TEST(EventJson, EveryTypeOfBothVersions) {
    for (unsigned version : {4u, 6u})
        for (unsigned type = 0; type < 256; type++) {
            icmp_record record = version == 4 ? icmp_message("1.2.3.4", "5.6.7.8", type, type)
                                              : icmp_message("1::2", "3::4", type, type);
            const __u8 rest[4] = {1, 2, 3, 4};
            std::memcpy(record.rest, rest, sizeof rest);
            const std::string line = icmp_line(record, plain);
            ASSERT_TRUE(is_event_line(line));
            const auto event = parse_json(line);
            const auto byte = static_cast<unsigned char>(type);
            ASSERT_STREQ(event["proto"].GetString(), version == 4 ? "icmp" : "icmpv6");
            ASSERT_EQ(event["ip_version"].GetUint(), version);
            ASSERT_EQ(event["icmp_type"].GetUint(), type);
            ASSERT_EQ(event["icmp_code"].GetUint(), type);
            const std::string_view name = icmp_name(version, byte);
            ASSERT_EQ(event.HasMember("icmp_name"), !name.empty()) << line;
            if (!name.empty()) {
                ASSERT_EQ(event["icmp_name"].GetString(), name);
            }
            const bool echo = icmp_has_echo_fields(version, byte);
            ASSERT_EQ(event.HasMember("icmp_id"), echo) << line;
            ASSERT_EQ(event.HasMember("icmp_seq"), echo) << line;
            if (echo) {
                ASSERT_EQ(event["icmp_id"].GetUint(), 0x102u);
                ASSERT_EQ(event["icmp_seq"].GetUint(), 0x304u);
            }
        }
}

TEST(EventJson, EveryCode) {
    for (unsigned code = 0; code < 256; code++) {
        const auto event = parse_json(icmp_line(icmp_message("::1", "::2", 1, code), plain));
        ASSERT_EQ(event["icmp_code"].GetUint(), code);
    }
}

TEST(EventJson, VlanTags) {
    icmp_record record = icmp_message("1.2.3.4", "5.6.7.8", 8);
    record.vlan[0] = 0xf123;
    record.vlan[1] = 0x8fff;
    for (unsigned tags = 0; tags < 3; tags++) {
        set_vlans(record, tags);
        const auto event = parse_json(icmp_line(record, plain));
        EXPECT_EQ(event.HasMember("vlan"), tags > 0);
        EXPECT_EQ(event.HasMember("vlan_inner"), tags > 1);
        EXPECT_TRUE(tags < 1 || event["vlan"].GetUint() == 0x123);
        EXPECT_TRUE(tags < 2 || event["vlan_inner"].GetUint() == 0xfff);
    }
}

TEST(EventJson, Fragment) {
    icmp_record record = icmp_message("1.2.3.4", "5.6.7.8", 8);
    EXPECT_FALSE(parse_json(icmp_line(record, plain)).HasMember("fragment"));
    record.flags |= PACKET_FIRST_FRAGMENT;
    EXPECT_TRUE(parse_json(icmp_line(record, plain))["fragment"].GetBool());
}

// Addresses of an IPv6 header are written as IPv6, also mapped ones.
TEST(EventJson, AddressesAreOfTheHeadersVersion) {
    icmp_record record = icmp_message("::ffff:1.2.3.4", "::", 128);
    ASSERT_TRUE(is_ipv6(record));
    const auto event = parse_json(icmp_line(record, plain));
    EXPECT_STREQ(event["src_ip"].GetString(), "::ffff:102:304");
    EXPECT_STREQ(event["dst_ip"].GetString(), "::");
}

TEST(EventJson, MillisecondsAreTheMicrosecondsCutOff) {
    std::mt19937_64 random(6);
    std::vector<uint64_t> times = {most, most - 1, most / 1000};
    for (uint64_t time = 0; time < 20000; time++)
        times.push_back(time);
    for (uint64_t power = 10; power <= most / 10; power *= 10)
        times.insert(times.end(), {power - 1, power, power + 1});
    for (int i = 0; i < 5000; i++)
        times.push_back(random() >> random() % 64);
    for (uint64_t time : times) {
        LineContext context = plain;
        context.microseconds = time;
        const auto event = parse_json(icmp_line(icmp_message("::1", "::2", 128), context));
        ASSERT_EQ(event["timestamp_us"].GetUint64(), time);
        ASSERT_EQ(event["timestamp"].GetUint64(), time / 1000);
        JsonLines lost;
        write_lost(lost, "icmp", 1, context);
        ASSERT_EQ(parse_json(text_of(lost))["timestamp"].GetUint64(), time / 1000);
    }
}

TEST(EventJson, NamesOfAnyBytes) {
    for (unsigned byte = 0; byte < 256; byte++) {
        const std::string name = {'a', static_cast<char>(byte), 'b'};
        const std::string hook = interface_run(name), host = host_run(name);
        LineContext context = plain;
        context.hook_run = hook;
        context.host_run = host;
        const std::string line = icmp_line(icmp_message("::1", "::2", 128), context);
        ASSERT_TRUE(is_event_line(line)) << byte;
        const auto event = parse_json(line);
        const auto text = [&](const char *key) {
            return std::string(event[key].GetString(), event[key].GetStringLength());
        };
        ASSERT_EQ(text("ifname"), with_replacements(name));
        ASSERT_EQ(text("host"), with_replacements(name));
    }
}

// With the longest values, the texts of names stay within what event_json.h promises, and the line
// within line_max; no other line is longer.
TEST(EventJson, TheLongestLineFits) {
    size_t longest_hook = 0, longest_host = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        const auto c = static_cast<char>(byte);
        longest_hook =
            std::max(longest_hook, hook_run(hook_named(std::string(name_max, c))).size());
        longest_host = std::max(longest_host, host_run(std::string(host_max, c)).size());
    }
    EXPECT_LE(longest_hook, line_run_max);
    EXPECT_LE(longest_host, line_run_max);

    icmp_record record = icmp_message("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 255);
    std::memset(record.rest, 0xff, sizeof record.rest);
    record.ttl = 255;
    record.length = 0xffffffff;
    record.vlan[0] = record.vlan[1] = 0xffff;
    record.flags = PACKET_IPV6 | PACKET_FIRST_FRAGMENT;
    set_vlans(record, 2);
    const std::string hook = ",\"\":" + std::string(line_run_max - 4, '1');
    const LineContext context = {.microseconds = most,
                                 .seq = most,
                                 .host_run = hook,
                                 .hook_run = hook,
                                 .community_id = true};
    for (unsigned type = 0; type < 256; type++) {
        record.type = static_cast<__u8>(type);
        const std::string line = icmp_line(record, context);
        EXPECT_LE(line.size(), line_max);
        EXPECT_EQ(line.back(), '\n');
        EXPECT_NE(line.find("\"seq\":18446744073709551615,"), line.npos);
        EXPECT_NE(line.find("\"length\":4294967295,"), line.npos);
    }
}

TEST(EventJson, LinesFollowEachOther) {
    JsonLines lines;
    std::string expected;
    for (unsigned i = 0; i < 500; i++) {
        LineContext context = plain;
        context.seq = i;
        const icmp_record record = icmp_message(i % 2 ? "1.2.3.4" : "1::2", "::3", i % 256);
        expected += icmp_line(record, context);
        write_icmp(lines, record, context);
        if (i % 7 == 0) {
            write_lost(lines, "icmp", i, context);
            JsonLines one;
            write_lost(one, "icmp", i, context);
            expected += text_of(one);
        }
    }
    EXPECT_EQ(text_of(lines), expected);
}

TEST(EventJson, RandomRecords) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20000; i++) {
        icmp_record record{};
        auto *const bytes = reinterpret_cast<unsigned char *>(&record);
        for (size_t at = 0; at < sizeof record; at++)
            bytes[at] = static_cast<unsigned char>(random() >> 17);
        set_vlans(record, static_cast<unsigned>(random() % 3));
        LineContext context = plain;
        context.microseconds = random();
        context.seq = random();
        context.community_id = random() % 2;
        const std::string line = icmp_line(record, context);
        ASSERT_TRUE(is_event_line(line));
        ASSERT_LE(line.size(), line_max);
        const auto event = parse_json(line);
        ASSERT_EQ(event["seq"].GetUint64(), context.seq);
        ASSERT_EQ(event["ttl"].GetUint(), record.ttl);
        ASSERT_EQ(event["length"].GetUint(), record.length);
        ASSERT_EQ(event["icmp_type"].GetUint(), record.type);
        ASSERT_EQ(event["icmp_code"].GetUint(), record.code);
        for (const auto &[key, bytes16] :
             {std::pair("src_ip", record.src.bytes), std::pair("dst_ip", record.dst.bytes)}) {
            unsigned char parsed[16];
            const bool four = !is_ipv6(record);
            ASSERT_EQ(inet_pton(four ? AF_INET : AF_INET6, event[key].GetString(), parsed), 1);
            ASSERT_EQ(std::memcmp(parsed, bytes16 + (four ? 12 : 0), four ? 4 : 16), 0);
        }
        ASSERT_EQ(event.HasMember("community_id"), context.community_id);
    }
}

} // namespace
} // namespace pinpipe
