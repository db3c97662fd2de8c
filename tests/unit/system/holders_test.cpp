// SPDX-License-Identifier: MIT
#include "lib/system/holders.h"

#include "lib/base/fd.h"
#include "tests/unit/support/child.h"
#include "tests/unit/support/stopwatch.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mman.h>

namespace pinpipe {
namespace {

// A new file, in memory.
class Holders : public testing::Test {
protected:
    Holders() : fd_(memfd_create("holders-test", MFD_CLOEXEC)) {}
    const Fd &fd() const { return fd_; }
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }
    Fd open_again() const { return Fd(open(path().c_str(), O_RDWR | O_CLOEXEC)); }

    // Starts a child called name that locks the file until it is killed.
    Child holder(const std::string &name, int operation) {
        Pipe ready;
        Child child([&] {
            prctl(PR_SET_NAME, name.c_str());
            const Fd file = open_again();
            if (flock(file.get(), operation) != 0)
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
    Fd fd_;
};

TEST_F(Holders, AFreeFileHasNone) {
    EXPECT_FALSE(lock_holder(path()));
    const Fd other(memfd_create("holders-other", MFD_CLOEXEC));
    ASSERT_EQ(flock(other.get(), LOCK_EX), 0);
    EXPECT_FALSE(lock_holder(path())) << "the lock is another file's";
}

TEST_F(Holders, AMissingFileHasNone) {
    EXPECT_FALSE(lock_holder("/proc/self/fd/no-such-file"));
    EXPECT_FALSE(lock_holder(""));
}

TEST_F(Holders, NamesUs) {
    std::string comm;
    std::getline(std::ifstream("/proc/self/comm"), comm);
    for (int operation : {LOCK_EX, LOCK_SH}) {
        ASSERT_EQ(flock(fd().get(), operation), 0);
        const auto holder = lock_holder(path());
        ASSERT_TRUE(holder);
        EXPECT_EQ(holder->pid, getpid());
        EXPECT_EQ(holder->comm, comm);
        ASSERT_EQ(flock(fd().get(), LOCK_UN), 0);
        EXPECT_FALSE(lock_holder(path()));
    }
}

TEST_F(Holders, NamesAChildWhateverItIsCalled) {
    for (const std::string name : {"ebpf-read", "a b) R 1 (c", "\x1b[31m", "fifteen-bytes-x"}) {
        const Child child = holder(name, LOCK_EX);
        const auto found = lock_holder(path());
        ASSERT_TRUE(found);
        EXPECT_EQ(found->pid, child.pid());
        EXPECT_EQ(found->comm, name);
    }
    EXPECT_FALSE(lock_holder(path())) << "killed: the kernel let it go";
}

// /proc/locks lists waiting processes below the holder.
TEST_F(Holders, NamesWhoHoldsAndNotWhoWaits) {
    const Child child = holder("holder", LOCK_EX);
    Child waiter([&] {
        const Fd file = open_again();
        return flock(file.get(), LOCK_EX);
    });
    const std::string waiting = "-> FLOCK  ADVISORY  WRITE " + std::to_string(waiter.pid());
    const Stopwatch watch;
    for (bool there = false; !there && watch.seconds() < patience;) {
        std::ifstream locks("/proc/locks");
        for (std::string line; std::getline(locks, line);)
            there = there || line.find(waiting) != line.npos;
    }
    ASSERT_LT(watch.seconds(), patience);
    const auto found = lock_holder(path());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->pid, child.pid());
    EXPECT_EQ(found->comm, "holder");
}

// A record lock (fcntl) on the same file is no flock.
TEST_F(Holders, OtherKindsOfLocksDoNotCount) {
    struct flock record {};
    record.l_type = F_WRLCK;
    ASSERT_EQ(fcntl(fd().get(), F_SETLK, &record), 0);
    EXPECT_FALSE(lock_holder(path()));
}

} // namespace
} // namespace pinpipe
