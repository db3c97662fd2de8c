// SPDX-License-Identifier: MIT
#include "tools/reader/lines/icmp_names.h"

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace pinpipe {
namespace {

using Names = std::map<unsigned, std::string_view>;

// The names that `nft describe icmp type` and `nft describe icmpv6 type` print, except for ICMPv6
// 132, which has two names there.
const Names nft4 = {{0, "echo-reply"},           {3, "destination-unreachable"},
                    {4, "source-quench"},        {5, "redirect"},
                    {8, "echo-request"},         {9, "router-advertisement"},
                    {10, "router-solicitation"}, {11, "time-exceeded"},
                    {12, "parameter-problem"},   {13, "timestamp-request"},
                    {14, "timestamp-reply"},     {15, "info-request"},
                    {16, "info-reply"},          {17, "address-mask-request"},
                    {18, "address-mask-reply"}};
const Names nft6 = {
    {1, "destination-unreachable"}, {2, "packet-too-big"},        {3, "time-exceeded"},
    {4, "parameter-problem"},       {128, "echo-request"},        {129, "echo-reply"},
    {130, "mld-listener-query"},    {131, "mld-listener-report"}, {132, "mld-listener-done"},
    {133, "nd-router-solicit"},     {134, "nd-router-advert"},    {135, "nd-neighbor-solicit"},
    {136, "nd-neighbor-advert"},    {137, "nd-redirect"},         {138, "router-renumbering"},
    {141, "ind-neighbor-solicit"},  {142, "ind-neighbor-advert"}, {143, "mld2-listener-report"}};

TEST(IcmpNames, AreThoseOfNftables) {
    for (const auto &[type, name] : nft4)
        EXPECT_EQ(icmp_name(4, static_cast<unsigned char>(type)), name);
    for (const auto &[type, name] : nft6)
        EXPECT_EQ(icmp_name(6, static_cast<unsigned char>(type)), name);
}

// Types that IANA lists as unassigned, reserved or experimental have no name.
TEST(IcmpNames, NoneForUnassignedTypes) {
    for (unsigned type : {1u, 2u, 6u, 7u, 19u, 20u, 29u, 41u, 44u, 252u, 253u, 254u, 255u})
        EXPECT_EQ(icmp_name(4, static_cast<unsigned char>(type)), "") << type;
    for (unsigned type : {0u, 5u, 99u, 100u, 101u, 126u, 127u, 162u, 199u, 200u, 201u, 255u})
        EXPECT_EQ(icmp_name(6, static_cast<unsigned char>(type)), "") << type;
}

// Names need no escapes in JSON.
TEST(IcmpNames, AreLowerCaseWordsWithHyphens) {
    for (unsigned version : {4u, 6u}) {
        std::set<std::string_view> seen;
        for (unsigned type = 0; type < 256; type++) {
            const std::string_view name = icmp_name(version, static_cast<unsigned char>(type));
            if (name.empty())
                continue;
            EXPECT_TRUE(seen.insert(name).second) << name << " twice";
            EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), name.npos)
                << name;
        }
        EXPECT_GT(seen.size(), 15u);
    }
}

// RFC 792 and 950: types with an identifier and a sequence number; RFC 4443: the two echoes.
TEST(IcmpNames, TypesWithEchoFields) {
    const std::set<unsigned> with4 = {0, 8, 13, 14, 15, 16, 17, 18}, with6 = {128, 129};
    for (unsigned type = 0; type < 256; type++) {
        const auto byte = static_cast<unsigned char>(type);
        EXPECT_EQ(icmp_has_echo_fields(4, byte), with4.contains(type)) << type;
        EXPECT_EQ(icmp_has_echo_fields(6, byte), with6.contains(type)) << type;
    }
}

} // namespace
} // namespace pinpipe
