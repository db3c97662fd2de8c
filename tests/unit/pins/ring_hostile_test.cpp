// SPDX-License-Identifier: MIT
// The ring's reader while another process writes the consumer position, as any member of the read
// group may. Records may be lost by that, and are reported as lost; none is ever wrong.
#include "lib/pins/ring.h"

#include "tests/unit/support/ring_memory.h"
#include "tests/unit/support/stopwatch.h"

#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <thread>
#include <vector>

namespace pinpipe {
namespace {

constexpr uint32_t ring_size = 4096;

Ring ring_on(const RingMemory &memory) {
    auto ring = Ring::map(memory.fd(), memory.size(), "the ring");
    EXPECT_TRUE(ring) << ring.error().text;
    return std::move(*ring);
}

// Makes a numbered record: all its words follow from the number.
constexpr size_t record_size = 64;
using Words = std::array<uint64_t, record_size / 8>;

Words words_of(uint64_t number) {
    Words words;
    for (size_t i = 0; i < words.size(); i++)
        words[i] = (number + i) * 0x9e3779b97f4a7c15;
    words[0] = number;
    return words;
}

bool add_number(RingMemory &memory, uint64_t number) {
    const Words words = words_of(number);
    return memory.add({reinterpret_cast<const char *>(words.data()), sizeof words});
}

// Returns the record's number, or nothing if it differs from what was written.
std::optional<uint64_t> number_of(const Record &record) {
    Words words;
    std::memcpy(words.data(), record.bytes, sizeof words);
    if (record.size != sizeof words || words != words_of(words[0]))
        return {};
    return words[0];
}

std::vector<uint64_t> take_numbers(Ring &ring) {
    std::vector<Record> batch(16);
    std::vector<uint64_t> numbers;
    while (const size_t count = ring.take(batch))
        for (size_t i = 0; i < count; i++)
            numbers.push_back(number_of(batch[i]).value_or(~uint64_t{0}));
    return numbers;
}

class HostilePosition : public testing::TestWithParam<int64_t> {};

// The position is moved, and the kernel writes nothing meanwhile: nothing is lost.
TEST_P(HostilePosition, IsNoticedAndRepaired) {
    RingMemory memory(ring_size, 8 * ring_size);
    Ring ring = ring_on(memory);
    for (uint64_t number = 0; number < 3; number++)
        add_number(memory, number);
    ASSERT_EQ(take_numbers(ring), (std::vector<uint64_t>{0, 1, 2}));
    for (uint64_t number = 3; number < 6; number++)
        add_number(memory, number);
    memory.consumer() += static_cast<uint64_t>(GetParam());
    EXPECT_EQ(take_numbers(ring), (std::vector<uint64_t>{3, 4, 5}));
    EXPECT_EQ(memory.consumer(), memory.producer());
    EXPECT_EQ(ring.tampered(), 1u);
    EXPECT_EQ(ring.overrun(), 0u);

    memory.consumer() += static_cast<uint64_t>(GetParam());
    EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{});
    EXPECT_EQ(memory.consumer(), memory.producer()) << "also with nothing to read";
    EXPECT_EQ(ring.tampered(), 2u);
    add_number(memory, 6);
    EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{6});
    EXPECT_EQ(ring.tampered(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Offsets, HostilePosition,
                         testing::Values(8, -8, 1, -1, 3, 72, -72, ring_size, -int64_t{ring_size},
                                         8 * ring_size, -8 * int64_t{ring_size}, int64_t{1} << 32,
                                         std::numeric_limits<int64_t>::min(),
                                         std::numeric_limits<int64_t>::max()));

// A position that is too far ahead makes the kernel overwrite unread records.
TEST(RingHostile, WhatIsOverwrittenIsNeverDelivered) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    uint64_t number = 0;
    while (add_number(memory, number))
        number++;
    memory.consumer() = memory.producer().load();
    ASSERT_TRUE(add_number(memory, number++));
    EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{});
    EXPECT_EQ(ring.overrun(), 1u);
    EXPECT_EQ(ring.unread(), 0u);
    EXPECT_EQ(memory.consumer(), memory.producer());
    add_number(memory, number);
    EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{number});
    EXPECT_EQ(ring.overrun(), 1u);
}

// After a whole number of laps all offsets are the same: only the positions show the overrun.
TEST(RingHostile, LapsAreNoticed) {
    for (uint64_t laps : {1U, 2U, 1000U}) {
        RingMemory memory(ring_size);
        Ring ring = ring_on(memory);
        add_number(memory, 1);
        memory.producer() += laps * ring_size;
        memory.consumer() = memory.producer().load();
        EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{});
        EXPECT_EQ(ring.overrun(), 1u);
        add_number(memory, 2);
        EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{2});
    }
}

// A false position can lead to bytes of the ring with lengths that no record has.
TEST(RingHostile, ALengthBeyondTheProducerIsNotBelieved) {
    for (uint32_t length : {64u, 65u, ring_size, (1u << 30) - 1}) {
        RingMemory memory(ring_size);
        Ring ring = ring_on(memory);
        memory.add(std::string(56, 'x'));
        *reinterpret_cast<uint32_t *>(memory.data()) = length;
        EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{}) << length;
        EXPECT_EQ(ring.overrun(), 1u);
        add_number(memory, 7);
        EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{7});
    }
}

// Records before a broken one in the same batch are not delivered either: they were copied while
// the ring was being overwritten.
TEST(RingHostile, ABrokenBatchIsDroppedAsAWhole) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    add_number(memory, 1);
    add_number(memory, 2);
    *reinterpret_cast<uint32_t *>(memory.data() + record_size + 8) = ring_size;
    std::vector<Record> batch(4);
    EXPECT_EQ(ring.take(batch), 0u);
    EXPECT_EQ(ring.overrun(), 1u);
}

// The position was nonsense before the claim: a claim skips first, which is enough.
TEST(RingHostile, APositionFromBeforeUs) {
    for (uint64_t position : {uint64_t{ring_size} - 1, uint64_t{3}, uint64_t{8},
                              uint64_t{ring_size} * 9, ~uint64_t{0}}) {
        RingMemory memory(ring_size, ring_size);
        add_number(memory, 1);
        memory.consumer() = position;
        Ring ring = ring_on(memory);
        ring.skip();
        add_number(memory, 2);
        EXPECT_EQ(take_numbers(ring), std::vector<uint64_t>{2});
        EXPECT_EQ(ring.tampered() + ring.overrun(), 0u);
    }
}

// Even without a skip: records in the ring may come or not, but none that was never written.
TEST(RingHostile, APositionFromBeforeUsIsNotBelieved) {
    for (uint64_t position = 0; position < 2 * ring_size; position++) {
        RingMemory memory(ring_size, ring_size);
        add_number(memory, 1);
        add_number(memory, 2);
        memory.consumer() = position;
        Ring ring = ring_on(memory);
        for (uint64_t number : take_numbers(ring))
            ASSERT_TRUE(number == 1 || number == 2) << "from position " << position;
    }
}

// All orders of writing, reading and false positions: records come right and in order, and none is
// missing unless it could not be written or an overrun was noticed.
TEST(RingHostile, RandomInterleavings) {
    uint64_t delivered = 0, overruns = 0, tampered = 0;
    for (unsigned seed = 0; seed < 300; seed++) {
        std::mt19937_64 random(seed);
        RingMemory memory(ring_size, seed * 72);
        Ring ring = ring_on(memory);
        std::vector<Record> batch(64);
        uint64_t next = 0, expected = 0, seen_overruns = 0;
        for (int step = 0; step < 3000; step++) {
            switch (random() % (seed % 2 ? 20 : 100)) {
            case 0: memory.consumer() = random() >> random() % 64; break;
            case 1: memory.consumer() += random() % ring_size; break;
            case 2: memory.consumer() = memory.producer().load(); break;
            case 3:
            case 4:
            case 5: {
                const size_t count = ring.take(std::span(batch).first(1 + random() % 64));
                if (ring.overrun() != seen_overruns) {
                    ASSERT_EQ(count, 0u);
                    expected = next; // the rest of the ring is forgotten
                }
                seen_overruns = ring.overrun();
                for (size_t i = 0; i < count; i++)
                    ASSERT_EQ(number_of(batch[i]), expected++);
                delivered += count;
                break;
            }
            default: next += add_number(memory, next);
            }
        }
        overruns += ring.overrun();
        tampered += ring.tampered();
    }
    EXPECT_GT(delivered, 10000u);
    EXPECT_GT(overruns, 100u);
    EXPECT_GT(tampered, 1000u);
}

// The same at full speed: the producer overwrites what is being copied.
TEST(RingHostile, AllAtTheSameTime) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    std::atomic<bool> over = false;
    std::atomic<uint64_t> written = 0;
    std::thread producer([&] {
        std::mt19937 random(9);
        for (uint64_t number = 1; !over;)
            if (random() % 2048 == 0)
                memory.consumer() = memory.producer().load(); // the false position
            else if (add_number(memory, number))
                written = number++;
    });
    std::vector<Record> batch(64);
    uint64_t delivered = 0, wrong = 0, last = 0;
    const Stopwatch watch;
    while (delivered < 1'000'000 || ring.overrun() < 500) {
        const size_t count = ring.take(batch);
        for (size_t i = 0; i < count; i++) {
            const auto number = number_of(batch[i]);
            wrong += !number || *number <= last;
            last = number.value_or(last);
        }
        delivered += count;
        if (watch.seconds() > 1)
            break; // a slow machine: enough has been seen
    }
    over = true;
    producer.join();
    EXPECT_EQ(wrong, 0u) << "of " << delivered << ", " << ring.overrun() << " overruns";
    EXPECT_GT(delivered + ring.overrun(), 0u); // on one processor there may be only overruns
    EXPECT_LE(last, written);
}

} // namespace
} // namespace pinpipe
