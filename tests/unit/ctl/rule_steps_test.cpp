// SPDX-License-Identifier: MIT
#include "tools/ctl/rule_steps.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace pinpipe::ctl {
namespace {

subject_key key_of(__u32 kind, __u64 scope, __u32 bank) {
    subject_key key{};
    key.kind = static_cast<__u16>(kind);
    key.scope = scope;
    key.bank = static_cast<__u16>(bank);
    return key;
}

TEST(RuleSteps, KindsOfABank) {
    const Subjects subjects = {{key_of(SUBJECT_NAME, 0, 0), {1, 1, SUBJECT_CHILDREN, 0}},
                               {key_of(SUBJECT_EXE, 7, 0), {1, 2, 0, 0}},
                               {key_of(SUBJECT_PID, 0, 1), {1, 3, SUBJECT_AUDIT, 0}},
                               {key_of(SUBJECT_ANY, 8, 1), {1, 4, 0, 0}}};
    EXPECT_EQ(kinds_of(subjects, 0),
              uint64_t{POLICY_HAS_CHILDREN | POLICY_HAS_NAME | POLICY_HAS_EXE | POLICY_HAS_CGROUP});
    EXPECT_EQ(kinds_of(subjects, 1), uint64_t{POLICY_HAS_PID | POLICY_HAS_ANY | POLICY_HAS_CGROUP});
    EXPECT_EQ(kinds_of({}, 0), 0u);
}

TEST(RuleSteps, NumbersGoRound) {
    const Subjects subjects = {{{}, {0, MAX_SUBJECTS - 1, 0, 0}}, {{}, {0, 1, 0, 0}}};
    SubjectNumbers numbers(subjects, MAX_SUBJECTS - 2);
    EXPECT_EQ(*numbers.take(), MAX_SUBJECTS - 2u);
    EXPECT_EQ(*numbers.take(), 0u);
    EXPECT_EQ(*numbers.take(), 2u);
    EXPECT_EQ(*SubjectNumbers({}, MAX_SUBJECTS + 5).take(), 5u);
}

TEST(RuleSteps, NumbersRunOut) {
    SubjectNumbers numbers({}, 7);
    for (unsigned i = 0; i < MAX_SUBJECTS; i++)
        ASSERT_TRUE(numbers.take());
    EXPECT_FALSE(numbers.take());
}

TEST(RuleSteps, PagesOfAPortSet) {
    PortSet ports;
    ports.add({{8080, 8080}, 1U << RULE_TCP});
    ports.add({{53, 53}, 1U << RULE_UDP});
    Pages pages;
    ASSERT_TRUE(add_pages(pages, 9, ports, {}));
    ASSERT_EQ(pages.size(), 2u * rule_sides);
    for (const auto &[key, record] : pages) {
        const unsigned port = key.proto == RULE_TCP ? 8080 : 53;
        EXPECT_EQ(key.set, 9u);
        EXPECT_EQ(key.page, port / PAGE_PORTS);
        EXPECT_EQ(record.ports[port % PAGE_PORTS / 64], uint64_t{1} << port % 64);
    }
}

// Found through the page of every remote end, whether that has ports or not.
TEST(RuleSteps, PagesOfListsOfRemoteEnds) {
    PortSet ports;
    ports.add({{80, 80}, 1U << RULE_TCP, 1U << SIDE_CONNECT});
    ports.add({{81, 81}, 1U << RULE_TCP, 1U << SIDE_CONNECT, "a"});
    ports.add({{600, 600}, 1U << RULE_TCP, 1U << SIDE_CONNECT, "b"});
    Pages pages;
    ASSERT_TRUE(add_pages(pages, 9, ports, {{"", 0}, {"a", 7}, {"b", 8}}));
    std::map<std::pair<unsigned, unsigned>, page_record> found; // by page and list
    for (const auto &[key, record] : pages)
        found[{key.page, key.list}] = record;
    ASSERT_EQ(found.size(), 4u);
    const auto first = [&](unsigned page, unsigned list) {
        return found.at({page, list}).ports[1];
    };
    EXPECT_EQ(first(0, 0), uint64_t{1} << (80 - 64));
    EXPECT_EQ(first(0, 7), uint64_t{1} << (81 - 64));
    EXPECT_EQ(first(1, 0), 0u);
    EXPECT_EQ(first(1, 8), uint64_t{1} << (600 - 512 - 64));
    EXPECT_EQ(found.at({0, 0}).lists[0], 7u);
    EXPECT_EQ(found.at({0, 0}).lists[1], 0u);
    EXPECT_EQ(found.at({1, 0}).lists[0], 8u);
    EXPECT_EQ(found.at({0, 7}).lists[0], 0u);
}

// Which bit a subject has is part of the layout, and spread well.
TEST(RuleSteps, BitsOfTheSieve) {
    std::set<uint32_t> bits;
    for (__u64 number = 0; number < 1000; number++) {
        const __u64 inode[2] = {100000 + number, 8 << 20}, name[2] = {number << 40, 0};
        bits.insert(sieve_bit(SUBJECT_EXE, inode));
        bits.insert(sieve_bit(SUBJECT_NAME, name));
    }
    EXPECT_GT(bits.size(), 1900u);
    EXPECT_LT(*bits.rbegin(), unsigned{SIEVE_BITS});
}

TEST(RuleSteps, ALongTextIsCut) {
    const text_record record = record_of(std::string(SUBJECT_TEXT + 9, 'x'));
    EXPECT_EQ(std::string(record.text), std::string(SUBJECT_TEXT - 1, 'x'));
}

} // namespace
} // namespace pinpipe::ctl
