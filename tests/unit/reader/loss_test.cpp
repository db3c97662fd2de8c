// SPDX-License-Identifier: MIT
#include "tools/reader/loss.h"

#include <algorithm>
#include <deque>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace pinpipe {
namespace {

TEST(LossTracker, TellsRisesOnly) {
    LossTracker losses;
    const std::pair<uint32_t, uint64_t> table[] = {
        {0, 0}, {0, 0}, {3, 3}, {3, 0}, {4, 1}, {3, 0}, {4, 0}, {2, 0}, {10, 6}, {9, 0}, {10, 0},
    };
    uint64_t total = 0;
    for (const auto &[lost, told] : table) {
        EXPECT_EQ(losses.before_record(lost), told) << lost;
        total += told;
        EXPECT_EQ(losses.told(), total);
    }
}

TEST(LossTracker, TheCounterTellsTheRest) {
    LossTracker losses;
    EXPECT_EQ(losses.when_idle(0), 0u);
    EXPECT_EQ(losses.when_idle(5), 5u);
    EXPECT_EQ(losses.when_idle(5), 0u);
    EXPECT_EQ(losses.before_record(5), 0u);
    EXPECT_EQ(losses.before_record(4), 0u); // its count was read before the counter
    EXPECT_EQ(losses.before_record(7), 2u);
    EXPECT_EQ(losses.when_idle(6), 0u); // the counter was read before that record
    EXPECT_EQ(losses.when_idle(8), 1u);
    EXPECT_EQ(losses.told(), 8u);
}

TEST(LossTracker, ARecordsCountWraps) {
    LossTracker losses;
    EXPECT_EQ(losses.when_idle(0xfffffffeu), 0xfffffffeu);
    EXPECT_EQ(losses.before_record(0xffffffffu), 1u);
    EXPECT_EQ(losses.before_record(0u), 1u);
    EXPECT_EQ(losses.before_record(0xffffffffu), 0u); // out of order over the wrap
    EXPECT_EQ(losses.before_record(2u), 2u);
    EXPECT_EQ(losses.told(), 0x100000002u);
    EXPECT_EQ(losses.when_idle(0x100000002u), 0u);
    EXPECT_EQ(losses.when_idle(0x100000003u), 1u);
}

TEST(LossTracker, MoreThanARecordCanSayIsToldByTheCounter) {
    LossTracker losses;
    EXPECT_EQ(losses.before_record(0x7fffffffu), 0x7fffffffu); // the largest rise
    EXPECT_EQ(losses.before_record(0xffffffffu), 0u);          // looks like a step back
    EXPECT_EQ(losses.when_idle(0xffffffffu), 0x80000000u);
    EXPECT_EQ(losses.when_idle(0x500000000u), 0x400000001u);
    EXPECT_EQ(losses.before_record(1u), 1u);
    EXPECT_EQ(losses.told(), 0x500000001u);
}

TEST(LossTracker, WhatWasOverwrittenIsToldOnce) {
    LossTracker losses;
    EXPECT_EQ(losses.overwritten(0, 0), 0u);
    EXPECT_EQ(losses.overwritten(10, 10), 0u);
    EXPECT_EQ(losses.overwritten(12, 9), 3u);
    EXPECT_EQ(losses.overwritten(12, 9), 0u);
    EXPECT_EQ(losses.overwritten(20, 17), 0u);
    EXPECT_EQ(losses.overwritten(20, 15), 2u);
    EXPECT_EQ(losses.overwritten(20, 20),
              0u); // taken after all, with a count read earlier: never a step back
    EXPECT_EQ(losses.overwritten(30, 24), 1u);
    EXPECT_EQ(losses.told(), 6u);
    EXPECT_EQ(losses.before_record(1), 1u); // each stream is counted apart
    EXPECT_EQ(losses.told(), 7u);
}

// Several CPUs read the counter, then reserve: a record that fits carries a count that may be old;
// one that does not fit raises the counter. The reader takes records, and reads the counter when
// there are none.
class Kernel {
public:
    Kernel(unsigned seed, size_t cpus, size_t room, uint64_t at_claim)
        : random_(seed), read_(cpus), room_(room), at_claim_(at_claim), lost_(at_claim) {}

    void step(uint64_t burst) {
        const size_t cpu = random_() % read_.size();
        if (!read_[cpu]) {
            read_[cpu] = {true, static_cast<uint32_t>(lost_)};
            return;
        }
        if (ring_.size() < room_)
            ring_.push_back(read_[cpu].count);
        else
            lost_ += burst;
        read_[cpu] = {};
    }
    void finish() {
        for (Reading &one : read_)
            if (one && ring_.size() < room_)
                ring_.push_back(one.count);
    }
    bool empty() const { return ring_.empty(); }
    uint32_t take() {
        const uint32_t count = ring_.front() - static_cast<uint32_t>(at_claim_);
        ring_.pop_front();
        return count;
    }
    uint64_t lost() const { return lost_ - at_claim_; }
    std::mt19937_64 &random() { return random_; }

private:
    struct Reading {
        bool there = false;
        uint32_t count = 0;
        explicit operator bool() const { return there; }
    };
    std::mt19937_64 random_;
    std::vector<Reading> read_;
    std::deque<uint32_t> ring_;
    size_t room_;
    uint64_t at_claim_, lost_;
};

struct Setting {
    const char *name;
    size_t cpus, room;
    uint64_t at_claim, burst;
};

class LossProperty : public testing::TestWithParam<Setting> {};

TEST_P(LossProperty, ToldIsLost) {
    const Setting &s = GetParam();
    uint64_t losses_seen = 0;
    for (unsigned seed = 0; seed < 300; seed++) {
        Kernel kernel(seed, s.cpus, s.room, s.at_claim);
        LossTracker losses;
        uint64_t told = 0;
        const auto read_some = [&] {
            for (uint64_t budget = kernel.random()() % 12; budget && !kernel.empty(); budget--)
                told += losses.before_record(kernel.take());
            if (kernel.empty())
                told += losses.when_idle(kernel.lost());
            ASSERT_LE(told, kernel.lost()) << "told before it was lost";
            ASSERT_EQ(told, losses.told());
        };
        for (int i = 0; i < 400; i++) {
            kernel.step(1 + kernel.random()() % s.burst);
            if (kernel.random()() % 10 == 0)
                read_some();
        }
        kernel.finish();
        while (!kernel.empty())
            read_some();
        told += losses.when_idle(kernel.lost());
        ASSERT_EQ(told, kernel.lost()) << "seed " << seed;
        losses_seen += told;
    }
    EXPECT_GT(losses_seen, 0u) << "nothing was tested";
}

INSTANTIATE_TEST_SUITE_P(Interleavings, LossProperty,
                         testing::Values(Setting{"one", 1, 4, 0, 1}, Setting{"two", 2, 4, 0, 1},
                                         Setting{"many", 16, 8, 7, 3},
                                         Setting{"large", 64, 32, 0, 1000},
                                         Setting{"wrap", 4, 4, 0xfffffff0, 2},
                                         Setting{"wraps", 4, 4, 0xffffff00, 30'000'000},
                                         Setting{"late", 4, 4, 0x7ffffffffffffff0, 5}),
                         [](const auto &setting) { return setting.param.name; });

} // namespace
} // namespace pinpipe
