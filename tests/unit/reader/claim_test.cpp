// SPDX-License-Identifier: MIT
#include "tools/reader/claim.h"

#include "tests/unit/support/claims.h"

#include <algorithm>
#include <grp.h>

namespace pinpipe {
namespace {

TEST_F(ClaimTest, SlotsAreTakenInOrder) {
    auto first = take(), second = take(), third = take();
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(first->slot(), 0u);
    EXPECT_EQ(second->slot(), 1u);
    EXPECT_EQ(third->slot(), 2u);
    EXPECT_EQ(wanted_icmp(), 7u);
    { const auto gone = std::move(*second); }
    EXPECT_EQ(wanted_icmp(), 5u);
    EXPECT_EQ(take()->slot(), 1u);
}

TEST_F(ClaimTest, AllTakenNamesWho) {
    const Child first = holder("ebpf-read"), second = holder("a b");
    const auto ours = take();
    ASSERT_TRUE(ours);
    char comm[16] = "";
    prctl(PR_GET_NAME, comm);
    const auto none = take();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().text, "all 3 reader slots are taken (ebpf-read " +
                                     std::to_string(first.pid()) + ", a b " +
                                     std::to_string(second.pid()) + ", " + comm + " " +
                                     std::to_string(getpid()) + ")");
    EXPECT_EQ(none.error().hint, "end one of them, or: sudo ebpf-load --unload --pin-root " +
                                     root() + ", and load with --readers N");
    EXPECT_EQ(none.error().exit, Exit::failed);
    EXPECT_EQ(wanted_icmp(), 7u) << "nobody is disturbed";
}

TEST_F(ClaimTest, ASlotIsFreeAtTheEnd) {
    for (int round = 0; round < 5; round++) {
        const auto claim = take();
        ASSERT_TRUE(claim);
        EXPECT_EQ(claim->slot(), 0u);
        EXPECT_EQ(wanted_icmp(), 1u);
    }
    EXPECT_EQ(wanted_icmp(), 0u);
}

TEST_F(ClaimTest, AKilledReadersSlotIsFree) {
    for (int round = 0; round < 3; round++) {
        Child child = holder("reader");
        child.kill(SIGKILL);
        EXPECT_EQ(child.wait(), 128 + SIGKILL);
        EXPECT_EQ(wanted_icmp(), 1u) << "it could not clear its bit";
        const auto claim = take(1U << 5);
        ASSERT_TRUE(claim);
        EXPECT_EQ(claim->slot(), 0u);
        EXPECT_EQ(wanted_icmp(), 0u) << "what it asked for is over";
        EXPECT_EQ(wanted().readers[5], 1u);
    }
}

// exec(2) in a child must not keep the lock.
TEST_F(ClaimTest, ACommandWeStartHoldsNothing) {
    auto claim = take();
    ASSERT_TRUE(claim);
    Pipe started;
    Child command([] {
        execlp("sleep", "sleep", "60", nullptr);
        return 1;
    });
    started.write.reset(); // exec closes the child's
    EXPECT_EQ(read_all(started.read), "");
    { const auto gone = std::move(*claim); }
    const auto again = take();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->slot(), 0u);
}

TEST_F(ClaimTest, EachGenerationIsAnother) {
    for (uint16_t generation = 1; generation < 4; generation++) {
        const auto claim = take();
        ASSERT_TRUE(claim);
        EXPECT_EQ(claim->generation(), generation);
        EXPECT_EQ(control(0).generation, generation);
    }
    const auto first = take(), second = take();
    EXPECT_EQ(second->generation(), 1u) << "of its own slot";
}

TEST_F(ClaimTest, TheGenerationWraps) {
    reader_control last = {};
    last.generation = 0xffff;
    put("readers/0/control", last);
    const auto claim = take();
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->generation(), 0u);
    EXPECT_EQ(control(0).generation, 0u);
}

TEST_F(ClaimTest, OnlyTheStreamsAskedFor) {
    {
        const auto claim = take(1U << 0 | 1U << 2 | 1U << 7);
        ASSERT_TRUE(claim);
        for (unsigned stream = 0; stream < STREAMS; stream++)
            EXPECT_EQ(wanted().readers[stream], stream == 0 || stream == 2 || stream == 7);
    }
    for (uint32_t word : wanted().readers)
        EXPECT_EQ(word, 0u);
}

TEST_F(ClaimTest, BitsOfTheDeadAreSwept) {
    const Child living = holder("reader"); // slot 0
    wanted_record dead{};
    for (uint32_t &word : dead.readers)
        word = 7; // of the living reader also streams that it has not asked for: a claim keeps them
    put("maps/wanted", dead);
    const auto claim = take();
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->slot(), 1u);
    for (unsigned stream = 0; stream < STREAMS; stream++)
        EXPECT_EQ(wanted().readers[stream], stream == STREAM_ICMP ? 3u : 1u) << stream;
}

TEST_F(ClaimTest, TheFilterIsAskedForAndSet) {
    reader_control old;
    std::memset(&old, 0xaa, sizeof old);
    put("readers/0/control", old);
    const auto claim = take(icmp, [](reader_control &control) {
        const reader_control zero{};
        EXPECT_EQ(std::memcmp(&control, &zero, sizeof zero), 0);
        std::memset(&control, 0x55, sizeof control);
    });
    ASSERT_TRUE(claim);
    reader_control expected;
    std::memset(&expected, 0x55, sizeof expected);
    const reader_control found = control(0);
    EXPECT_EQ(std::memcmp(&found.icmp, &expected.icmp, sizeof found.icmp), 0);
    EXPECT_EQ(found.generation, 0xaaab) << "the filters are all that is asked";
}

TEST_F(ClaimTest, HooksCanChangeLater) {
    auto claim = take();
    ASSERT_TRUE(claim);
    claim->set_hooks(5);
    EXPECT_EQ(control(0).icmp.hooks, 5u);
    EXPECT_EQ(control(0).icmp.versions, ~uint64_t{0});
    EXPECT_EQ(control(0).generation, claim->generation());
}

// The rest of the filter stays, and so does the generation: records on their way still count.
TEST_F(ClaimTest, WhatIsLeftOutChangesWhileItRuns) {
    const auto put_own = [](socket_filter &filter, std::initializer_list<uint32_t> own) {
        std::fill(std::begin(filter.own), std::end(filter.own), NO_PROCESS);
        std::copy(own.begin(), own.end(), filter.own);
    };
    auto claim = take(1U << STREAM_TCP, [&](reader_control &control) {
        control.sockets.leave_out_own = 1;
        control.sockets.pgid = 7;
        put_own(control.sockets, {70, 71});
    });
    ASSERT_TRUE(claim);
    EXPECT_EQ(control(0).sockets.own[1], 71u);
    socket_filter fewer{};
    put_own(fewer, {71});
    claim->set_own(fewer);
    const reader_control now = control(0);
    EXPECT_TRUE(std::equal(std::begin(fewer.own), std::end(fewer.own), now.sockets.own));
    EXPECT_EQ(now.sockets.pgid, 7u);
    EXPECT_EQ(now.sockets.leave_out_own, 1u);
    EXPECT_EQ(now.generation, claim->generation());
}

TEST_F(ClaimTest, AFrozenSlotIsSteppedOver) {
    ASSERT_TRUE(freeze(below("readers/0/control"))) << std::strerror(errno);
    ASSERT_TRUE(freeze(below("readers/1/ring"))) << std::strerror(errno);
    const auto claim = take();
    ASSERT_TRUE(claim) << claim.error().text;
    EXPECT_EQ(claim->slot(), 2u);
    EXPECT_EQ(wanted_icmp(), 4u);
    const auto none = take();
    ASSERT_FALSE(none);
    const std::string frozen =
        below("readers/1/ring") + " is frozen: a member of its group did that";
    EXPECT_EQ(none.error().text.substr(0, frozen.size()), frozen);
    EXPECT_NE(none.error().text.find(" " + std::to_string(getpid()) + ")"), std::string::npos)
        << none.error().text;
    EXPECT_NE(none.error().hint.find("sudo ebpf-load "), std::string::npos) << none.error().hint;
}

// An unusable slot does not stay locked, so that the loader can repair it.
TEST_F(ClaimTest, AFrozenSlotIsNotHeld) {
    ASSERT_TRUE(freeze(below("readers/0/control"))) << std::strerror(errno);
    const auto claim = take();
    ASSERT_TRUE(claim);
    const Finished repaired = run_child([&] { return loader::Layout::open(pins(), {}) ? 0 : 1; });
    EXPECT_EQ(repaired.err, "ebpf-load: reader slot 0 was frozen or broken: replaced\n");
    EXPECT_EQ(take()->slot(), 0u);
}

TEST_F(ClaimTest, CountsAreSinceTheClaim) {
    reader_losses losses{};
    losses.lost[STREAM_ICMP] = 0xffffffff;
    losses.written[STREAM_ICMP] = 70;
    put("maps/losses", losses, 1);
    const auto other = take(), claim = take();
    ASSERT_TRUE(claim);
    ASSERT_EQ(claim->slot(), 1u);
    EXPECT_EQ(claim->counts(STREAM_ICMP).lost, 0u);
    EXPECT_EQ(claim->counts(STREAM_ICMP).written, 0u);
    losses.lost[STREAM_ICMP] += 3;
    losses.written[STREAM_ICMP] += 5;
    losses.lost[4] = 9;
    put("maps/losses", losses, 1);
    EXPECT_EQ(claim->counts(STREAM_ICMP).lost, 3u);
    EXPECT_EQ(claim->counts(STREAM_ICMP).written, 5u);
    EXPECT_EQ(claim->counts(4).lost, 9u);
    EXPECT_EQ(claim->lost_since(STREAM_ICMP, 0xffffffff), 0u);
    EXPECT_EQ(claim->lost_since(STREAM_ICMP, 2), 3u) << "a record's count wraps";
}

TEST_F(ClaimTest, StatusIsTold) {
    reader_losses losses{};
    losses.lost[STREAM_ICMP] = 4;
    losses.written[STREAM_ICMP] = 9;
    put("maps/losses", losses);
    reader_control before{};
    before.read[STREAM_ICMP] = 7;
    put("readers/0/control", before);
    auto claim = take();
    ASSERT_TRUE(claim);
    EXPECT_EQ(control(0).claimed.lost[STREAM_ICMP], 4u);
    EXPECT_EQ(control(0).claimed.written[STREAM_ICMP], 9u);
    EXPECT_EQ(control(0).claimed.read[STREAM_ICMP], 7u);
    claim->note_read(STREAM_ICMP, 5);
    claim->note_read(STREAM_ICMP, 6);
    EXPECT_EQ(control(0).read[STREAM_ICMP], 13u);
}

TEST_F(ClaimTest, StoppingAsksNoMoreAndKeepsTheSlot) {
    const auto other = take();
    auto claim = take(~0U);
    ASSERT_TRUE(claim);
    claim->stop();
    for (unsigned stream = 0; stream < STREAMS; stream++)
        EXPECT_EQ(wanted().readers[stream], stream == STREAM_ICMP) << "the other one's";
    EXPECT_EQ(take()->slot(), 2u);
}

TEST_F(ClaimTest, MovesWithItsSlot) {
    auto first = take();
    ASSERT_TRUE(first);
    {
        const Claim moved(std::move(*first));
        EXPECT_EQ(moved.slot(), 0u);
        EXPECT_EQ(wanted_icmp(), 1u);
    }
    EXPECT_EQ(wanted_icmp(), 0u);
}

TEST_F(ClaimTest, AssigningGivesUpTheOldSlotAlone) {
    auto first = take();
    {
        auto second = take();
        ASSERT_TRUE(first && second);
        *first = std::move(*second);
    }
    EXPECT_EQ(first->slot(), 1u);
    EXPECT_EQ(wanted_icmp(), 2u) << "slot 1 is ours now, slot 0 nobody's";
    EXPECT_EQ(take()->slot(), 0u);
}

TEST_F(ClaimTest, MissingPinsAreTold) {
    ASSERT_EQ(rename(below("readers/0/ring").c_str(), below("kept").c_str()), 0);
    EXPECT_EQ(take()->slot(), 1u) << "one broken slot is not all";
    for (const char *path : {"maps/losses", "maps/wanted"}) {
        ASSERT_EQ(unlink(below(path).c_str()), 0);
        const auto refused = take();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().text,
                  "cannot open " + below(path) + ": no such file or directory");
    }
}

// The main promise: a member of the group needs no root.
TEST_F(ClaimTest, AMemberOfTheGroupClaims) {
    constexpr gid_t group = 4'000'000'001;
    constexpr uid_t nobody = 65534;
    loader::Settings with;
    with.group = group;
    auto opened = loader::Layout::open(pins(), with);
    Undo undo;
    ASSERT_TRUE(opened && opened->protect(pins(), undo));
    undo.keep();
    const auto claim_as = [&](const std::vector<gid_t> &groups) {
        return run_child([&] {
            if (setgroups(groups.size(), groups.data()) != 0 ||
                setresgid(nobody, nobody, nobody) != 0 || setresuid(nobody, nobody, nobody) != 0)
                return 99;
            const auto abi = pins().abi();
            if (!abi)
                return report("test", abi.error());
            const auto claim = Claim::take(pins(), *abi, icmp, ask_all);
            return claim ? static_cast<int>(claim->slot()) : report("test", claim.error());
        });
    };
    const Finished member = claim_as({group});
    if (member.err.find("before Linux 5.19") != member.err.npos)
        GTEST_SKIP() << "this kernel asks CAP_BPF of everybody (before Linux 5.19)";
    EXPECT_EQ(member.err, "");
    EXPECT_EQ(member.status, 0);
    const Finished stranger = claim_as({});
    EXPECT_EQ(stranger.status, static_cast<int>(Exit::not_permitted));
    EXPECT_NE(stranger.err.find("permission denied\nhint: sudo usermod -aG 4000000001"),
              std::string::npos)
        << stranger.err;
}

} // namespace
} // namespace pinpipe
