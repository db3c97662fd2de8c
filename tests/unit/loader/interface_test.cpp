// SPDX-License-Identifier: MIT
#include "tools/loader/interface.h"

#include "tests/unit/support/child.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/stat.h>

namespace pinpipe::loader {
namespace {

uint64_t inode_of(const std::string &path) {
    struct stat st {};
    EXPECT_EQ(stat(path.c_str(), &st), 0);
    return st.st_ino;
}

TEST(Interface, Loopback) {
    const auto own = Netns::open("");
    ASSERT_TRUE(own);
    EXPECT_EQ(own->inode(), inode_of("/proc/self/ns/net"));
    const auto found = find_interface(*own, "lo");
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->name, "lo");
    EXPECT_EQ(found->index, if_nametoindex("lo"));
    EXPECT_EQ(found->netns, own->inode());
    EXPECT_FALSE(found->raw_ip);
}

TEST(Interface, MissingOnes) {
    const auto own = Netns::open("");
    ASSERT_TRUE(own);
    for (const char *name : {"no-such-if", "", "lo0123456789012", "lo/", "LO"}) {
        const auto none = find_interface(*own, name);
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error().text, std::string("no interface ") + name);
        EXPECT_EQ(none.error().exit, Exit::failed);
    }
}

TEST(Interface, MissingNamespaces) {
    const std::pair<const char *, const char *> names[] = {
        {"no-such-netns", "/run/netns/no-such-netns"},
        {"999999999", "/proc/999999999/ns/net"},
        {"/no/such/file", "/no/such/file"},
        {"./relative", "./relative"},
    };
    for (const auto &[name, path] : names) {
        const auto none = Netns::open(name);
        ASSERT_FALSE(none) << name;
        EXPECT_EQ(none.error().text, std::string("cannot open network namespace ") + path +
                                         ": no such file or directory");
        EXPECT_NE(none.error().hint, "");
    }
}

TEST(Interface, ByPidAndByPathItIsTheSame) {
    const uint64_t own = inode_of("/proc/self/ns/net");
    for (const std::string &name : {std::to_string(getpid()), std::string("/proc/self/ns/net")}) {
        const auto netns = Netns::open(name);
        ASSERT_TRUE(netns) << netns.error().text;
        EXPECT_EQ(netns->inode(), own);
    }
}

TEST(Interface, WhatIsNoNamespaceCannotBeEntered) {
    const auto netns = Netns::open("/dev/null");
    ASSERT_TRUE(netns);
    const auto none = find_interface(*netns, "lo");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().text.rfind("cannot enter the network namespace: ", 0), 0u);
}

// Work runs inside a child's network namespace; the test is back in its own afterwards, whatever
// the result.
TEST(Interface, InsideANamespaceAndBack) {
    Pipe ready;
    Child child([&] {
        if (unshare(CLONE_NEWNET) != 0)
            return 1;
        ready.write.reset();
        pause();
        return 0;
    });
    ready.write.reset();
    ASSERT_TRUE(readable(ready.read));
    if (geteuid() != 0)
        GTEST_SKIP() << "a network namespace needs root";
    const uint64_t own = inode_of("/proc/self/ns/net");
    const auto netns = Netns::open(std::to_string(child.pid()));
    ASSERT_TRUE(netns) << netns.error().text;
    EXPECT_NE(netns->inode(), own);
    const auto inside =
        netns->inside([] { return Result<uint64_t>(inode_of("/proc/self/ns/net")); });
    ASSERT_TRUE(inside);
    EXPECT_EQ(*inside, netns->inode());
    EXPECT_EQ(inode_of("/proc/self/ns/net"), own);
    const auto failed = netns->inside([]() -> Result<int> { return fail(failure("no")); });
    EXPECT_EQ(failed.error().text, "no");
    EXPECT_EQ(inode_of("/proc/self/ns/net"), own);
    const auto lo = find_interface(*netns, "lo");
    ASSERT_TRUE(lo) << lo.error().text;
    EXPECT_EQ(lo->netns, netns->inode());
    EXPECT_EQ(inode_of("/proc/self/ns/net"), own);
}

} // namespace
} // namespace pinpipe::loader
