// SPDX-License-Identifier: MIT
// The ring's reader on memory laid out like a ring: each case to the byte. The kernel's own ring is
// in ring_kernel_test.cpp; a consumer position that another process moves, in
// ring_hostile_test.cpp.
#include "lib/pins/ring.h"

#include "tests/unit/support/ring_memory.h"
#include "tests/unit/support/stopwatch.h"

#include <gtest/gtest.h>
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

// Fills a record with bytes that differ from other records' and from their neighbours.
std::string pattern(uint64_t number, size_t length) {
    std::string bytes(length, '\0');
    for (size_t i = 0; i < length; i++)
        bytes[i] = static_cast<char>(number * 31 + i * 7 + 1);
    return bytes;
}

std::string bytes_of(const Record &record) {
    return std::string(record.bytes, std::min<size_t>(record.size, record_max));
}

std::vector<std::string> take_all(Ring &ring, size_t batch = 64) {
    std::vector<Record> records(batch);
    std::vector<std::string> all;
    while (const size_t count = ring.take(records))
        for (size_t i = 0; i < count; i++)
            all.push_back(bytes_of(records[i]));
    return all;
}

TEST(Ring, AnEmptyOne) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    std::vector<Record> records(4);
    EXPECT_EQ(ring.take(records), 0u);
    EXPECT_EQ(ring.unread(), 0u);
    EXPECT_EQ(memory.consumer(), 0u);
    EXPECT_GE(ring.fd(), 0);
    EXPECT_EQ(ring.tampered() + ring.overrun(), 0u);
}

TEST(Ring, RecordsComeInOrder) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    std::vector<std::string> expected;
    for (size_t length = 0; length <= 64; length += 3) {
        expected.push_back(pattern(length, length));
        ASSERT_TRUE(memory.add(expected.back()));
    }
    EXPECT_EQ(ring.unread(), memory.producer());
    EXPECT_EQ(take_all(ring), expected);
    EXPECT_EQ(ring.unread(), 0u);
    EXPECT_EQ(memory.consumer(), memory.producer());
}

// A record begins at every place where one can begin, and is cut by the ring's end at every place.
TEST(Ring, EveryLengthAtEveryOffset) {
    for (uint64_t start = 0; start < ring_size; start += 8) {
        RingMemory memory(ring_size, start + (uint64_t{5} << 32));
        Ring ring = ring_on(memory);
        for (uint32_t length = 0; length <= record_max; length += length < 80 ? 1 : 129) {
            memory.consumer() = memory.producer() = start + (uint64_t{5} << 32);
            ring.skip();
            ASSERT_TRUE(memory.add(pattern(start, length)));
            ASSERT_TRUE(memory.add(pattern(start + 1, 8)));
            ASSERT_EQ(take_all(ring), (std::vector{pattern(start, length), pattern(start + 1, 8)}))
                << length << " bytes at " << start;
        }
        ASSERT_EQ(ring.tampered() + ring.overrun(), 0u);
    }
}

TEST(Ring, ManyLapsThroughAFullRing) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    constexpr size_t most = 64;
    uint64_t written = 0, read = 0;
    for (int lap = 0; lap < 200; lap++) {
        while (memory.add(pattern(written, most - written % 5 * 3)))
            written++;
        ASSERT_GT(ring.unread(), ring_size - 2 * (most + 8));
        for (const std::string &bytes : take_all(ring, 7)) {
            ASSERT_EQ(bytes, pattern(read, most - read % 5 * 3));
            read++;
        }
        ASSERT_EQ(read, written);
    }
    EXPECT_GT(written, 200u * 40);
}

TEST(Ring, ABatchIsNoLargerThanAsked) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    for (uint64_t i = 0; i < 10; i++)
        memory.add(pattern(i, 16));
    std::vector<Record> records(4);
    EXPECT_EQ(ring.take({}), 0u);
    EXPECT_EQ(memory.consumer(), 0u);
    uint64_t number = 0;
    for (size_t expected : {4u, 4u, 2u, 0u}) {
        EXPECT_EQ(ring.take(records), expected);
        for (size_t i = 0; i < expected; i++)
            EXPECT_EQ(bytes_of(records[i]), pattern(number++, 16));
        EXPECT_EQ(memory.consumer(), number * 24) << "published with the batch";
        EXPECT_EQ(ring.unread(), (10 - number) * 24);
    }
}

TEST(Ring, AnUnfinishedRecordEndsTheBatch) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    memory.add("first");
    const auto second = memory.reserve(6), third = memory.reserve(5);
    memory.fill(*third, "third");
    memory.finish(*third);
    memory.add("fourth");
    EXPECT_EQ(take_all(ring), std::vector<std::string>{"first"});
    EXPECT_EQ(memory.consumer(), *second);
    EXPECT_EQ(take_all(ring), std::vector<std::string>{});
    EXPECT_GT(ring.unread(), 0u) << "what is on its way counts as unread";
    memory.fill(*second, "second");
    memory.finish(*second);
    EXPECT_EQ(take_all(ring), (std::vector<std::string>{"second", "third", "fourth"}));
    EXPECT_EQ(ring.unread(), 0u);
}

TEST(Ring, DiscardedRecordsAreSteppedOver) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    for (const char *text : {"a", "b", "c", "d", "e"})
        memory.add(text, *text == 'a' || *text == 'c' || *text == 'e' ? RingMemory::discarded : 0);
    EXPECT_EQ(take_all(ring, 1), (std::vector<std::string>{"b", "d"}));
    std::vector<Record> records(1);
    EXPECT_EQ(ring.take(records), 0u);
    EXPECT_EQ(memory.consumer(), memory.producer());
    memory.add("f", RingMemory::discarded);
    EXPECT_EQ(ring.take(records), 0u);
    EXPECT_EQ(memory.consumer(), memory.producer()) << "one alone frees its room, too";
}

// A record that is too large, of a later layout for example, comes with its size, so that it can be
// reported, and without its bytes.
TEST(Ring, ATooLongRecordIsNotCopied) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    std::vector<Record> records(3);
    for (Record &record : records)
        std::memset(record.bytes, '#', sizeof record.bytes);
    memory.add("before");
    memory.add(std::string(record_max + 1, 'x'));
    memory.add("after");
    EXPECT_EQ(ring.take(records), 3u);
    EXPECT_EQ(bytes_of(records[0]), "before");
    EXPECT_EQ(records[1].size, record_max + 1);
    EXPECT_EQ(records[1].as<icmp_record>(), nullptr);
    EXPECT_EQ(bytes_of(records[1]), std::string(record_max, '#'));
    EXPECT_EQ(bytes_of(records[2]), "after");
    EXPECT_EQ(records[2].bytes[5], '#');
}

TEST(Ring, ARecordIsOneOnlyAtItsExactSize) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    const size_t exact = sizeof(record_header);
    for (size_t size : {exact - 1, exact, exact + 1, size_t{0}})
        memory.add(pattern(1, size));
    std::vector<Record> records(4);
    ASSERT_EQ(ring.take(records), 4u);
    EXPECT_EQ(records[0].as<record_header>(), nullptr);
    ASSERT_NE(records[1].as<record_header>(), nullptr);
    EXPECT_EQ(std::memcmp(records[1].as<record_header>(), pattern(1, exact).data(), exact), 0);
    EXPECT_EQ(records[2].as<record_header>(), nullptr);
    EXPECT_EQ(records[3].as<record_header>(), nullptr);
    EXPECT_EQ(Record().as<record_header>(), nullptr);
}

TEST(Ring, SkipForgetsAll) {
    RingMemory memory(ring_size);
    memory.add("old");
    Ring ring = ring_on(memory);
    memory.add("older");
    ring.skip();
    EXPECT_EQ(memory.consumer(), memory.producer());
    EXPECT_EQ(ring.unread(), 0u);
    EXPECT_EQ(take_all(ring), std::vector<std::string>{});
    memory.add("new");
    EXPECT_EQ(take_all(ring), std::vector<std::string>{"new"});
    EXPECT_EQ(ring.tampered() + ring.overrun(), 0u);
}

// A record that is unfinished at the skip never comes, and does not disturb later ones.
TEST(Ring, SkipOverAnUnfinishedRecord) {
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    const auto late = memory.reserve(4);
    ring.skip();
    memory.add("new");
    EXPECT_EQ(take_all(ring), std::vector<std::string>{"new"});
    memory.fill(*late, "late");
    memory.finish(*late);
    EXPECT_EQ(take_all(ring), std::vector<std::string>{});
}

TEST(Ring, Moves) {
    RingMemory memory(ring_size), other(ring_size);
    Ring first = ring_on(memory);
    memory.add("a");
    Ring second(std::move(first));
    EXPECT_EQ(take_all(second), std::vector<std::string>{"a"});
    {
        Ring third = ring_on(other);
        second = std::move(third);
    }
    other.add("b");
    EXPECT_EQ(take_all(second), std::vector<std::string>{"b"});
    EXPECT_EQ(other.consumer(), other.producer());
}

TEST(Ring, UnreadOfSomebodyElsesRing) {
    RingMemory memory(ring_size, 80);
    const auto unread = [&] { return *Ring::unread_of(memory.fd(), "the ring"); };
    EXPECT_EQ(unread(), 0u);
    memory.add(std::string(10, 'x'));
    EXPECT_EQ(unread(), 24u);
    memory.consumer() = 88;
    EXPECT_EQ(unread(), 16u);
    memory.consumer() = 1000;
    EXPECT_GT(unread(), ring_size) << "nonsense";
    EXPECT_EQ(memory.consumer(), 1000u) << "nothing is repaired: it is not ours";
}

TEST(Ring, WhatIsNoRing) {
    const auto none = Ring::map(Fd(), ring_size, "/run/ebpf/readers/0/ring");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().text, "cannot map /run/ebpf/readers/0/ring: bad file descriptor");
    const auto readable =
        Ring::map(Fd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), ring_size, "it");
    ASSERT_FALSE(readable);
    EXPECT_EQ(readable.error().text, "cannot map it: permission denied");
    const auto unread = Ring::unread_of(Fd(), "/run/ebpf/readers/0/ring");
    ASSERT_FALSE(unread);
    EXPECT_EQ(unread.error().text, "cannot map /run/ebpf/readers/0/ring: bad file descriptor");
}

TEST(Ring, AProducerAtTheSameTime) {
    constexpr uint64_t records = 200'001; // the last one is not discarded
    RingMemory memory(ring_size);
    Ring ring = ring_on(memory);
    const auto text = [](uint64_t number) { return pattern(number, 1 + number % record_max); };
    std::atomic<bool> over = false;
    std::thread producer([&] {
        for (uint64_t number = 0; number < records && !over;)
            if (memory.add(text(number), number % 11 ? 0 : RingMemory::discarded))
                number++;
            else
                std::this_thread::yield();
    });
    uint64_t next = 0, wrong = 0;
    std::vector<Record> batch(16);
    Stopwatch since_last;
    while (next < records && since_last.seconds() < patience) {
        const size_t count = ring.take(batch);
        if (count)
            since_last = {};
        for (size_t i = 0; i < count; i++) {
            next += next % 11 == 0;
            wrong += bytes_of(batch[i]) != text(next);
            next++;
        }
        if (!count)
            std::this_thread::yield();
    }
    over = true;
    producer.join();
    EXPECT_EQ(next, records);
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(ring.take(batch), 0u);
    EXPECT_EQ(ring.tampered() + ring.overrun(), 0u);
}

} // namespace
} // namespace pinpipe
