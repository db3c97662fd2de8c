// SPDX-License-Identifier: MIT
#include "tools/ctl/cgroup_paths.h"

#include "lib/system/cgroup.h"
#include "tests/unit/support/child.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe::ctl {
namespace {

// Cgroups below one of the test's own.
class RuleCgroup : public testing::Test {
protected:
    void SetUp() override {
        if (hierarchy().empty())
            GTEST_SKIP() << "no cgroup2 hierarchy";
    }
    void TearDown() override {
        for (auto at = made_.rbegin(); at != made_.rend(); ++at)
            rmdir(at->c_str());
    }
    static std::string hierarchy() { return cgroup_mount(); }
    static std::string own() { return "/pinpipe-unit-" + std::to_string(getpid()); }
    bool make(const std::string &path) {
        const std::string directory = hierarchy() + path;
        if (mkdir(directory.c_str(), 0755) == 0)
            made_.push_back(directory);
        return made_.size() && made_.back() == directory;
    }
    static std::string wrong(const std::string &text) {
        const auto found = find_cgroup(text);
        return found ? "found " + found->path : found.error().text;
    }
    static std::string path(const std::string &text) {
        const auto found = find_cgroup(text);
        return found ? found->path : found.error().text;
    }

private:
    std::vector<std::string> made_;
};

TEST_F(RuleCgroup, IsADirectoryOfTheHierarchy) {
    EXPECT_EQ(wrong("/tmp").rfind("/tmp is no cgroup: ", 0), 0u);
    EXPECT_EQ(wrong("/nonexistent"), "cannot find cgroup /nonexistent: no such file or directory");
    EXPECT_EQ(wrong(hierarchy() + "/cgroup.procs").rfind(hierarchy() + "/cgroup.procs is no ", 0),
              0u);
    EXPECT_EQ(find_cgroup("").error().exit, Exit::usage);
    EXPECT_EQ(find_cgroup("cgroup:x").error().exit, Exit::usage);
    EXPECT_EQ(wrong("cgroup:18446744073709551615"), "no cgroup has the id 18446744073709551615");
    for (const std::string &root : {hierarchy(), hierarchy() + "/", std::string("."),
                                    std::string("a/.."), hierarchy() + "/x/../."})
        EXPECT_EQ(wrong(root), root + " is the root cgroup, which has all processes: leave it out");
}

TEST_F(RuleCgroup, NeedNotExist) {
    const auto waits = find_cgroup(hierarchy() + "/pp-none/below");
    ASSERT_TRUE(waits) << waits.error().text;
    EXPECT_EQ(waits->path, "/pp-none/below");
    EXPECT_EQ(waits->shown, hierarchy() + "/pp-none/below");
    EXPECT_EQ(waits->id, 0u);
    EXPECT_EQ(path("pp-none/below"), "/pp-none/below") << "from the root of the hierarchy";
}

TEST_F(RuleCgroup, IsOnePathHoweverItIsWritten) {
    for (const char *text : {"pp-none/b/", "pp-none//b", "./pp-none/./b", "pp-none/c/../b"}) {
        EXPECT_EQ(path(text), "/pp-none/b") << text;
        EXPECT_EQ(path(hierarchy() + "/" + text), "/pp-none/b") << text;
    }
    const std::string link = "/tmp/pinpipe-unit-" + std::to_string(getpid());
    ASSERT_EQ(symlink(hierarchy().c_str(), link.c_str()), 0);
    EXPECT_EQ(path(link + "/pp-none/b"), "/pp-none/b");
    unlink(link.c_str());
}

TEST_F(RuleCgroup, IsFoundByItsId) {
    if (!make(own()))
        GTEST_SKIP() << "no cgroup can be made";
    struct stat st {};
    ASSERT_EQ(stat((hierarchy() + own()).c_str(), &st), 0);
    const auto found = find_cgroup(hierarchy() + own());
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(found->id, st.st_ino);
    EXPECT_EQ(path("cgroup:" + std::to_string(st.st_ino)), own());
    EXPECT_EQ(CgroupPaths().path(st.st_ino), own());
    EXPECT_EQ(CgroupPaths().path(~uint64_t{0}), "");
}

// As a shell user means it who stands in the hierarchy.
TEST_F(RuleCgroup, BeginsInTheWorkingDirectoryIfItIsThere) {
    if (!make(own()) || !make(own() + "/in"))
        GTEST_SKIP() << "no cgroup can be made";
    const std::string top = own(), inside = hierarchy() + top;
    EXPECT_EQ(run_child([&] {
                  return chdir(inside.c_str()) == 0 && path("in") == top + "/in" &&
                                 path(".") == top && path("pp-none") == "/pp-none"
                             ? 0
                             : 1;
              }).status,
              0);
}

TEST_F(RuleCgroup, IsOneThatTheProgramsLookAt) {
    std::string deep = "/1";
    for (int level = 2; level <= LABEL_SCOPES; level++)
        deep += "/" + std::to_string(level);
    EXPECT_EQ(path(hierarchy() + deep), deep);
    EXPECT_EQ(wrong(hierarchy() + deep + "/9"),
              hierarchy() + deep + "/9 is 9 levels below the root: a rule can be about 8 at most");
    const std::string longest(SCOPE_PATH - 3, 'x');
    EXPECT_EQ(path(longest), "/" + longest);
    EXPECT_EQ(wrong(longest + "x"), longest + "x is too long: a rule can be about paths of at most "
                                              "254 bytes, from the root of the hierarchy on");
}

TEST_F(RuleCgroup, IsRefusedWhereOnlyAPartOfPathsIsSeen) {
    const Finished seen = run_child([&] {
        if (unshare(CLONE_NEWCGROUP) != 0)
            return 77;
        std::fputs(wrong(hierarchy() + "/pp-none").c_str(), stderr);
        std::fputs(cgroup_at("/pp-none").shown.c_str(), stderr);
        return 0;
    });
    if (seen.status == 77)
        GTEST_SKIP() << "no cgroup namespace can be made";
    EXPECT_EQ(seen.err, "cannot find cgroup " + hierarchy() +
                            "/pp-none: this cgroup namespace shows only a part of the hierarchy; "
                            "it can be named outside of the container" +
                            "pp-none");
}

TEST(RuleCgroups, AreOneBelowAnother) {
    EXPECT_TRUE(is_within("/a/b", "/a"));
    EXPECT_TRUE(is_within("/a", "/a"));
    EXPECT_FALSE(is_within("/ab", "/a"));
    EXPECT_FALSE(is_within("/a", "/a/b"));
}

} // namespace
} // namespace pinpipe::ctl
