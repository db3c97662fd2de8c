// SPDX-License-Identifier: MIT
#include "tools/reader/lines/community_id.h"

#include "lib/base/address.h"
#include "tests/unit/support/records.h"
#include "tests/unit/support/sha1.h"

#include <gtest/gtest.h>
#include <map>
#include <ostream>
#include <random>

namespace pinpipe {
namespace {

constexpr size_t id_length = 30;

std::string id_of(const icmp_record &record) {
    std::string id(id_length + 8, '#');
    const char *end = put_community_id(id.data(), record);
    EXPECT_EQ(end - id.data(), static_cast<ptrdiff_t>(id_length));
    EXPECT_EQ(id.substr(id_length), "########");
    id.resize(id_length);
    return id;
}

// Returns the type of the reply, from the tables of the reference implementation (pycommunityid,
// icmp.py and icmp6.py).
const std::map<unsigned, unsigned> pairs4 = {{8, 0}, {13, 14}, {15, 16}, {17, 18}, {10, 9},
                                             {0, 8}, {14, 13}, {16, 15}, {18, 17}, {9, 10}};
const std::map<unsigned, unsigned> pairs6 = {{128, 129}, {130, 131}, {133, 134}, {135, 136},
                                             {139, 140}, {144, 145}, {129, 128}, {131, 130},
                                             {134, 133}, {136, 135}, {140, 139}, {145, 144}};

struct Tuple {
    std::vector<uint8_t> address;
    unsigned port;
    bool operator<(const Tuple &other) const {
        return address != other.address ? address < other.address : port < other.port;
    }
};

// Builds the specification's byte string step by step.
std::string expected_id(const icmp_record &r) {
    const auto &pairs = is_ipv6(r) ? pairs6 : pairs4;
    const size_t skipped = is_ipv6(r) ? 0 : 12;
    const bool two_way = pairs.contains(r.type);
    Tuple src{{r.src.bytes + skipped, r.src.bytes + 16}, r.type};
    Tuple dst{{r.dst.bytes + skipped, r.dst.bytes + 16}, two_way ? pairs.at(r.type) : r.code};
    if (two_way && dst < src)
        std::swap(src, dst);
    std::vector<uint8_t> hashed = {0, 0};
    hashed.insert(hashed.end(), src.address.begin(), src.address.end());
    hashed.insert(hashed.end(), dst.address.begin(), dst.address.end());
    hashed.push_back(is_ipv6(r) ? 58 : 1);
    hashed.push_back(0);
    for (unsigned port : {src.port, dst.port}) {
        hashed.push_back(static_cast<uint8_t>(port >> 8));
        hashed.push_back(static_cast<uint8_t>(port));
    }
    const auto digest = slow_sha1(hashed);
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text = "1:", bits;
    for (uint8_t byte : digest)
        for (int bit = 7; bit >= 0; bit--)
            bits += byte >> bit & 1 ? '1' : '0';
    for (size_t at = 0; at < bits.size(); at += 6) {
        std::string six = bits.substr(at, 6);
        six.resize(6, '0');
        text += digits[std::stoul(six, nullptr, 2)];
    }
    return text + "=";
}

TEST(SlowSha1, VectorsOfFips180) {
    const auto hex = [](const std::string &text) {
        std::string out;
        char part[3];
        for (uint8_t byte : slow_sha1({text.begin(), text.end()})) {
            std::snprintf(part, sizeof part, "%02x", byte);
            out += part;
        }
        return out;
    };
    EXPECT_EQ(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    EXPECT_EQ(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

struct Vector {
    const char *src, *dst;
    unsigned type, code;
    const char *id;
};

void PrintTo(const Vector &test, std::ostream *out) {
    *out << test.src << " " << test.dst << " " << test.type << " " << test.code;
}

class CommunityIdVector : public testing::TestWithParam<Vector> {};

TEST_P(CommunityIdVector, Agrees) {
    const auto &[src, dst, type, code, id] = GetParam();
    const icmp_record record = icmp_message(src, dst, type, code);
    EXPECT_EQ(id_of(record), id);
    EXPECT_EQ(expected_id(record), id);
}

// From community-id-spec/baseline/baseline_deflt.json.
INSTANTIATE_TEST_SUITE_P(
    Baseline, CommunityIdVector,
    testing::Values(
        Vector{"192.168.0.89", "192.168.0.1", 8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
        Vector{"192.168.0.1", "192.168.0.89", 0, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
        Vector{"10.0.0.1", "10.0.0.2", 11, 0, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
        Vector{"fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0,
               "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
        Vector{"fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136, 0,
               "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
        Vector{"fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 135, 0,
               "1:zavyT/cezQr1fmImYCwYnMXbgck="},
        Vector{"fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 136, 0,
               "1:zavyT/cezQr1fmImYCwYnMXbgck="},
        Vector{"3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0,
               "1:2ObVBgIn28oZvibYZhZMBgh7WdQ="},
        Vector{"3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4,
               "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
        Vector{"3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:501:0:1001::2", 128, 0,
               "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
        Vector{"3ffe:501:0:1001::2", "3ffe:507:0:1:200:86ff:fe05:80da", 129, 0,
               "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
        Vector{"fe80::200:86ff:fe05:80da", "ff02::2", 133, 0, "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0="},
        Vector{"fe80::260:97ff:fe07:69ea", "ff02::1", 134, 0, "1:pkvHqCL88/tg1k4cPigmZXUtL00="}));

// From pycommunityid/tests/communityid_test.py: a one-way type's code counts, a two-way type's not.
INSTANTIATE_TEST_SUITE_P(
    Reference, CommunityIdVector,
    testing::Values(Vector{"192.168.0.89", "192.168.0.1", 20, 0, "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
                    Vector{"192.168.0.89", "192.168.0.1", 20, 1, "1:tz/fHIDUHs19NkixVVoOZywde+I="},
                    Vector{"192.168.0.1", "192.168.0.89", 0, 20, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
                    Vector{"3ffe:507:0:1:260:97ff:fe07:69ea", "3ffe:507:0:1:200:86ff:fe05:80da", 3,
                           0, "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w="},
                    Vector{"3ffe:507:0:1:200:86ff:fe05:80da", "3ffe:507:0:1:260:97ff:fe07:69ea", 3,
                           0, "1:/OGBt9BN1ofenrmSPWYicpij2Vc="}));

TEST(CommunityId, EveryTypeBothWays) {
    for (const auto &[low, high] : {std::pair("10.0.0.9", "10.0.0.10"), std::pair("::9", "a::"),
                                    std::pair("10.1.1.1", "10.1.1.1"), std::pair("::1", "::1")})
        for (unsigned type = 0; type < 256; type++)
            for (unsigned code : {0u, 1u, 255u}) {
                ASSERT_EQ(id_of(icmp_message(low, high, type, code)),
                          expected_id(icmp_message(low, high, type, code)));
                ASSERT_EQ(id_of(icmp_message(high, low, type, code)),
                          expected_id(icmp_message(high, low, type, code)));
            }
}

TEST(CommunityId, RequestAndAnswerAreOneFlow) {
    for (const auto &[request, answer] : pairs4)
        EXPECT_EQ(id_of(icmp_message("198.51.100.7", "203.0.113.9", request)),
                  id_of(icmp_message("203.0.113.9", "198.51.100.7", answer)))
            << request;
    for (const auto &[request, answer] : pairs6)
        EXPECT_EQ(id_of(icmp_message("2001:db8::7", "2001:db8:1::9", request)),
                  id_of(icmp_message("2001:db8:1::9", "2001:db8::7", answer)))
            << request;
}

TEST(CommunityId, RandomRecords) {
    std::mt19937_64 random(5);
    for (int i = 0; i < 5000; i++) {
        icmp_record r = icmp_message(i % 2 ? "0.0.0.0" : "::", i % 2 ? "0.0.0.0" : "::", 0);
        for (size_t at = i % 2 ? 12 : 0; at < 16; at++) {
            r.src.bytes[at] = static_cast<__u8>(random());
            r.dst.bytes[at] = random() % 4 ? r.src.bytes[at] : static_cast<__u8>(random());
        }
        r.type = static_cast<__u8>(random());
        r.code = static_cast<__u8>(random());
        ASSERT_EQ(id_of(r), expected_id(r));
    }
}

// The specification's own examples, from either side.
TEST(CommunityId, Flows) {
    struct Flow {
        const char *local, *remote;
        uint16_t local_port, remote_port;
        uint8_t proto;
        const char *id;
    };
    const Flow flows[] = {
        {"128.232.110.120", "66.35.250.204", 34855, 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
        {"192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    };
    for (const Flow &flow : flows) {
        socket_record r{};
        r.local = parse_prefix(flow.local)->host;
        r.remote = parse_prefix(flow.remote)->host;
        r.local_port = flow.local_port;
        r.remote_port = flow.remote_port;
        r.proto = flow.proto;
        char text[64];
        EXPECT_EQ(std::string(text, put_community_id(text, r)), flow.id);
        std::swap(r.local, r.remote);
        std::swap(r.local_port, r.remote_port);
        EXPECT_EQ(std::string(text, put_community_id(text, r)), flow.id);
    }
}

} // namespace
} // namespace pinpipe
