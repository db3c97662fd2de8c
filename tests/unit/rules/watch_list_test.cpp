// SPDX-License-Identifier: MIT
// After changes of the list of watches the kernel programs find this in the maps.
#include "lib/rules/watch_list.h"

#include "tests/unit/support/child.h"
#include "tests/unit/support/watches.h"

#include <algorithm>
#include <sys/file.h>

namespace pinpipe {
namespace {

class WatchListTest : public WatchesTest {};

TEST_F(WatchListTest, APortWhoeverHasIt) {
    const uint64_t changes = watching().changes;
    ASSERT_FALSE(*writer().has(watch_of("5050")));
    ASSERT_TRUE(writer().add({watch_of("5050")}));
    EXPECT_TRUE(*writer().has(watch_of("5050")));
    EXPECT_FALSE(*writer().has(watch_of("5050/both")));
    EXPECT_EQ(word(5050), WATCH_ALWAYS);
    EXPECT_EQ(word(5050, RULE_UDP), 0u);
    EXPECT_EQ(word(5051), 0u);
    EXPECT_EQ(watching().ports, 1u);
    EXPECT_GT(watching().changes, changes);
    EXPECT_TRUE(*writer().remove(watch_of("5050/both").ports)) << "as far as it is there";
    EXPECT_EQ(word(5050), 0u);
    EXPECT_EQ(watching().ports, 0u);
    EXPECT_GT(watching().changes, changes + 1);
    EXPECT_FALSE(*writer().remove(watch_of("5050").ports));
}

TEST_F(WatchListTest, EveryPort) {
    ASSERT_TRUE(writer().add({watch_of("1-65535/both")}));
    const auto words = *reader().words();
    EXPECT_EQ(std::count(words.begin(), words.end(), WATCH_ALWAYS), 2 * 65535);
    EXPECT_EQ(words[0], 0u);
    EXPECT_EQ(words[index_of(RULE_UDP, 0)], 0u);
    EXPECT_TRUE(*writer().remove(watch_of("2-65535/both").ports));
    EXPECT_EQ(watching().ports, 1u) << "two are left";
    EXPECT_TRUE(*writer().clear());
    EXPECT_EQ(watching().ports, 0u);
    EXPECT_FALSE(*writer().clear());
}

TEST_F(WatchListTest, WhileAProcessHasIt) {
    give_probes();
    const Watch watch = watch_of("5050-5051", "custom_server");
    ASSERT_TRUE(writer().add({watch}));
    EXPECT_TRUE(*writer().has(watch));
    EXPECT_FALSE(*writer().has(watch_of("5050", "other")));
    EXPECT_FALSE(*writer().has(watch_of("5050")));
    EXPECT_EQ(word(5050), WATCH_WAITS);
    EXPECT_EQ(word(5051), WATCH_WAITS);
    EXPECT_EQ(watching().ports, 1u);
    const auto waiting = *reader().waiting();
    ASSERT_EQ(waiting.size(), 2u);
    EXPECT_EQ(waiting[0].text, "custom_server");
    EXPECT_EQ(waiting[0].key.kind, static_cast<__u32>(SUBJECT_NAME));
    EXPECT_EQ(std::memcmp(waiting[0].key.id, "custom_server\0\0", 16), 0);
    put_word(WATCH_WAITS | 4, 5050); // a program counts it on hook 2
    EXPECT_TRUE(*writer().remove(watch_of("5050").ports, "custom_server"));
    EXPECT_EQ(word(5050), 0u);
    EXPECT_EQ(word(5051), WATCH_WAITS);
    EXPECT_FALSE(*writer().remove(watch_of("5051").ports, "other"));
    EXPECT_FALSE(*writer().remove(watch_of("5051").ports));
    EXPECT_EQ(watching().ports, 1u);
    EXPECT_TRUE(*writer().clear());
    EXPECT_EQ(word(5051), 0u);
    EXPECT_EQ(watching().ports, 0u);
}

TEST_F(WatchListTest, TwoOfAPortEndOneByOne) {
    give_probes();
    ASSERT_TRUE(writer().add({watch_of("5050"), watch_of("5050", "a"), watch_of("5050", "b")}));
    EXPECT_EQ(word(5050), WATCH_ALWAYS | WATCH_WAITS);
    EXPECT_TRUE(*writer().remove(watch_of("5050").ports));
    EXPECT_EQ(word(5050), WATCH_WAITS);
    put_word(WATCH_WAITS | 4, 5050);
    EXPECT_TRUE(*writer().remove(watch_of("5050").ports, "a"));
    EXPECT_EQ(word(5050), WATCH_WAITS | 4) << "b may have it: the kernel knows";
    ASSERT_TRUE(writer().add({watch_of("5050")}));
    EXPECT_TRUE(*writer().remove(watch_of("5050").ports, "b"));
    EXPECT_EQ(word(5050), WATCH_ALWAYS);
}

TEST_F(WatchListTest, WhatIsGoneIsNamedAsItWasWritten) {
    give_probes();
    char path[] = "/tmp/pinpipe-unit-XXXXXX";
    fchmod(Fd(mkstemp(path)).get(), 0755);
    ASSERT_TRUE(writer().add({watch_of("5050", path)}));
    unlink(path);
    EXPECT_TRUE(*writer().remove(watch_of("5050").ports, path));
    EXPECT_EQ(writer().remove(watch_of("5050").ports, "a/b").error().exit, Exit::usage);
}

TEST_F(WatchListTest, ProcessesNeedTheProbes) {
    const auto done = writer().add({watch_of("5049"), watch_of("5050", "a")});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().exit, Exit::not_loaded);
    EXPECT_NE(done.error().text.find("ebpf-load --sockets"), std::string::npos);
    EXPECT_EQ(word(5049), 0u);
    EXPECT_TRUE(reader().waiting()->empty());
    EXPECT_EQ(watching().ports, 0u);
}

TEST_F(WatchListTest, AFullListTakesNothing) {
    give_probes();
    ASSERT_TRUE(writer().add({watch_of("1-2000", "a")}));
    const auto done = writer().add({watch_of("3000"), watch_of("1-100", "b")});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().text,
              "no room for 100 more watches of processes: 2000 of 2048 are in use");
    EXPECT_EQ(done.error().exit, Exit::failed);
    EXPECT_EQ(reader().waiting()->size(), 2000u);
    EXPECT_EQ(word(3000), 0u);
    EXPECT_TRUE(writer().add({watch_of("1-48", "b"), watch_of("1-2000", "a")})) << "just as many";
}

TEST_F(WatchListTest, AFailedLookLeavesWhatWasThere) {
    give_probes();
    ASSERT_TRUE(writer().add({watch_of("5050", "a")}));
    put_word(WATCH_WAITS | 4, 5050);
    give_probes("/"); // a directory cannot be read
    const auto done = writer().add({watch_of("5050"), watch_of("5051"), watch_of("5050", "b")});
    ASSERT_FALSE(done);
    EXPECT_EQ(word(5050), WATCH_WAITS | 4);
    EXPECT_EQ(word(5051), 0u);
    EXPECT_EQ(reader().waiting()->size(), 1u);
}

// The maps as after a kill between two steps, or with a late kernel program.
TEST_F(WatchListTest, TheNextChangePutsItRight) {
    give_probes();
    ASSERT_TRUE(writer().add({watch_of("5050", "a")}));
    put_word(0, 5050);
    put_word(WATCH_WAITS | 4, 6060);
    put_word(8, 7070);
    EXPECT_FALSE(*writer().has(watch_of("5050", "a")));
    ASSERT_TRUE(writer().add({watch_of("5050", "a")}));
    EXPECT_EQ(word(5050), WATCH_WAITS);
    EXPECT_EQ(word(6060), 0u);
    EXPECT_EQ(word(7070), 0u);
}

TEST_F(WatchListTest, OneChangesAtATime) {
    Pipe ready;
    const Child other([&] {
        const auto list = WatchList::open_to_write(pins());
        ready.write.reset();
        const timespec pause{0, 200'000'000};
        nanosleep(&pause, nullptr);
        return list ? 0 : 1;
    });
    ready.write.reset();
    ASSERT_TRUE(readable(ready.read));
    const Fd admin(open(below(admin_lock_path).c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_NE(flock(admin.get(), LOCK_EX | LOCK_NB), 0) << "it is held";
    EXPECT_TRUE(writer().add({watch_of("5050")})) << "waited for it";
    EXPECT_EQ(flock(admin.get(), LOCK_EX | LOCK_NB), 0) << "and let go of";
}

TEST_F(WatchListTest, FrozenMapsAreTold) {
    if (!freeze(below("admin/watches")))
        GTEST_SKIP() << "this kernel freezes no such map";
    EXPECT_EQ(WatchList::open_to_write(pins()).error().text,
              below("admin/watches") + " is frozen: a process that may change it did that");
    EXPECT_TRUE(WatchList::open_to_read(pins()));
}

TEST(WatchText, SaysWhenItCounts) {
    Watch watch{*parse_port_rule("80-90/both"), {}};
    EXPECT_EQ(watched_text(watch), "80-90/both is watched");
    watch.process = *find_process("app");
    EXPECT_EQ(watched_text(watch), "80-90/both is watched while app has it");
}

} // namespace
} // namespace pinpipe
