// SPDX-License-Identifier: MIT
#include "tools/reader/lines/ports_json.h"

#include "tests/unit/support/json.h"

#include <gtest/gtest.h>

namespace pinpipe {
namespace {

class PortsJson : public testing::Test {
protected:
    PortsJson() {
        context.line.microseconds = 1795218679612197;
        context.line.seq = 7;
        context.line.hook_run = R"(,"ifname":"eth0")";
        context.boot = 1'795'000'000'000'000'000;
        context.interval = 999'501;
        entry.index = 5050;
        entry.received = {10, 840};
        owner.pid = 17;
        owner.start = 5'000'000'000;
        owner.uid = 1000;
        owner.comm = "custom_server";
        owner.exact = owner.bound = owner.holds = true;
    }
    std::string line() {
        JsonLines out;
        write_ports(out, entry, context);
        return {out.data(), out.size()};
    }

    PortOwner owner;
    PortsEntry entry;
    PortsContext context;
};

constexpr const char *start =
    R"({"v":1,"event_type":"ports","timestamp":1795218679612,"timestamp_us":1795218679612197,"seq":7)";

TEST_F(PortsJson, EveryField) {
    entry.sent = count_record{9, 760};
    std::vector<PortOwner> owners{owner, owner};
    owners[0].counted = true;
    owners[0].bytes_received = 600;
    owners[0].bytes_sent = 500;
    owners[1].pid = 18;
    owners[1].exact = owners[1].holds = false;
    entry.owners = owners;
    EXPECT_EQ(
        line(),
        std::string(start) +
            R"(,"local_port":5050,"proto":"tcp","ifname":"eth0","packets_received":10,)"
            R"("bytes_received":840,"packets_sent":9,"bytes_sent":760,"owners":[{"pid":17,)"
            R"("comm":"custom_server","uid":1000,"start_time":1795000005000,"attribution":"exact",)"
            R"("bytes_received":600,"bytes_sent":500,"byte_layer":"socket"},{"pid":18,)"
            R"("comm":"custom_server","uid":1000,"start_time":1795000005000,)"
            R"("attribution":"bootstrap","bytes_received":0,"bytes_sent":0,)"
            R"("byte_layer":"socket","exited":true}],"interval_ms":1000,"byte_layer":"packet"})"
            "\n");
}

TEST_F(PortsJson, WhatIsNotMeasuredIsAbsent) {
    const std::string without = line();
    EXPECT_EQ(without.find("sent"), std::string::npos);
    EXPECT_EQ(without.find("owners"), std::string::npos);
    EXPECT_EQ(without.find("total"), std::string::npos);
    entry.owners = std::span<const PortOwner>();
    EXPECT_NE(line().find(R"("owners":[])"), std::string::npos) << "nobody, not unknown";
}

TEST_F(PortsJson, UdpAndTotals) {
    entry.index = uint32_t{RULE_UDP} << 16 | 53;
    context.total = true;
    EXPECT_NE(line().find(R"("local_port":53,"proto":"udp")"), std::string::npos);
    EXPECT_NE(line().find(R"("total":true)"), std::string::npos);
}

TEST_F(PortsJson, ManyOwnersOfHostileNamesAreOneLine) {
    owner.comm = "\x1b[2J\"\\\n\xff\xe2\x80\xae\x7f\xc2\x9b}x";
    owner.counted = true;
    owner.start = ~uint64_t{0} / 2;
    owner.pid = owner.uid = ~0U;
    owner.bytes_sent = owner.bytes_received = ~uint64_t{0} >> 11;
    owner.holds = false;
    const std::vector<PortOwner> owners(1000, owner);
    entry.owners = owners;
    const std::string text = line();
    EXPECT_TRUE(is_event_line(text));
    EXPECT_EQ(parse_json(text)["owners"].Size(), 1000u);
}

TEST_F(PortsJson, PacketsApart) {
    JsonLines out;
    write_ports_apart(out, {.fragments = 4, .malformed = 2, .sent_fragments = {}}, context);
    EXPECT_EQ(std::string(out.data(), out.size()),
              std::string(start) + R"(,"ifname":"eth0","fragments_received":4,)"
                                   R"("malformed_received":2,"interval_ms":1000,)"
                                   R"("byte_layer":"packet"})"
                                   "\n");
    out.clear();
    write_ports_apart(out, {.fragments = 4, .malformed = 2, .sent_fragments = 0}, context);
    EXPECT_NE(std::string(out.data(), out.size()).find(R"("fragments_sent":0)"), std::string::npos);
}

TEST_F(PortsJson, Lost) {
    JsonLines out;
    context.line.seq = 0;
    write_ports_lost(out, {3, 300}, context);
    EXPECT_EQ(std::string(out.data(), out.size()),
              R"({"v":1,"event_type":"lost","timestamp":1795218679612,)"
              R"("timestamp_us":1795218679612197,"stream":"ports","ifname":"eth0","count":3,)"
              R"("bytes":300})"
              "\n");
}

} // namespace
} // namespace pinpipe
