// SPDX-License-Identifier: MIT
// Claims while other processes run: every step of one claim seen from outside, and many at once.
#include "tests/unit/support/claims.h"
#include "tests/unit/support/stopwatch.h"

#include <sys/file.h>
#include <sys/ptrace.h>

namespace pinpipe {
namespace {

class ClaimRace : public ClaimTest {
protected:
    static constexpr uint32_t readers = 2; // few, so that a claim has no other slot to fall back on

    loader::Settings settings() const override {
        loader::Settings settings = ClaimTest::settings();
        settings.readers = readers;
        return settings;
    }
    // Maps a pin into memory, as the kernel programs see it.
    template <class T> Mapping map(const std::string &path) const {
        auto mapping = Mapping::map(Fd(bpf_obj_get(below(path).c_str())).get(), sizeof(T),
                                    PROT_READ | PROT_WRITE, 0, path);
        EXPECT_TRUE(mapping) << mapping.error().text;
        return std::move(*mapping);
    }
};

constexpr int no_trace = 99;

// Steps through a claim by single instructions: at none of them may a kernel program find the new
// generation with old filters, or a bit that is set before everything is ready.
TEST_F(ClaimRace, NoStepIsAheadOfAnother) {
    reader_control old;
    std::memset(&old, 0xaa, sizeof old);
    put("readers/0/control", old);
    put("maps/wanted", wanted_record{{1, 1, 1, 1, 1, 1, 1, 1}}); // bits of a dead reader
    reader_losses losses{};
    losses.lost[STREAM_ICMP] = 77;
    put("maps/losses", losses);
    const Mapping control_page = map<reader_control>("readers/0/control");
    const Mapping wanted_page = map<wanted_record>("maps/wanted");
    const Mapping position_page = map<uint64_t>("readers/0/ring");
    const auto &seen = *control_page.as<volatile reader_control>();
    const auto &word = wanted_page.as<volatile wanted_record>()->readers[STREAM_ICMP];
    *position_page.as<volatile uint64_t>() = 12345;

    reader_control fresh;
    std::memset(&fresh, 0x55, sizeof fresh);
    Child child([&] {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            return no_trace;
        const auto claim = take(icmp, [&](reader_control &control) {
            control = fresh;
            raise(SIGSTOP);
        });
        raise(SIGSTOP);
        return claim ? 0 : 1;
    });
    int status = 0;
    ASSERT_EQ(waitpid(child.pid(), &status, 0), child.pid());
    if (WIFEXITED(status) && WEXITSTATUS(status) == no_trace)
        GTEST_SKIP() << "a child cannot be traced here";
    ASSERT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP) << status;
    EXPECT_EQ(word, 0u) << "nothing is written for the slot while it is being set up";
    EXPECT_EQ(*position_page.as<volatile uint64_t>(), 0u) << "what the dead reader left is skipped";
    EXPECT_EQ(seen.generation, 0xaaaa);

    const auto filter_is = [&](unsigned char byte) {
        const auto *bytes = reinterpret_cast<const volatile unsigned char *>(&seen.icmp);
        for (size_t i = 0; i < sizeof seen.icmp; i++)
            if (bytes[i] != byte)
                return false;
        return true;
    };
    int steps = 0, filter_at = 0, generation_at = 0, bit_at = 0;
    for (; steps < 2'000'000; steps++) {
        ASSERT_EQ(ptrace(PTRACE_SINGLESTEP, child.pid(), nullptr, nullptr), 0);
        ASSERT_EQ(waitpid(child.pid(), &status, 0), child.pid());
        ASSERT_TRUE(WIFSTOPPED(status)) << status;
        if (WSTOPSIG(status) == SIGSTOP)
            break;
        filter_at = filter_at ? filter_at : (filter_is(0x55) ? steps : 0);
        generation_at = generation_at ? generation_at : (seen.generation != 0xaaaa ? steps : 0);
        bit_at = bit_at ? bit_at : (word ? steps : 0);
        ASSERT_TRUE(seen.generation == 0xaaaa || filter_is(0x55)) << "step " << steps;
        ASSERT_TRUE(!word || seen.generation == 0xaaab) << "step " << steps;
        ASSERT_TRUE(!word || seen.claimed.lost[STREAM_ICMP] == 77) << "baseline, step " << steps;
    }
    EXPECT_LT(filter_at, generation_at);
    EXPECT_LT(generation_at, bit_at);
    EXPECT_GT(filter_at, 0);
    EXPECT_LT(bit_at, steps);
    EXPECT_EQ(word, 1u);
}

// A reader that clears the bits of dead readers locks their slots for a moment: a reader that comes
// just then must not fail with "all are taken". The first reader is stopped in the middle, until
// the other one has either answered or gone to sleep.
TEST_F(ClaimRace, ASlotBeingSweptIsNotTaken) {
    const auto is_locked = [&](unsigned slot) {
        const Fd dir(open(pins().reader(slot).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        return flock(dir.get(), LOCK_EX | LOCK_NB) != 0;
    };
    put("maps/wanted", wanted_record{{3, 3, 3, 3, 3, 3, 3, 3}});
    Child sweeper([&] {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            return no_trace;
        raise(SIGSTOP);
        const auto claim = take();
        raise(SIGSTOP);
        return claim ? pause() : 1;
    });
    int status = 0;
    ASSERT_EQ(waitpid(sweeper.pid(), &status, 0), sweeper.pid());
    if (WIFEXITED(status) && WEXITSTATUS(status) == no_trace)
        GTEST_SKIP() << "a child cannot be traced here";
    do {
        ASSERT_EQ(ptrace(PTRACE_SYSCALL, sweeper.pid(), nullptr, nullptr), 0);
        ASSERT_EQ(waitpid(sweeper.pid(), &status, 0), sweeper.pid());
        ASSERT_TRUE(WIFSTOPPED(status)) << status;
    } while (WSTOPSIG(status) != SIGSTOP && !(is_locked(0) && is_locked(1)));

    Pipe result;
    const Child other([&] {
        const auto claim = take();
        const char slot = claim ? static_cast<char>(claim->slot()) : '\x7f';
        return write(result.write.get(), &slot, 1) == 1 ? pause() : 1;
    });
    const Stopwatch watch;
    while (!readable(result.read, 0) && !other.sleeps() && watch.seconds() < patience)
        sched_yield();
    ASSERT_EQ(ptrace(PTRACE_DETACH, sweeper.pid(), nullptr, nullptr), 0);
    char slot = 0;
    ASSERT_TRUE(readable(result.read));
    ASSERT_EQ(read(result.read.get(), &slot, 1), 1);
    EXPECT_EQ(slot, 1) << "'all slots are taken'";
}

// As many readers as slots claim at the same time, while the bits of as many killed readers are
// set: each gets a slot.
TEST_F(ClaimRace, EachGetsASlotOfItsOwn) {
    constexpr uint32_t all = (1U << readers) - 1;
    for (int round = 0; round < 100; round++) {
        Pipe go, taken;
        std::vector<Child> running;
        for (unsigned i = 0; i < readers; i++)
            running.emplace_back([&] {
                go.write.reset();
                char none = 0;
                if (read(go.read.get(), &none, 1) != 0)
                    return 1;
                const auto claim = take();
                const char slot = claim ? static_cast<char>(claim->slot()) : '\x7f';
                if (write(taken.write.get(), &slot, 1) == 1)
                    pause();
                return 1;
            });
        go.write.reset();
        uint32_t slots_taken = 0;
        for (unsigned i = 0; i < readers; i++) {
            char slot = 0;
            ASSERT_TRUE(readable(taken.read));
            ASSERT_EQ(read(taken.read.get(), &slot, 1), 1);
            ASSERT_NE(slot, '\x7f') << "'all slots are taken', round " << round;
            slots_taken |= 1U << slot;
        }
        ASSERT_EQ(slots_taken, all) << "one slot for two, round " << round;
        ASSERT_EQ(wanted_icmp(), all) << "a living one's bit was swept, round " << round;
    }
}

} // namespace
} // namespace pinpipe
