// SPDX-License-Identifier: MIT
// Tests the oracle with frames written by hand: else it could be wrong in the same way as the
// programs.
#include "tests/unit/xdp/oracle.h"

#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe::xdp_test {
namespace {

Bytes bytes(const std::string &hex) {
    Bytes all;
    std::string digits;
    for (char c : hex)
        if (c != ' ' && (digits += c).size() == 2) {
            all.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
            digits.clear();
        }
    return all;
}

Outcome outcome(const std::string &hex, Link link = Link::ethernet) {
    return judge(bytes(hex), link).outcome;
}

const std::string macs = "ffffffffffff 525400123456 ";
const std::string ip4 = "45000020 1a2b4000 40010000 0a000001 0a000002 ";
const std::string addresses6 = "20010db8000000000000000000000001 20010db8000000000000000000000002 ";
const std::string ip6 = "60000000 0008 3a 40 " + addresses6;
const std::string echo = "0800 f7f5 0007 0003 ";

TEST(XdpOracle, ReadsAnEchoRequest) {
    const Verdict v = judge(bytes(macs + "0800" + ip4 + echo + "00000000"), Link::ethernet);
    ASSERT_EQ(v.outcome, Outcome::message);
    EXPECT_EQ(v.record.length, 32u);
    EXPECT_EQ(v.record.ttl, 64);
    EXPECT_EQ(v.record.flags, 0);
    EXPECT_EQ(v.record.type, 8);
    EXPECT_EQ(v.record.code, 0);
    EXPECT_EQ(std::memcmp(v.record.rest, "\x00\x07\x00\x03", 4), 0);
    EXPECT_EQ(std::memcmp(&v.record.src, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01", 16), 0);
    EXPECT_EQ(std::memcmp(&v.record.dst, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x02", 16), 0);
}

TEST(XdpOracle, ReadsADoublyTaggedNeighbourSolicitation) {
    const std::string solicitation = "87 00 1234 00000000";
    const Verdict v =
        judge(bytes(macs + "88a8 0064 8100 e00a 86dd" + ip6 + solicitation), Link::ethernet);
    ASSERT_EQ(v.outcome, Outcome::message);
    EXPECT_EQ(v.record.length, 48u);
    EXPECT_EQ(v.record.type, 135);
    EXPECT_EQ(v.record.flags, PACKET_IPV6 | 2);
    EXPECT_EQ(v.record.vlan[0], 0x0064);
    EXPECT_EQ(v.record.vlan[1], 0xe00a);
    EXPECT_EQ(v.record.src.bytes[0], 0x20);
    EXPECT_EQ(v.record.src.bytes[15], 1);
    EXPECT_EQ(v.record.dst.bytes[15], 2);
}

TEST(XdpOracle, SeesWhatIsNoIp) {
    EXPECT_EQ(outcome(macs + "0806 0001080006040001"), Outcome::ignored);
    EXPECT_EQ(outcome(macs + "0026 424203"), Outcome::ignored);
    EXPECT_EQ(outcome(macs + "8100 0001 8100 0002 8100 0003 0800" + ip4 + echo), Outcome::ignored);
    EXPECT_EQ(outcome("00" + ip4 + echo, Link::raw_ip), Outcome::ignored);
}

TEST(XdpOracle, ReadsRawIp) {
    EXPECT_EQ(outcome(ip4 + echo + "00000000", Link::raw_ip), Outcome::message);
    EXPECT_EQ(outcome(ip6 + echo, Link::raw_ip), Outcome::message);
}

TEST(XdpOracle, TellsMalformedFromTruncated) {
    const std::string v4 = macs + "0800", v6 = macs + "86dd",
                      rest = "0001 0000 40010000 0a000001 0a000002";
    EXPECT_EQ(outcome(v4 + ip4 + echo + "000000"), Outcome::truncated);
    EXPECT_EQ(outcome(v4 + ip4 + echo), Outcome::truncated);
    EXPECT_EQ(outcome(v4), Outcome::truncated);
    EXPECT_EQ(outcome(v4 + "45000020 1a2b4000 40010000 0a000001 0a0000"), Outcome::truncated);
    EXPECT_EQ(outcome(v4 + "55000020" + rest + echo + "00000000"), Outcome::malformed);
    EXPECT_EQ(outcome(v4 + "44000020" + rest + echo + "00000000"), Outcome::malformed);
    EXPECT_EQ(outcome(v4 + "4600 0017" + rest + echo), Outcome::malformed); // 23 < 24
    EXPECT_EQ(outcome(v4 + "4500 0000" + rest + echo), Outcome::malformed);
    EXPECT_EQ(outcome(v4 + "4500 001b" + rest + echo), Outcome::malformed); // 7 bytes of ICMP
    EXPECT_EQ(outcome(v4 + "4500 001c" + rest + echo), Outcome::message);
    EXPECT_EQ(outcome(v6 + ip6 + "0800f7f5000700"), Outcome::truncated);
    EXPECT_EQ(outcome(v6 + "70" + ip6.substr(2) + echo), Outcome::malformed);
    EXPECT_EQ(outcome(macs + "8100 0001 08"), Outcome::truncated);
}

TEST(XdpOracle, KnowsFragments) {
    const std::string v4 = macs + "0800", addresses = "0a000001 0a000002";
    EXPECT_EQ(outcome(v4 + "4500001c 00000001 40010000" + addresses + echo),
              Outcome::later_fragment);
    EXPECT_EQ(outcome(v4 + "4500001c 00000001 40110000" + addresses + echo), Outcome::ignored);
    const Verdict first =
        judge(bytes(v4 + "4500001c 00002000 40010000" + addresses + echo), Link::ethernet);
    ASSERT_EQ(first.outcome, Outcome::message);
    EXPECT_EQ(first.record.flags, PACKET_FIRST_FRAGMENT);
}

// Makes an IPv6 header with the given payload length and next header, then the bytes.
std::string chain(const std::string &length, const std::string &next, const std::string &bytes) {
    return macs + "86dd 60000000" + length + next + "40" + addresses6 + bytes;
}

TEST(XdpOracle, WalksExtensionHeaders) {
    const std::string options = "3a 00 010400000000", message = "8000 0000 0007 0003";
    EXPECT_EQ(outcome(chain("0010", "00", options + message)), Outcome::message);
    EXPECT_EQ(outcome(chain("0010", "3c", options + message)), Outcome::message);
    EXPECT_EQ(outcome(chain("000f", "3c", options + message)), Outcome::malformed);
    // An AH of 24 bytes: its length counts words, less two.
    const std::string ah = "3a 04 0000 00000100 00000001 0102030405060708090a0b0c";
    EXPECT_EQ(outcome(chain("0020", "33", ah + message)), Outcome::message);
    EXPECT_EQ(outcome(chain("0010", "32", options + message)), Outcome::ignored);
    EXPECT_EQ(outcome(chain("0000", "3b", "")), Outcome::ignored);
    EXPECT_EQ(outcome(chain("0000", "3a", "")), Outcome::malformed);
    EXPECT_EQ(outcome(chain("0008", "01", message)), Outcome::ignored);
    EXPECT_EQ(outcome(chain("0010", "2c", "3a 00 0008 00000001" + message)),
              Outcome::later_fragment);
    EXPECT_EQ(outcome(chain("0010", "2c", "11 00 0008 00000001" + message)), Outcome::ignored);
    const Verdict first =
        judge(bytes(chain("0010", "2c", "3a 00 0001 00000001" + message)), Link::ethernet);
    ASSERT_EQ(first.outcome, Outcome::message);
    EXPECT_EQ(first.record.flags, PACKET_IPV6 | PACKET_FIRST_FRAGMENT);
}

TEST(XdpOracle, FiltersByEitherAddress) {
    icmp_record record =
        judge(bytes(macs + "0800" + ip4 + echo + "00000000"), Link::ethernet).record;
    packet_filter filter = {};
    EXPECT_FALSE(matches(filter, record, 3));
    filter.hooks = 1 << 3;
    filter.versions = 1 << 4;
    EXPECT_TRUE(matches(filter, record, 3));
    EXPECT_FALSE(matches(filter, record, 2));
    filter.host_mask.bytes[15] = 0xff;
    filter.host.bytes[15] = 1; // the source
    EXPECT_TRUE(matches(filter, record, 3));
    filter.host.bytes[15] = 2; // the destination
    EXPECT_TRUE(matches(filter, record, 3));
    filter.host.bytes[15] = 3;
    EXPECT_FALSE(matches(filter, record, 3));
    filter.host_mask.bytes[15] = 0xfc;
    EXPECT_TRUE(matches(filter, record, 3));
    record.flags |= PACKET_IPV6;
    EXPECT_FALSE(matches(filter, record, 3));
}

} // namespace
} // namespace pinpipe::xdp_test
