// SPDX-License-Identifier: MIT
#include "tools/loader/pin_root.h"

#include "bpf/abi/control.h"
#include "tests/unit/support/bpffs.h"
#include "tests/unit/support/child.h"
#include "tools/loader/root_lock.h"

#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>

namespace pinpipe::loader {
namespace {

class PinRootTest : public BpffsTest {
protected:
    // A directory of the test, not on a bpffs; removed at the end.
    class Directory {
    public:
        Directory() { EXPECT_TRUE(mkdtemp(path_)); }
        ~Directory() { rmdir(path_); }
        Directory(const Directory &) = delete;
        Directory &operator=(const Directory &) = delete;
        std::string path() const { return path_; }

    private:
        char path_[32] = "/run/pinpipe-unit-XXXXXX";
    };
};

TEST_F(PinRootTest, KnowsABpffs) {
    ASSERT_EQ(mkdir(below("deeper").c_str(), 0755), 0);
    EXPECT_TRUE(on_bpffs(root()));
    EXPECT_TRUE(on_bpffs(below("deeper")));
    EXPECT_FALSE(on_bpffs("/tmp"));
    EXPECT_FALSE(on_bpffs(below("missing")));
}

TEST_F(PinRootTest, TakesWhatIsThere) {
    Undo undo;
    const auto prepared = PinRoot::prepare(root(), {}, undo);
    ASSERT_TRUE(prepared) << prepared.error().text;
    EXPECT_EQ(prepared->doubt(), "");
}

TEST_F(PinRootTest, MakesADirectoryAndTakesItBack) {
    const std::string path = below("ours");
    {
        Undo undo;
        const auto prepared = PinRoot::prepare(path, {}, undo);
        ASSERT_TRUE(prepared) << prepared.error().text;
        EXPECT_TRUE(on_bpffs(path));
    }
    EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(PinRootTest, OneLoaderAtATime) {
    LockWait impatient;
    impatient.most = 0;
    for (const bool opens : {false, true}) {
        Pipe locked;
        Child first([&, opens] {
            Undo undo;
            const auto held =
                opens ? PinRoot::open(root(), {}, undo) : PinRoot::prepare(root(), {}, undo);
            if (!held || write(locked.write.get(), "x", 1) != 1)
                return 1;
            pause();
            return 0;
        });
        ASSERT_TRUE(readable(locked.read));
        Undo undo;
        const auto refused = opens ? PinRoot::prepare(root(), impatient, undo)
                                   : PinRoot::open(root(), impatient, undo);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().text.rfind("cannot lock " + root() + ": ", 0), 0u);
        EXPECT_NE(refused.error().text.find("(pid " + std::to_string(first.pid()) + ")"),
                  std::string::npos)
            << refused.error().text;
        first.kill(SIGKILL);
        EXPECT_TRUE(PinRoot::open(root(), {}, undo)) << "the lock went with its holder";
    }
}

// The loader ignores locks of directories that other users can open.
TEST_F(PinRootTest, NobodyElseCanStopIt) {
    const Fd outer(open(root().c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(flock(outer.get(), LOCK_EX | LOCK_NB), 0);
    LockWait impatient;
    impatient.most = 0;
    Undo undo;
    const auto prepared = PinRoot::prepare(root(), impatient, undo);
    ASSERT_TRUE(prepared) << prepared.error().text;
    struct stat st {};
    ASSERT_EQ(stat(below("lock").c_str(), &st), 0);
    EXPECT_EQ(st.st_uid, 0u);
    EXPECT_EQ(st.st_mode & 07777, 0700u);
}

TEST_F(PinRootTest, LeavesNoLockBehind) {
    for (const bool opens : {false, true}) {
        {
            Undo undo;
            ASSERT_TRUE(opens ? PinRoot::open(root(), {}, undo)
                              : PinRoot::prepare(root(), {}, undo));
            EXPECT_EQ(access(below("lock").c_str(), F_OK), 0);
        }
        EXPECT_NE(access(below("lock").c_str(), F_OK), 0);
        EXPECT_NE(access(MountingLock::path, F_OK), 0);
    }
}

TEST_F(PinRootTest, WhatOthersCanChangeIsRefused) {
    for (const auto &[uid, mode] : {std::pair(1000u, 0755u), std::pair(0u, 0775u),
                                    std::pair(0u, 0757u), std::pair(0u, 01777u)}) {
        ASSERT_EQ(chown(root().c_str(), uid, 0), 0);
        ASSERT_EQ(chmod(root().c_str(), mode), 0);
        Undo undo;
        for (const auto &refused : {PinRoot::prepare(root(), {}, undo).map([](const PinRoot &) {}),
                                    PinRoot::open(root(), {}, undo).map([](const PinRoot &) {})}) {
            ASSERT_FALSE(refused) << uid << " " << mode;
            EXPECT_EQ(refused.error().text, root() + " can be changed by users other than root");
            EXPECT_NE(refused.error().hint, "");
        }
    }
}

TEST_F(PinRootTest, OpensOnlyABpffs) {
    for (const std::string &path : {below("missing"), std::string("/tmp")}) {
        Undo undo;
        const auto none = PinRoot::open(path, {}, undo);
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error().exit, Exit::not_loaded);
    }
}

// The tests have a private mount namespace, like a command under `ip netns exec`.
TEST_F(PinRootTest, NoMountThatWouldVanish) {
    const Directory directory;
    Undo undo;
    unsetenv("EBPF_OWN_MOUNTS"); // set where all these tests run in a mount namespace of their own
    const auto refused = PinRoot::prepare(directory.path(), {}, undo);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text,
              "cannot mount a bpffs at " + directory.path() +
                  ": this mount namespace is not that of pid 1: the pins would vanish with it");
}

TEST_F(PinRootTest, NoMountOverWhatIsThere) {
    const Directory directory;
    const std::string file = directory.path() + "/file";
    std::ofstream(file) << "x";
    Undo undo;
    const auto refused = PinRoot::prepare(directory.path(), {}, undo);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text,
              directory.path() + " is neither a BPF file system (bpffs) nor empty");
    EXPECT_EQ(unlink(file.c_str()), 0);
}

TEST_F(PinRootTest, NoDirectory) {
    Undo undo;
    const auto deep = PinRoot::prepare(below("a/b"), {}, undo);
    ASSERT_FALSE(deep);
    EXPECT_EQ(deep.error().text, "cannot make " + below("a/b") + ": no such file or directory");
    const auto file = PinRoot::prepare("/dev/null", {}, undo);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().text, "cannot open /dev/null: not a directory");
}

// Removes only what the loader made.
TEST_F(PinRootTest, RemovingTheRoot) {
    const Directory directory;
    const std::string path = directory.path() + "/root";
    struct Case {
        const char *source;
        bool mounted, there; // afterwards
    };
    for (const Case &c : {Case{"bpf", true, true}, Case{"pinpipe", false, true},
                          Case{"pinpipe-made", false, false}}) {
        ASSERT_TRUE(mkdir(path.c_str(), 0755) == 0 || errno == EEXIST);
        ASSERT_EQ(mount(c.source, path.c_str(), "bpf", 0, nullptr), 0);
        remove_root(path);
        EXPECT_EQ(on_bpffs(path), c.mounted) << c.source;
        EXPECT_EQ(access(path.c_str(), F_OK) == 0, c.there) << c.source;
        if (c.mounted) {
            EXPECT_EQ(umount(path.c_str()), 0);
        }
    }
    const std::string inside = below("ours"); // a directory on a bpffs that others mounted
    ASSERT_EQ(mkdir(inside.c_str(), 0755), 0);
    remove_root(inside);
    EXPECT_NE(access(inside.c_str(), F_OK), 0);
    EXPECT_TRUE(on_bpffs(root()));
}

} // namespace
} // namespace pinpipe::loader
