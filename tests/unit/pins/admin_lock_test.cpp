// SPDX-License-Identifier: MIT
#include "lib/pins/admin_lock.h"

#include "tests/unit/support/bpffs.h"
#include "tests/unit/support/child.h"

#include <sys/stat.h>

namespace pinpipe {
namespace {

constexpr gid_t admins = 60691; // a number that no group has

class AdminLockTest : public BpffsTest {
protected:
    void SetUp() override {
        BpffsTest::SetUp();
        if (IsSkipped())
            return;
        for (const char *directory : {admin_path, admin_lock_path}) {
            ASSERT_EQ(mkdir(below(directory).c_str(), 0750), 0);
            ASSERT_EQ(chown(below(directory).c_str(), 0, admins), 0);
        }
        ASSERT_EQ(mkdir(below(root_lock_name).c_str(), 0700), 0);
    }
    static void become_member() {
        if (setgid(admins) != 0 || setuid(60691) != 0)
            _exit(99);
    }
    // Starts a child that holds the lock until it can read from asked; then it calls confirm():
    // exit status 2 if that succeeds, 3 if it fails.
    Child holder(const Pipe &asked, bool member) {
        Pipe ready;
        Child child([&] {
            if (member)
                become_member();
            const auto lock = AdminLock::take(pins(), {}, "rules", RootLock::take);
            ready.write.reset();
            char any = 0;
            if (!lock || read(asked.read.get(), &any, 1) != 1)
                return 1;
            return lock->confirm() ? 2 : 3;
        });
        ready.write.reset();
        EXPECT_TRUE(readable(ready.read));
        return child;
    }
    Result<AdminLock> take(RootLock root_lock = RootLock::take) {
        LockWait wait;
        wait.most = 0;
        wait.say = [this](const std::string &text) { said_ += text; };
        return AdminLock::take(pins(), wait, "rules", root_lock);
    }
    std::string said_;
};

TEST_F(AdminLockTest, AMemberCannotStopRoot) {
    const Pipe asked;
    Child member = holder(asked, true);
    const auto lock = take();
    ASSERT_TRUE(lock) << lock.error().text;
    EXPECT_EQ(said_.rfind("cannot lock the rules: ", 0), 0u) << said_;
    EXPECT_NE(said_.find("(pid " + std::to_string(member.pid()) +
                         ") has the lock: "
                         "root goes on without it"),
              std::string::npos)
        << said_;
    EXPECT_TRUE(lock->confirm());
    ASSERT_EQ(write(asked.write.get(), "x", 1), 1);
    EXPECT_EQ(member.wait(), 3) << "it finds out";
    struct stat st {};
    ASSERT_EQ(stat(below(admin_lock_path).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0750u);
    EXPECT_EQ(st.st_gid, admins);
    EXPECT_NE(access(below("admin/lock_new").c_str(), F_OK), 0);
}

TEST_F(AdminLockTest, AMemberStopsMembers) {
    for (const bool held_by_member : {true, false}) {
        const Pipe asked;
        Child holding = holder(asked, held_by_member);
        Child other([&] {
            become_member();
            const auto lock = take();
            return !lock && lock.error().text.find("has the lock") != std::string::npos ? 0 : 1;
        });
        EXPECT_EQ(other.wait(), 0);
        ASSERT_EQ(write(asked.write.get(), "x", 1), 1);
        EXPECT_EQ(holding.wait(), 2);
    }
}

TEST_F(AdminLockTest, RootWaitsForRoot) {
    const Pipe asked;
    Child root_holding = holder(asked, false);
    const auto refused = take();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text.rfind("cannot lock " + root() + ": ", 0), 0u);
    EXPECT_EQ(said_, "");
}

TEST_F(AdminLockTest, WhoLoadsHasRootsLock) {
    const auto loading = try_lock_directory(below(root_lock_name));
    ASSERT_TRUE(loading && loading->valid());
    EXPECT_FALSE(take());
    EXPECT_TRUE(take(RootLock::held));
}

// A directory as an older ebpf-load left it, or one that was killed half-way.
TEST_F(AdminLockTest, RootMakesWhatIsMissing) {
    ASSERT_EQ(rmdir(below(root_lock_name).c_str()), 0);
    ASSERT_EQ(rmdir(below(admin_lock_path).c_str()), 0);
    ASSERT_EQ(mkdir(below("admin/lock_new").c_str(), 0700), 0);
    const auto lock = take();
    ASSERT_TRUE(lock) << lock.error().text;
    EXPECT_TRUE(lock->confirm());
}

} // namespace
} // namespace pinpipe
