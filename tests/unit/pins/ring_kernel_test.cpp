// SPDX-License-Identifier: MIT
// The ring's reader on the kernel's own ring, filled by the kernel program.
#include "lib/pins/ring.h"

#include "tests/unit/support/loaded.h"
#include "tests/unit/support/stopwatch.h"

#include <limits>
#include <thread>

namespace pinpipe {
namespace {

class RingKernel : public LoadedTest {
protected:
    void SetUp() override {
        LoadedTest::SetUp();
        if (IsSkipped())
            return;
        auto claim = take();
        ASSERT_TRUE(claim) << claim.error().text;
        claim_.emplace(std::move(*claim));
        auto page = Mapping::map(Fd(bpf_obj_get(below("readers/0/ring").c_str())).get(),
                                 sizeof(uint64_t), PROT_READ | PROT_WRITE, 0, "the position");
        ASSERT_TRUE(page);
        page_ = std::move(*page);
    }
    Claim &claim() { return *claim_; }
    Ring &ring() { return claim_->ring(); }
    // The page that every member of the group can map.
    volatile uint64_t &position() const { return *page_.as<volatile uint64_t>(); }

    std::vector<uint32_t> take_numbers() {
        std::vector<Record> batch(64);
        std::vector<uint32_t> numbers;
        while (const size_t count = ring().take(batch))
            for (size_t i = 0; i < count; i++) {
                const auto *record = batch[i].as<icmp_record>();
                EXPECT_TRUE(record && record->generation == claim().generation());
                numbers.push_back(record ? number_of(*record) : ~0U);
            }
        return numbers;
    }
    static std::vector<uint32_t> numbers(uint32_t first, uint32_t count) {
        std::vector<uint32_t> all(count);
        for (uint32_t i = 0; i < count; i++)
            all[i] = first + i;
        return all;
    }

private:
    std::optional<Claim> claim_;
    Mapping page_;
};

// As the positions advance by a record, a record begins at every possible place, and is cut by the
// ring's end at every possible place.
TEST_F(RingKernel, RecordsOverTheEndAtEveryOffset) {
    constexpr uint32_t laps = ring_size / 8 * (sizeof(icmp_record) + 8) / ring_size + 1;
    const uint64_t start = position();
    uint32_t next = 0;
    for (uint32_t i = 0; i < laps * (room + 1); i += 40) {
        ASSERT_TRUE(feed_numbers(next, 40));
        ASSERT_EQ(take_numbers(), numbers(next, 40));
        next += 40;
    }
    EXPECT_GE(position() - start, uint64_t{laps} * ring_size);
    EXPECT_EQ(ring().tampered() + ring().overrun(), 0u);
    EXPECT_EQ(claim().counts(STREAM_ICMP).written, next);
    EXPECT_EQ(claim().counts(STREAM_ICMP).lost, 0u);
}

TEST_F(RingKernel, AFullRing) {
    for (uint32_t round = 0; round < 3; round++) {
        ASSERT_TRUE(feed_numbers(0, room + 10));
        EXPECT_EQ(ring().unread(), uint64_t{room} * (sizeof(icmp_record) + 8));
        EXPECT_EQ(take_numbers(), numbers(0, room));
        EXPECT_EQ(ring().unread(), 0u);
        EXPECT_EQ(claim().counts(STREAM_ICMP).lost, 10 * (round + 1));
    }
}

TEST_F(RingKernel, SkipForgetsAll) {
    ASSERT_TRUE(feed_numbers(0, 100));
    ring().skip();
    EXPECT_EQ(ring().unread(), 0u);
    EXPECT_EQ(take_numbers(), numbers(0, 0));
    ASSERT_TRUE(feed_numbers(100, room));
    EXPECT_EQ(take_numbers(), numbers(100, room)) << "all of the room is free again";
}

// A claim begins where the records of the claim before end.
TEST_F(RingKernel, WhatADeadReaderLeftIsNotRead) {
    { const Child dead = holder("reader"); } // slot 1
    ASSERT_TRUE(feed_numbers(0, 50));
    auto again = take();
    ASSERT_TRUE(again);
    ASSERT_EQ(again->slot(), 1u);
    std::vector<Record> batch(4);
    EXPECT_EQ(again->ring().take(batch), 0u);
    ASSERT_TRUE(feed(7));
    ASSERT_EQ(again->ring().take(batch), 1u);
    EXPECT_EQ(number_of(*batch[0].as<icmp_record>()), 7u);
    EXPECT_EQ(batch[0].as<icmp_record>()->generation, again->generation());
    EXPECT_EQ(again->lost_since(STREAM_ICMP, batch[0].as<icmp_record>()->lost), 0u);
}

TEST_F(RingKernel, AFrozenRingIsRefused) {
    MapSpec spec = ring_map;
    spec.entries = ring_size;
    make_pin(spec, "frozen");
    const std::string path = below("frozen");
    ASSERT_TRUE(freeze(path)) << std::strerror(errno);
    const auto refused = Ring::map(Fd(bpf_obj_get(path.c_str())), ring_size, path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, path + " is frozen: a member of its group did that");
}

// A member of the group cannot freeze the ring of a running reader.
TEST_F(RingKernel, AMappedRingCannotBeFrozen) {
    EXPECT_FALSE(freeze(below("readers/0/ring")));
    EXPECT_EQ(errno, EBUSY);
}

TEST_F(RingKernel, UnreadOfAnothersRing) {
    ASSERT_TRUE(feed_numbers(0, 3));
    const Fd other(bpf_obj_get(below("readers/0/ring").c_str()));
    const auto unread = Ring::unread_of(other, "it");
    ASSERT_TRUE(unread) << unread.error().text;
    EXPECT_EQ(*unread, 3 * (sizeof(icmp_record) + 8));
}

// The position is moved, and the kernel uses it: records are delivered as far as possible, the
// kernel counts the others as lost, and then everything is as before.
TEST_F(RingKernel, AHostilePosition) {
    uint32_t next = 0;
    ASSERT_TRUE(feed_numbers(next, 10));
    ASSERT_EQ(take_numbers(), numbers(next, 10));
    next += 10;
    for (const uint64_t lie :
         {uint64_t{0}, position() - 72, position() + 1, position() + 72, position() + ring_size,
          position() - 8 * uint64_t{ring_size}, uint64_t{1} << 63, ~uint64_t{0}}) {
        ASSERT_TRUE(feed_numbers(next, 5));
        const uint64_t lost = claim().counts(STREAM_ICMP).lost, before = ring().tampered();
        position() = lie;
        ASSERT_TRUE(feed_numbers(next + 5, 5));
        const auto late = static_cast<uint32_t>(claim().counts(STREAM_ICMP).lost - lost);
        EXPECT_EQ(take_numbers(), numbers(next, 10 - late)) << lie;
        EXPECT_EQ(ring().tampered(), before + 1);
        next += 10;
        ASSERT_TRUE(feed_numbers(next, 10));
        EXPECT_EQ(take_numbers(), numbers(next, 10)) << "after " << lie;
        next += 10;
    }
    EXPECT_EQ(ring().overrun(), 0u);
}

// A position ahead of the reader's makes the kernel overwrite unread records: none of them comes.
TEST_F(RingKernel, WhatTheKernelWasLedToOverwrite) {
    ASSERT_TRUE(feed_numbers(0, room));
    position() = position() + uint64_t{room} * (sizeof(icmp_record) + 8);
    ASSERT_TRUE(feed_numbers(room, room));
    EXPECT_EQ(take_numbers(), numbers(0, 0));
    EXPECT_EQ(ring().overrun(), 1u);
    EXPECT_EQ(claim().counts(STREAM_ICMP).written, 2 * room) << "all of it to be told as lost";
    EXPECT_EQ(ring().unread(), 0u);
    ASSERT_TRUE(feed_numbers(0, room));
    EXPECT_EQ(take_numbers(), numbers(0, room));
}

// Reading while the kernel writes: each record comes once and in order, and missing ones are
// counted.
TEST_F(RingKernel, ReadingWhileItIsWritten) {
    constexpr uint32_t count = 30'000;
    std::atomic<bool> fed = true, over = false;
    std::thread feeder([&] {
        fed = feed_numbers(0, count);
        over = true;
    });
    uint64_t taken = 0, disorder = 0;
    uint32_t last = 0;
    for (bool end = false; !end;) {
        end = over;
        for (uint32_t number : take_numbers()) {
            disorder += taken && number <= last;
            last = number;
            taken++;
        }
    }
    feeder.join();
    EXPECT_TRUE(fed);
    EXPECT_EQ(disorder, 0u);
    EXPECT_EQ(taken, claim().counts(STREAM_ICMP).written);
    EXPECT_EQ(taken + claim().counts(STREAM_ICMP).lost, count);
}

// After stop() no record is added to the ring, though packets go on arriving. Repeated as long as
// there is time: a stop that does not wait for running programs is quick, and often wrong.
TEST_F(RingKernel, AfterStoppingNothingComes) {
    std::atomic<bool> over = false;
    std::thread feeder([&] {
        while (!over)
            feed(1, 200);
    });
    std::vector<Record> batch(64);
    uint64_t wrong = 0;
    for (const Stopwatch watch; watch.seconds() < 0.5;) {
        auto claim = take();
        uint64_t taken = 0;
        while (claim && taken < 200 && watch.seconds() < patience)
            taken += claim->ring().take(batch);
        if (!claim || taken < 200)
            break;
        claim->stop();
        const Claim::Counts counts = claim->counts(STREAM_ICMP);
        while (const size_t count = claim->ring().take(batch))
            taken += count;
        const Claim::Counts later = claim->counts(STREAM_ICMP);
        wrong += taken != counts.written || claim->ring().unread() != 0 ||
                 later.written != counts.written || later.lost != counts.lost;
    }
    over = true;
    feeder.join();
    EXPECT_EQ(wrong, 0u);
}

} // namespace
} // namespace pinpipe
