// SPDX-License-Identifier: MIT
#include "tools/ctl/port_set.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <set>

namespace pinpipe::ctl {
namespace {

std::string text_of(const PortSet &set) {
    std::string text;
    for (unsigned proto = 0; proto < rule_protos; proto++)
        for (const PortRule &one : set.rules(proto))
            text += rule_text(one) + " ";
    return text;
}

PortRule rule(const char *text) {
    return *parse_port_rule(text);
}

TEST(PortSet, MergesAndSplits) {
    PortSet set;
    EXPECT_TRUE(set.empty());
    set.add(rule("80"));
    set.add(rule("82"));
    set.add(rule("53/udp"));
    EXPECT_EQ(text_of(set), "80/tcp 82/tcp 53/udp ");
    set.add(rule("81"));
    EXPECT_EQ(text_of(set), "80-82/tcp 53/udp ");
    set.add(rule("500-600/both")); // across the end of a page and of words
    EXPECT_EQ(text_of(set), "80-82/tcp 500-600/tcp 53/udp 500-600/udp ");
    set.remove(rule("510-520"));
    EXPECT_EQ(text_of(set), "80-82/tcp 500-509/tcp 521-600/tcp 53/udp 500-600/udp ");
    set.remove(rule("1-65535/both"));
    EXPECT_EQ(text_of(set), "");
    EXPECT_TRUE(set.empty()) << "no page without a port stays";
}

TEST(PortSet, KnowsWhatItHas) {
    PortSet set;
    set.add(rule("80-90"));
    EXPECT_TRUE(set.has_all(rule("80-90")));
    EXPECT_FALSE(set.has_all(rule("80-91")));
    EXPECT_TRUE(set.has_any(rule("90-100")));
    EXPECT_FALSE(set.has_any(rule("91-100")));
    EXPECT_FALSE(set.has_any(rule("80-90/udp")));
    EXPECT_FALSE(set.has_all(rule("80/both")));
    EXPECT_TRUE(set.has(RULE_TCP, SIDE_SERVE, 85, ""));
    EXPECT_TRUE(set.has(RULE_TCP, SIDE_CONNECT, 85, ""));
    EXPECT_FALSE(set.has(RULE_UDP, SIDE_SERVE, 85, ""));
}

// The kernel's pages: bit port % 64 of word port % 512 / 64 of page port / 512.
TEST(PortSet, PagesAreTheKernels) {
    PortSet set;
    set.add(rule("8080/udp"));
    ASSERT_EQ(set.pages().size(), size_t{rule_sides});
    unsigned sides = 0;
    for (const auto &[place, page] : set.pages()) {
        const page_key key = PortSet::key_of(7, place.number);
        EXPECT_EQ(place.to, "");
        EXPECT_EQ(key.list, 0u);
        EXPECT_EQ(key.set, 7u);
        EXPECT_EQ(key.page, 8080 / 512);
        EXPECT_EQ(key.proto, RULE_UDP);
        EXPECT_EQ(PortSet::page_number(key.proto, key.side, key.page), place.number);
        EXPECT_EQ(page[8080 % 512 / 64], uint64_t{1} << 8080 % 64);
        sides |= 1U << key.side;
    }
    EXPECT_EQ(sides, both_sides);
}

TEST(PortSet, HasSides) {
    const auto on = [](const char *text, rule_side side) {
        PortRule one = rule(text);
        one.sides = 1U << side;
        return one;
    };
    PortSet set;
    set.add(on("1-100", SIDE_SERVE));
    set.add(on("50-60", SIDE_CONNECT));
    EXPECT_EQ(text_of(set), "1-49/tcp serve 50-60/tcp 61-100/tcp serve ");
    EXPECT_TRUE(set.has_all(rule("50-60")));
    EXPECT_FALSE(set.has_all(rule("49")));
    EXPECT_TRUE(set.has_any(rule("49")));
    EXPECT_FALSE(set.has_any(on("49", SIDE_CONNECT)));
    EXPECT_TRUE(set.has(RULE_TCP, SIDE_SERVE, 49, ""));
    EXPECT_FALSE(set.has(RULE_TCP, SIDE_CONNECT, 49, ""));
    set.remove(on("1-65535", SIDE_SERVE));
    EXPECT_EQ(text_of(set), "50-60/tcp connect ");
    set.remove(rule("55"));
    EXPECT_EQ(text_of(set), "50-54/tcp connect 56-60/tcp connect ");
    set.add(rule("55"));
    EXPECT_EQ(text_of(set), "50-54/tcp connect 55/tcp 56-60/tcp connect ");
}

TEST(PortSet, HasListsOfRemoteEnds) {
    const auto with = [](const char *text, const char *to) {
        PortRule one = rule(text);
        one.to = to;
        return one;
    };
    PortSet set;
    set.add(with("80-90", "lan"));
    set.add(rule("85"));
    set.add(with("85", "::1"));
    EXPECT_EQ(text_of(set), "80-90/tcp to lan 85/tcp 85/tcp to ::1 ");
    EXPECT_EQ(set.lists(), (std::set<std::string>{"", "::1", "lan"}));
    EXPECT_TRUE(set.has_all(with("80-90", "lan")));
    EXPECT_FALSE(set.has_any(rule("80-84"))) << "not with every remote end";
    EXPECT_FALSE(set.has_any(with("80-84", "::1")));
    EXPECT_TRUE(set.has(RULE_TCP, SIDE_SERVE, 80, "lan"));
    EXPECT_FALSE(set.has(RULE_TCP, SIDE_SERVE, 80, ""));
    set.remove(rule("1-100"));
    EXPECT_EQ(text_of(set), "80-90/tcp to lan 85/tcp to ::1 ");
    set.remove(with("1-100", "lan"));
    EXPECT_EQ(set.lists(), (std::set<std::string>{"::1"}));
    PortSet other;
    other.add(with("86", "::1"));
    set.add(other);
    EXPECT_EQ(text_of(set), "85-86/tcp to ::1 ");
    EXPECT_NE(set, other);
}

// Compares with a std::set of numbers, for each side.
TEST(PortSet, DoesWhatASetDoes) {
    std::mt19937 random(4711);
    const auto below = [&](unsigned most) { return static_cast<unsigned>(random() % most); };
    PortSet set;
    std::set<unsigned> model[rule_sides];
    for (int round = 0; round < 300; round++) {
        const unsigned first = below(65535) + 1, last = std::min(65535U, first + below(1500));
        const PortRule one{{static_cast<uint16_t>(first), static_cast<uint16_t>(last)},
                           1,
                           below(both_sides) + 1,
                           ""};
        const bool add = below(3);
        add ? set.add(one) : set.remove(one);
        for (unsigned port = first; port <= last; port++)
            for (unsigned side = 0; side < rule_sides; side++)
                if (one.sides >> side & 1)
                    add ? void(model[side].insert(port)) : void(model[side].erase(port));
    }
    std::set<unsigned> told[rule_sides];
    unsigned last = 0;
    for (const PortRule &one : set.rules(RULE_TCP)) {
        EXPECT_GT(one.range.first, last) << "in order, each port once";
        last = one.range.last;
        for (unsigned port = one.range.first; port <= one.range.last; port++)
            for (unsigned side = 0; side < rule_sides; side++)
                if (one.sides >> side & 1)
                    told[side].insert(port);
    }
    for (unsigned side = 0; side < rule_sides; side++)
        EXPECT_EQ(told[side], model[side]);
}

} // namespace
} // namespace pinpipe::ctl
