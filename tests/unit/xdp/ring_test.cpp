// SPDX-License-Identifier: MIT
// Rings and their counts: full rings, losses, claims that change, absent readers.
#include "tests/unit/xdp/fixture.h"

#include <sched.h>
#include <thread>

namespace pinpipe::xdp_test {
namespace {

class XdpRing : public XdpTest {
protected:
    void send(uint32_t times = 1, Program program = Program::packet) {
        const Ran ran = object().run(program, frame_, {}, times);
        ASSERT_EQ(ran.error, 0);
        ASSERT_EQ(ran.verdict, 2u); // XDP_PASS
    }
    uint64_t written(unsigned slot) { return object().losses(slot).written[STREAM_ICMP]; }
    uint64_t lost(unsigned slot) { return object().losses(slot).lost[STREAM_ICMP]; }

    const Bytes frame_ = ethernet({}, ipv4({}));
};

TEST_F(XdpRing, NobodyAsks) {
    object().control(3).icmp = any_packet();
    for (unsigned stream = 0; stream < STREAMS; stream++)
        object().wanted().readers[stream] = stream == STREAM_ICMP ? 0 : ~0u;
    const hook_counters before = object().counters(37);
    const uint64_t records = written(3);
    for (Program program : programs(0))
        for (const Bytes &packet : catalogue())
            for (size_t cut : {0U, 5U}) {
                const Bytes frame = ethernet({}, packet);
                const Ran ran = object().run(program, Frame(frame).first(frame.size() - cut));
                ASSERT_EQ(ran.verdict, 2u);
                ASSERT_TRUE(ran.unchanged);
            }
    for (unsigned slot = 0; slot < MAX_READERS; slot++)
        EXPECT_TRUE(object().ring(slot).take().empty());
    EXPECT_EQ(written(3), records);
    EXPECT_EQ(object().counters(37).malformed, before.malformed);
    EXPECT_EQ(object().counters(37).truncated, before.truncated);
    EXPECT_EQ(object().counters(37).fragments, before.fragments);
}

TEST_F(XdpRing, WrittenAndLostAreAllThereWere) {
    const uint32_t sent = 5000;
    for (Program program : programs(0))
        for (unsigned slot : {0U, 7U, MAX_READERS - 1U}) {
            object().reset();
            ask(slot);
            const uint64_t written_before = written(slot), lost_before = lost(slot);
            send(sent, program);
            const size_t room = object().ring(slot).capacity();
            EXPECT_EQ(written(slot) - written_before, room);
            EXPECT_EQ(lost(slot) - lost_before, sent - room);
            EXPECT_EQ(object().ring(slot).take().size(), room);
        }
}

TEST_F(XdpRing, EachRecordCarriesTheLossesBeforeIt) {
    ask(4);
    reader_losses losses = {};
    object().set_losses(4, losses);
    const auto room = static_cast<uint32_t>(object().ring(4).capacity());
    for (uint32_t round = 0; round < 20; round++) {
        const uint32_t extra = round * round;
        send(room + extra);
        const std::vector<Taken> taken = object().ring(4).take();
        ASSERT_EQ(taken.size(), room);
        for (const Taken &one : taken)
            ASSERT_EQ(one.record.lost, static_cast<uint32_t>(losses.lost[STREAM_ICMP]));
        losses.lost[STREAM_ICMP] += extra;
        EXPECT_EQ(lost(4), losses.lost[STREAM_ICMP]);
    }
}

TEST_F(XdpRing, TheLossesOfARecordWrap) {
    ask(0);
    reader_losses losses = {};
    losses.lost[STREAM_ICMP] = 0xffffffff;
    object().set_losses(0, losses);
    send();
    EXPECT_EQ(object().ring(0).take().at(0).record.lost, 0xffffffff);
    send(static_cast<uint32_t>(object().ring(0).capacity()) + 3);
    EXPECT_EQ(lost(0), 0x100000002u);
    object().ring(0).take();
    send();
    EXPECT_EQ(object().ring(0).take().at(0).record.lost, 2u);
    object().set_losses(0, {});
}

TEST_F(XdpRing, OneFullRingCostsNobodyElse) {
    ask(5);
    ask(6);
    object().set_losses(5, {});
    object().set_losses(6, {});
    const auto room = static_cast<uint32_t>(object().ring(5).capacity());
    for (int round = 0; round < 4; round++) {
        send(room);
        EXPECT_EQ(object().ring(6).take().size(), room);
    }
    EXPECT_EQ(written(5), room);
    EXPECT_EQ(lost(5), 3 * room);
    EXPECT_EQ(written(6), 4 * room);
    EXPECT_EQ(lost(6), 0u);
}

TEST_F(XdpRing, OnlyItsOwnStreamIsCounted) {
    ask(8);
    object().set_losses(8, {});
    send(5000);
    const reader_losses losses = object().losses(8);
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        EXPECT_EQ(losses.written[stream] > 0, stream == STREAM_ICMP);
        EXPECT_EQ(losses.lost[stream] > 0, stream == STREAM_ICMP);
    }
}

// Records of an earlier claim of the slot can be told from new ones.
TEST_F(XdpRing, AStaleGenerationIsVisible) {
    ask(1);
    object().control(1).generation = 0xffff;
    send(2);
    object().control(1).generation = 0; // it wraps
    send(3);
    const std::vector<Taken> taken = object().ring(1).take();
    ASSERT_EQ(taken.size(), 5u);
    for (size_t i = 0; i < taken.size(); i++)
        EXPECT_EQ(taken[i].record.generation, i < 2 ? 0xffff : 0);
}

TEST_F(XdpRing, TimesNeverGoBack) {
    ask(0);
    for (int i = 0; i < 100; i++)
        send();
    uint64_t last = 0;
    for (const Taken &one : object().ring(0).take()) {
        EXPECT_GE(one.record.time, last);
        last = one.record.time;
    }
}

// Any reader may write the page that holds the consumer position.
TEST_F(XdpRing, ANonsensicalPositionLosesAndIsCounted) {
    ask(2);
    ask(3);
    TestRing &ring = object().ring(2);
    const uint64_t good = ring.consumer();
    for (uint64_t bad : {good + 8ul * ring_bytes, good - 8ul * ring_bytes, good + (1ul << 63)}) {
        const uint64_t written_before = written(2), lost_before = lost(2);
        ring.set_consumer(bad);
        send(10);
        ring.set_consumer(good);
        EXPECT_TRUE(ring.take().empty());
        EXPECT_EQ(written(2), written_before);
        EXPECT_EQ(lost(2) - lost_before, 10u);
        EXPECT_EQ(object().ring(3).take().size(), 10u);
    }
}

TEST_F(XdpRing, AReaderWithoutMapsTakesNothingFromOthers) {
    ask(8);
    ask(9);
    ask(10);
    object().set_maps(9, false);
    send(5);
    object().set_maps(9, true);
    EXPECT_EQ(object().ring(8).take().size(), 5u);
    EXPECT_EQ(object().ring(9).take().size(), 0u);
    EXPECT_EQ(object().ring(10).take().size(), 5u);
}

// All CPUs share the counts: additions that are not atomic would lose some.
class XdpRingRace : public XdpRing {
protected:
    void SetUp() override {
        XdpRing::SetUp();
        cpu_set_t cpus;
        if (loaded() && !sched_getaffinity(0, sizeof cpus, &cpus) && CPU_COUNT(&cpus) < 2)
            GTEST_SKIP() << "needs two CPUs";
        if (loaded()) {
            ask(0);
            object().set_losses(0, {});
        }
    }
};

TEST_F(XdpRingRace, LossesAreExact) {
    constexpr uint32_t batches = 20, batch = 20000;
    const auto work = [this] {
        for (uint32_t i = 0; i < batches; i++)
            object().run(Program::packet, frame_, {}, batch);
    };
    std::thread other(work);
    work();
    other.join();
    EXPECT_EQ(object().ring(0).take().size(), written(0));
    EXPECT_EQ(written(0) + lost(0), 2ul * batches * batch);
}

// One of the two threads drains the ring, often enough that most records of both are written.
TEST_F(XdpRingRace, WrittenIsExact) {
    constexpr uint32_t sent = 200000;
    std::thread other([this] {
        for (uint32_t i = 0; i < sent; i++)
            object().run(Program::packet, frame_);
    });
    uint64_t taken = 0;
    for (uint32_t i = 0; i < sent; i++) {
        object().run(Program::packet, frame_);
        if (i % 64 == 0)
            taken += object().ring(0).take().size();
    }
    other.join();
    taken += object().ring(0).take().size();
    EXPECT_EQ(written(0), taken);
    EXPECT_EQ(written(0) + lost(0), 2ul * sent);
    EXPECT_GT(written(0), sent / 2);
}

} // namespace
} // namespace pinpipe::xdp_test
