// SPDX-License-Identifier: MIT
#include "lib/system/directory_lock.h"

#include "tests/unit/support/child.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace pinpipe {
namespace {

class DirectoryLock : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(mkdtemp(path_)); }
    void TearDown() override { std::filesystem::remove_all(path_); }
    std::string path() const { return path_; }

    // Starts a child that holds the lock until it is killed.
    Child holder() {
        Pipe ready;
        Child child([&] {
            const auto lock = try_lock_directory(path());
            if (!lock || !lock->valid())
                return 1;
            ready.write.reset();
            pause();
            return 0;
        });
        ready.write.reset();
        EXPECT_TRUE(readable(ready.read));
        return child;
    }

private:
    char path_[32] = "/tmp/pinpipe-unit-XXXXXX";
};

TEST_F(DirectoryLock, OneHasIt) {
    auto lock = try_lock_directory(path());
    ASSERT_TRUE(lock && lock->valid());
    EXPECT_TRUE(is_lock_of(*lock, path()));
    const auto second = try_lock_directory(path());
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->valid());
    lock->reset();
    const auto third = try_lock_directory(path());
    EXPECT_TRUE(third && third->valid());
}

TEST_F(DirectoryLock, AMissingOneIsAnError) {
    EXPECT_EQ(try_lock_directory(path() + "/none").error().code, ENOENT);
    EXPECT_EQ(lock_directory(path() + "/none", {}, "it").error().code, ENOENT);
}

TEST_F(DirectoryLock, AnotherDirectoryInItsPlaceIsNotOurs) {
    const auto lock = try_lock_directory(path());
    ASSERT_TRUE(lock && lock->valid());
    ASSERT_EQ(rename(path().c_str(), (path() + "-old").c_str()), 0);
    EXPECT_FALSE(is_lock_of(*lock, path())) << "nothing is there";
    ASSERT_EQ(mkdir(path().c_str(), 0700), 0);
    EXPECT_FALSE(is_lock_of(*lock, path()));
    const auto other = try_lock_directory(path());
    EXPECT_TRUE(other && other->valid());
    EXPECT_EQ(rmdir((path() + "-old").c_str()), 0);
}

TEST_F(DirectoryLock, SaysForWhomItWaitsAndGivesUp) {
    Child child = holder();
    std::string said;
    LockWait wait;
    wait.tool = "a-tool";
    wait.say = [&](const std::string &text) { said += text + "\n"; };
    wait.most = 20'000'000;
    wait.quiet = 0;
    const auto refused = lock_directory(path(), wait, "the rules");
    std::string comm;
    std::getline(std::ifstream("/proc/self/comm"), comm);
    const std::string who = comm + " (pid " + std::to_string(child.pid()) + ")";
    EXPECT_EQ(said, "waiting for " + who + ", which has the lock of the rules\n") << "once";
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text.rfind("cannot lock the rules", 0), 0u);
    EXPECT_NE(refused.error().text.find(": " + who + " has the lock"), std::string::npos);
    EXPECT_EQ(refused.error().hint, "a-tool --wait SECONDS ...   (waits longer)");
}

TEST_F(DirectoryLock, IsSilentForAMoment) {
    Child child = holder();
    std::string said;
    LockWait wait;
    wait.say = [&](const std::string &text) { said += text; };
    wait.most = 0;
    EXPECT_FALSE(lock_directory(path(), wait, "it"));
    EXPECT_EQ(said, "");
}

TEST_F(DirectoryLock, GetsItWhenTheHolderEnds) {
    Child child = holder();
    LockWait wait;
    wait.quiet = 0;
    wait.say = [&](const std::string &) { child.kill(SIGKILL); }; // called while it waits
    const auto lock = lock_directory(path(), wait, "it");
    ASSERT_TRUE(lock) << lock.error().text;
    EXPECT_TRUE(lock->valid());
}

TEST(LockWaitOption, TakesWholeSeconds) {
    EXPECT_EQ(parse_lock_wait("0").value_or(-1), 0);
    EXPECT_EQ(parse_lock_wait("60").value_or(-1), 60'000'000'000);
    for (const char *text : {"", "-1", "1.5", "86401", "x"})
        EXPECT_EQ(parse_lock_wait(text).error().exit, Exit::usage) << text;
}

} // namespace
} // namespace pinpipe
