// SPDX-License-Identifier: MIT
#include "lib/pins/usage_book.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <tuple>

// In the type's namespace, so that GoogleTest finds it.
static bool operator==(const usage_sums &a, const usage_sums &b) {
    using namespace pinpipe;
    return is_zero(a - b);
}
static void PrintTo(const usage_sums &s, std::ostream *out) {
    *out << s.bytes_sent << "/" << s.bytes_received << " in " << s.calls_sent << "/"
         << s.calls_received;
}

namespace pinpipe {
namespace {

usage_key key(uint32_t pid, uint8_t proto = 6) {
    usage_key k{};
    k.pid = pid;
    k.start = pid * 1000ULL;
    k.proto = proto;
    return k;
}

constexpr usage_sums none{};
constexpr usage_sums sent(uint64_t bytes) {
    return {bytes, 0, 1, 0};
}

TEST(UsageBook, TellsGrowth) {
    UsageBook book;
    book.begin();
    EXPECT_EQ(book.entry(key(1), {100, 7, 2, 1}), (usage_sums{100, 7, 2, 1}));
    EXPECT_EQ(book.end(true), none);
    book.begin();
    EXPECT_EQ(book.entry(key(1), {150, 7, 3, 1}), (usage_sums{50, 0, 1, 0}));
    book.end(true);
    book.begin();
    EXPECT_EQ(book.entry(key(1), {150, 7, 3, 1}), none);
}

TEST(UsageBook, KeysAreToldApart) {
    UsageBook book;
    book.begin();
    usage_key other = key(1), port = key(1), remote = key(1);
    other.start++;
    port.port = 53;
    remote.remote.bytes[15] = 1;
    for (const usage_key &k : {key(1), key(1, 17), key(2), other, port, remote})
        EXPECT_EQ(book.entry(k, sent(5)), sent(5));
    EXPECT_EQ(book.size(), 6u);
}

TEST(UsageBook, TheDeadTellWhatWasNotYetTold) {
    UsageBook book;
    book.begin();
    book.entry(key(1), sent(10));
    book.end(true);
    book.begin();
    EXPECT_EQ(book.dead(key(1), {30, 4, 2, 1}), (usage_sums{20, 4, 1, 1}));
    EXPECT_EQ(book.end(true), none);
    book.begin();
    EXPECT_EQ(book.end(true), none);
    EXPECT_EQ(book.size(), 0u);
}

TEST(UsageBook, OneThatWasNeverSeenAliveTellsAll) {
    UsageBook book;
    book.begin();
    EXPECT_EQ(book.dead(key(1), sent(30)), sent(30));
}

// An entry is written to the dead ring first, then deleted: a look may find it in both.
TEST(UsageBook, AnEntryInBothPlacesCountsOnce) {
    UsageBook book;
    book.begin();
    EXPECT_EQ(book.entry(key(1), sent(10)), sent(10));
    EXPECT_EQ(book.dead(key(1), sent(10)), none);
    book.end(true);
    book.begin();
    EXPECT_EQ(book.entry(key(1), sent(10)), none); // not yet deleted
    book.end(true);
    book.begin();
    book.end(true);
    EXPECT_EQ(book.size(), 0u);
}

TEST(UsageBook, WhatComesAfterTheEndIsAnAddition) {
    UsageBook book;
    book.begin();
    book.entry(key(1), sent(10));
    EXPECT_EQ(book.dead(key(1), sent(12)), (usage_sums{2, 0, 0, 0}));
    EXPECT_EQ(book.dead(key(1), sent(5)), sent(5));
    EXPECT_EQ(book.dead(key(1), sent(5)), sent(5));
}

TEST(UsageBook, VanishedOnesWereOverwritten) {
    UsageBook book;
    book.begin();
    book.entry(key(1), sent(10));
    book.entry(key(2), sent(20));
    book.end(true);
    book.begin();
    book.entry(key(2), sent(20));
    EXPECT_EQ(book.end(true), sent(10));
    EXPECT_EQ(book.size(), 1u);
}

TEST(UsageBook, NothingIsGivenUpWhileTheRingIsUnread) {
    UsageBook book;
    book.begin();
    book.entry(key(1), sent(10));
    book.end(true);
    book.begin();
    EXPECT_EQ(book.end(false), none);
    book.begin();
    EXPECT_EQ(book.dead(key(1), sent(15)), (usage_sums{5, 0, 0, 0}));
}

// Random processes, compared with plain sums: in whatever order they live and die, each byte is
// reported once.
TEST(UsageBook, EverythingIsToldOnce) {
    std::mt19937 random(4);
    UsageBook book;
    std::map<uint32_t, usage_sums> living;
    uint32_t next = 1;
    usage_sums truth{}, told{};
    for (int look = 0; look < 500; look++) {
        std::vector<std::pair<uint32_t, usage_sums>> died;
        for (int i = 0; i < 20; i++) {
            const uint32_t pid =
                random() % 3 && !living.empty()
                    ? std::next(living.begin(), static_cast<long>(random() % living.size()))->first
                    : next++;
            const usage_sums more = {random() % 1000, random() % 1000, 1, 1};
            living[pid] = living[pid] + more;
            truth = truth + more;
            if (random() % 4 == 0) {
                died.emplace_back(pid, living[pid]);
                living.erase(pid);
            }
        }
        book.begin();
        for (const auto &[pid, sums] : living)
            told = told + book.entry(key(pid), sums);
        for (const auto &[pid, sums] : died) {
            if (random() % 2)
                told = told + book.entry(key(pid), sums);
            told = told + book.dead(key(pid), sums);
        }
        EXPECT_EQ(book.end(true), none);
        ASSERT_EQ(told, truth);
    }
    book.begin();
    for (const auto &[pid, sums] : living)
        book.entry(key(pid), sums);
    book.end(true);
    EXPECT_EQ(book.size(), living.size());
}

// Many remotes of one process: a look takes time in proportion to them, whatever the addresses.
TEST(UsageBook, NoAddressesAreSlow) {
    constexpr uint32_t many = 60000;
    for (const int shift : {0, 8, 16}) {
        UsageBook book;
        book.begin();
        for (uint32_t i = 0; i < many; i++) {
            usage_key k = key(1);
            k.remote.words[3] = __builtin_bswap32(i << shift);
            k.port = static_cast<uint16_t>(shift == 16 ? i : 0);
            book.entry(k, sent(1));
        }
        EXPECT_EQ(book.size(), many);
        EXPECT_LT(book.probes(), many * 5ULL) << "shift " << shift;
    }
}

} // namespace
} // namespace pinpipe
