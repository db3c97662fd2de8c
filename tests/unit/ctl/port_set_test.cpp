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
        for (const PortRange &range : set.ranges(proto))
            text += rule_text({range, 1U << proto}) + " ";
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
    EXPECT_TRUE(set.has(RULE_TCP, 85));
    EXPECT_FALSE(set.has(RULE_UDP, 85));
}

// The kernel's pages: bit port % 64 of word port % 512 / 64 of page port / 512.
TEST(PortSet, PagesAreTheKernels) {
    PortSet set;
    set.add(rule("8080/udp"));
    ASSERT_EQ(set.pages().size(), 1u);
    const auto &[number, page] = *set.pages().begin();
    const page_key key = PortSet::key_of(7, number);
    EXPECT_EQ(key.set, 7u);
    EXPECT_EQ(key.page, 8080 / 512);
    EXPECT_EQ(key.proto, RULE_UDP);
    EXPECT_EQ(page[8080 % 512 / 64], uint64_t{1} << 8080 % 64);
}

// Compares with a std::set of numbers.
TEST(PortSet, DoesWhatASetDoes) {
    std::mt19937 random(4711);
    const auto below = [&](unsigned most) { return static_cast<unsigned>(random() % most); };
    PortSet set;
    std::set<unsigned> model;
    for (int round = 0; round < 300; round++) {
        const unsigned first = below(65535) + 1, last = std::min(65535U, first + below(1500));
        const PortRule one{{static_cast<uint16_t>(first), static_cast<uint16_t>(last)}, 1};
        const bool add = below(3);
        add ? set.add(one) : set.remove(one);
        for (unsigned port = first; port <= last; port++)
            add ? void(model.insert(port)) : void(model.erase(port));
    }
    std::set<unsigned> told;
    for (const PortRange &range : set.ranges(RULE_TCP))
        for (unsigned port = range.first; port <= range.last; port++)
            told.insert(port);
    EXPECT_EQ(told, model);
}

} // namespace
} // namespace pinpipe::ctl
