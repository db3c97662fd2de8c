// SPDX-License-Identifier: MIT
#include "lib/base/address.h"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <ostream>
#include <random>
#include <vector>

namespace pinpipe {
namespace {

using Bytes6 = std::array<__u8, 16>;

constexpr size_t may_be_overwritten = 16; // bytes behind the text, says address.h

// Calls write(to) in a guarded buffer and returns the text.
template <class Write> std::string written(Write write) {
    char buffer[64];
    std::memset(buffer, '#', sizeof buffer);
    const char *end = write(buffer);
    const auto length = static_cast<size_t>(end - buffer);
    EXPECT_LE(length, address_text_max);
    for (size_t i = length + may_be_overwritten; i < sizeof buffer; i++)
        EXPECT_EQ(buffer[i], '#') << "byte " << i << " behind a text of " << length;
    return std::string(buffer, length);
}

std::string ipv4(const __u8 *bytes) {
    return written([&](char *to) { return write_ipv4(to, bytes); });
}

std::string ipv6(const Bytes6 &bytes) {
    return written([&](char *to) { return write_ipv6(to, bytes.data()); });
}

Bytes6 bytes6(const char *text) {
    Bytes6 bytes{};
    EXPECT_EQ(inet_pton(AF_INET6, text, bytes.data()), 1) << text;
    return bytes;
}

union address address_of(const char *text) {
    union address a {};
    if (inet_pton(AF_INET, text, a.bytes + 12) == 1)
        a.words[2] = htonl(0xffff);
    else
        EXPECT_EQ(inet_pton(AF_INET6, text, a.bytes), 1) << text;
    return a;
}

// Returns inet_ntop's text, but without the dots of ::a.b.c.d and ::ffff:a.b.c.d.
std::string expected_ipv6(const Bytes6 &bytes) {
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
    const std::string library = text;
    if (library.find('.') == library.npos)
        return library;
    char tail[16];
    const unsigned high = static_cast<unsigned>(bytes[12] << 8 | bytes[13]);
    const unsigned low = static_cast<unsigned>(bytes[14] << 8 | bytes[15]);
    std::snprintf(tail, sizeof tail, "%x:%x", high, low);
    return library.substr(0, library.rfind(':') + 1) + tail;
}

TEST(Address, EveryByteOfIpv4InEveryPlace) {
    for (unsigned place = 0; place < 4; place++)
        for (unsigned value = 0; value < 256; value++)
            for (const __u8 others : std::initializer_list<__u8>{0, 9, 10, 99, 100, 255}) {
                __u8 bytes[4] = {others, others, others, others};
                bytes[place] = static_cast<__u8>(value);
                char text[INET_ADDRSTRLEN];
                ASSERT_EQ(ipv4(bytes), inet_ntop(AF_INET, bytes, text, sizeof text));
            }
}

TEST(Address, RandomIpv4) {
    std::mt19937 random(1);
    for (int i = 0; i < 50000; i++) {
        const auto word = static_cast<uint32_t>(random());
        __u8 bytes[4];
        std::memcpy(bytes, &word, 4);
        char text[INET_ADDRSTRLEN];
        ASSERT_EQ(ipv4(bytes), inet_ntop(AF_INET, bytes, text, sizeof text));
    }
}

struct Rfc5952 {
    const char *from;
    const char *text;
};

void PrintTo(const Rfc5952 &test, std::ostream *out) {
    *out << test.from;
}

class AddressRfc5952 : public testing::TestWithParam<Rfc5952> {};

TEST_P(AddressRfc5952, IsWritten) {
    EXPECT_EQ(ipv6(bytes6(GetParam().from)), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Sections, AddressRfc5952,
    testing::Values(
        Rfc5952{"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"}, // 4.2.3: the first
        Rfc5952{"2001:0db8:0:0:0:0:2:1", "2001:db8::2:1"},                       // 4.2.1
        Rfc5952{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},                 // 4.2.2: not one
        Rfc5952{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},                          // the longest
        Rfc5952{"2001:0:0:0:1:0:0:1", "2001::1:0:0:1"},
        Rfc5952{"2001:DB8::ABCD", "2001:db8::abcd"}, // 4.3: lower case
        Rfc5952{"0001:0010:0100:1000:000f:00f0:0f00:f000", "1:10:100:1000:f:f0:f00:f000"}, // 4.1
        Rfc5952{"0:0:0:0:0:0:0:0", "::"}, Rfc5952{"0:0:0:0:0:0:0:1", "::1"},
        Rfc5952{"1:0:0:0:0:0:0:0", "1::"}, Rfc5952{"1:1:1:1:1:1:0:0", "1:1:1:1:1:1::"},
        Rfc5952{"0:0:1:1:1:1:1:1", "::1:1:1:1:1:1"}, Rfc5952{"0:1:1:1:1:1:1:0", "0:1:1:1:1:1:1:0"},
        Rfc5952{"0:0:0:0:1:0:0:0", "::1:0:0:0"}, Rfc5952{"1:0:0:0:0:0:0:1", "1::1"},
        Rfc5952{"::ffff:1.2.3.4", "::ffff:102:304"}, Rfc5952{"::1.2.3.4", "::102:304"},
        Rfc5952{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}));

// All 256 combinations of zero and other groups, with groups of one to four digits.
TEST(Address, EveryPatternOfZeroGroups) {
    for (unsigned pattern = 0; pattern < 256; pattern++)
        for (unsigned group : {0x1u, 0xau, 0x10u, 0xffu, 0x100u, 0xabcu, 0x1000u, 0xffffu}) {
            Bytes6 bytes{};
            for (size_t i = 0; i < 8; i++)
                if (pattern >> i & 1) {
                    bytes[2 * i] = static_cast<__u8>(group >> 8);
                    bytes[2 * i + 1] = static_cast<__u8>(group);
                }
            ASSERT_EQ(ipv6(bytes), expected_ipv6(bytes)) << "pattern " << pattern;
        }
}

TEST(Address, RandomIpv6) {
    std::mt19937_64 random(2);
    for (int i = 0; i < 50000; i++) {
        const uint64_t zeros = random();
        Bytes6 bytes;
        for (size_t at = 0; at < 16; at++)
            bytes[at] = zeros >> at & 1 ? 0 : static_cast<__u8>(random());
        const std::string text = ipv6(bytes);
        ASSERT_EQ(text, expected_ipv6(bytes));
        ASSERT_EQ(bytes6(text.c_str()), bytes) << text;
    }
}

TEST(Address, TextSaysWhichOfTheTwo) {
    EXPECT_EQ(address_text(address_of("192.0.2.1")), "192.0.2.1");
    EXPECT_EQ(address_text(address_of("::ffff:192.0.2.1")), "192.0.2.1");
    EXPECT_EQ(address_text(address_of("0.0.0.0")), "0.0.0.0");
    EXPECT_EQ(address_text(address_of("255.255.255.255")), "255.255.255.255");
    EXPECT_EQ(address_text(address_of("2001:db8::1")), "2001:db8::1");
    for (const char *near : {"::fffe:c000:201", "::1:ffff:c000:201", "::ffff:0:c000:201",
                             "1::ffff:c000:201", "::c000:201", "::"})
        EXPECT_EQ(address_text(address_of(near)), near);
}

struct Good {
    const char *text;
    const char *host;
    unsigned bits; // length of the prefix, of 128
};

void PrintTo(const Good &test, std::ostream *out) {
    *out << test.text;
}

class PrefixGood : public testing::TestWithParam<Good> {};

TEST_P(PrefixGood, IsParsed) {
    const auto prefix = parse_prefix(GetParam().text);
    ASSERT_TRUE(prefix) << prefix.error().text;
    union address mask {};
    for (unsigned bit = 0; bit < GetParam().bits; bit++)
        mask.bytes[bit / 8] = static_cast<__u8>(mask.bytes[bit / 8] | 1U << (7 - bit % 8));
    const union address host = address_of(GetParam().host);
    EXPECT_EQ(std::memcmp(&prefix->host, &host, 16), 0) << address_text(prefix->host);
    EXPECT_EQ(std::memcmp(&prefix->mask, &mask, 16), 0) << address_text(prefix->mask);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, PrefixGood,
    testing::Values(Good{"8.8.8.8", "8.8.8.8", 128}, Good{"8.8.8.8/32", "8.8.8.8", 128},
                    Good{"10.0.0.0/8", "10.0.0.0", 104}, Good{"0.0.0.0/0", "0.0.0.0", 96},
                    Good{"128.0.0.0/1", "128.0.0.0", 97},
                    Good{"192.0.2.254/31", "192.0.2.254", 127},
                    Good{"192.168.4.0/22", "192.168.4.0", 118}, Good{"0.0.0.0", "0.0.0.0", 128},
                    Good{"255.255.255.255", "255.255.255.255", 128}, Good{"::", "::", 128},
                    Good{"::/0", "::", 0}, Good{"8000::/1", "8000::", 1},
                    Good{"fe80::/10", "fe80::", 10}, Good{"2001:db8::/32", "2001:db8::", 32},
                    Good{"2001:DB8::1", "2001:db8::1", 128},
                    Good{"2001:db8::1/128", "2001:db8::1", 128},
                    Good{"2001:db8::fffe/127", "2001:db8::fffe", 127},
                    Good{"::ffff:1.2.3.4", "1.2.3.4", 128}, Good{"::ffff:0:0/96", "0.0.0.0", 96}));

TEST(Prefix, EveryLength) {
    for (unsigned length = 0; length <= 128; length++) {
        const auto v6 = parse_prefix("::/" + std::to_string(length));
        ASSERT_TRUE(v6);
        for (unsigned bit = 0; bit < 128; bit++)
            ASSERT_EQ(v6->mask.bytes[bit / 8] >> (7 - bit % 8) & 1, bit < length ? 1 : 0);
        const auto v4 = parse_prefix("0.0.0.0/" + std::to_string(length));
        ASSERT_EQ(v4.has_value(), length <= 32) << length;
        for (unsigned bit = 0; v4 && bit < 128; bit++)
            ASSERT_EQ(v4->mask.bytes[bit / 8] >> (7 - bit % 8) & 1, bit < 96 + length ? 1 : 0);
    }
}

// A single bit behind the prefix is an error, wherever it is.
TEST(Prefix, EveryBitBehindTheLength) {
    for (unsigned length = 0; length < 128; length++)
        for (unsigned bit = 0; bit < 128; bit++) {
            Bytes6 bytes{0x00};
            bytes[bit / 8] = static_cast<__u8>(0x80 >> bit % 8);
            const auto prefix = parse_prefix(ipv6(bytes) + "/" + std::to_string(length));
            ASSERT_EQ(prefix.has_value(), bit < length) << ipv6(bytes) << "/" << length;
        }
}

struct Bad {
    const char *text;
    const char *why;
};

void PrintTo(const Bad &test, std::ostream *out) {
    *out << test.text;
}

constexpr const char *no_address = "want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32";
constexpr const char *length4 = "the length is 0 to 32";
constexpr const char *length6 = "the length is 0 to 128";
constexpr const char *behind = "bits after the prefix length are not zero";

class PrefixBad : public testing::TestWithParam<Bad> {};

TEST_P(PrefixBad, IsRefused) {
    const auto prefix = parse_prefix(GetParam().text);
    ASSERT_FALSE(prefix);
    EXPECT_EQ(prefix.error().text,
              std::string("'") + GetParam().text + "' is no address or prefix: " + GetParam().why);
    EXPECT_EQ(prefix.error().exit, Exit::usage);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, PrefixBad,
    testing::Values(
        Bad{"", no_address}, Bad{"/", no_address}, Bad{"/8", no_address}, Bad{"10/8", no_address},
        Bad{"10.0.0", no_address}, Bad{"10.0.0.0.0", no_address}, Bad{"256.0.0.1", no_address},
        Bad{"1.2.3.04", no_address}, Bad{"0x7f.0.0.1", no_address}, Bad{" 1.2.3.4", no_address},
        Bad{"1.2.3.4 ", no_address}, Bad{"example.org", no_address}, Bad{"fe80::1%lo", no_address},
        Bad{"[::1]", no_address}, Bad{":::", no_address}, Bad{"1::2::3", no_address},
        Bad{"12345::", no_address}, Bad{"1.2.3.4:80", no_address}, Bad{"8.8.8.8/", length4},
        Bad{"8.8.8.8/33", length4}, Bad{"8.8.8.8/-1", length4}, Bad{"8.8.8.8/+8", length4},
        Bad{"8.8.8.8/ 8", length4}, Bad{"8.8.8.8/8 ", length4}, Bad{"8.8.8.8/0x8", length4},
        Bad{"8.8.8.8/8/8", length4}, Bad{"8.8.8.8/24.0", length4}, Bad{"0.0.0.0/-0", length4},
        Bad{"8.8.8.8/255.255.255.255", length4}, Bad{"8.8.8.8/99999999999999999999", length4},
        Bad{"::/129", length6}, Bad{"::/", length6}, Bad{"::/-1", length6}, Bad{"::/x", length6},
        Bad{"::ffff:1.2.3.4/129", length6}, Bad{"10.0.0.1/8", behind}, Bad{"8.8.8.8/0", behind},
        Bad{"10.0.0.1/31", behind}, Bad{"fe80::1/10", behind}, Bad{"::1/0", behind},
        Bad{"2001:db8::1/127", behind}, Bad{"::ffff:1.2.3.4/96", behind}));

} // namespace
} // namespace pinpipe
