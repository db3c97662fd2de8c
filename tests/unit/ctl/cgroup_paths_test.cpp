// SPDX-License-Identifier: MIT
#include "tools/ctl/cgroup_paths.h"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace pinpipe::ctl {
namespace {

TEST(RuleCgroup, IsADirectoryOfTheHierarchy) {
    const auto wrong_one = find_cgroup("/tmp");
    ASSERT_FALSE(wrong_one);
    EXPECT_EQ(wrong_one.error().text.rfind("/tmp is no cgroup: ", 0), 0u);
    EXPECT_EQ(find_cgroup("/nonexistent").error().text,
              "cannot find cgroup /nonexistent: no such file or directory");
    EXPECT_EQ(*find_cgroup("cgroup:4711"), 4711u);
    EXPECT_EQ(find_cgroup("cgroup:x").error().exit, Exit::usage);
}

// Returns where the cgroup2 hierarchy is mounted; empty if it is not.
std::string hierarchy() {
    for (const char *at : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
        struct statfs fs {};
        if (statfs(at, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
            return at;
    }
    return "";
}

TEST(RuleCgroup, IsShownAsItsDirectory) {
    CgroupPaths paths;
    EXPECT_EQ(paths.path(0), "");
    EXPECT_EQ(paths.path(~uint64_t{0}), "cgroup:18446744073709551615");
    const std::string directory = hierarchy() + "/pinpipe-unit-" + std::to_string(getpid());
    if (hierarchy().empty() || mkdir(directory.c_str(), 0755) != 0)
        GTEST_SKIP() << "no cgroup can be made";
    const auto id = find_cgroup(directory);
    CgroupPaths fresh;
    const std::string shown = id ? fresh.path(*id) : id.error().text;
    rmdir(directory.c_str());
    EXPECT_EQ(shown, directory);
    CgroupPaths later;
    EXPECT_EQ(later.path(*id), "cgroup:" + std::to_string(*id)) << "it is gone";
}

TEST(RuleCgroup, IsOneThatTheProgramsLookAt) {
    if (hierarchy().empty())
        GTEST_SKIP() << "no cgroup2 hierarchy";
    EXPECT_EQ(find_cgroup(hierarchy()).error().text,
              hierarchy() + " is the root cgroup, which has all processes: leave it out");
    std::vector<std::string> made = {hierarchy() + "/pinpipe-unit-" + std::to_string(getpid())};
    std::vector<bool> found;
    for (int depth = 1; depth <= LABEL_SCOPES + 1; depth++) {
        if (mkdir(made.back().c_str(), 0755) != 0)
            break;
        found.push_back(find_cgroup(made.back()).has_value());
        made.push_back(made.back() + "/x");
    }
    for (auto at = made.rbegin(); at != made.rend(); ++at)
        rmdir(at->c_str());
    if (found.empty())
        GTEST_SKIP() << "no cgroup can be made";
    std::vector<bool> expected(LABEL_SCOPES, true);
    expected.push_back(false);
    EXPECT_EQ(found, expected);
}

} // namespace
} // namespace pinpipe::ctl
