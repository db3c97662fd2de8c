#include "tools/ctl/process.h"

#include "lib/clock.h"
#include "tests/unit/support/child.h"

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <thread>

namespace pinpipe::ctl {
namespace {

std::string wrong(const std::string &text) {
    const auto process = find_process(text);
    return process ? "found" : process.error().text;
}

Exit exit_of(const std::string &text) {
    const auto process = find_process(text);
    return process ? Exit::ok : process.error().exit;
}

// An executable file of the test's own.
class File {
public:
    explicit File(mode_t mode = 0755) {
        char path[] = "/tmp/pinpipe-unit-XXXXXX";
        const Fd file(mkstemp(path));
        path_ = path;
        fchmod(file.get(), mode);
    }
    ~File() { unlink(path_.c_str()); }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

TEST(RuleProcess, ByName) {
    const auto process = find_process("fifteen bytes!!");
    ASSERT_TRUE(process);
    EXPECT_EQ(process->key.kind, static_cast<__u32>(SUBJECT_NAME));
    EXPECT_EQ(std::memcmp(process->key.id, "fifteen bytes!!\0", 16), 0);
    const auto brief = find_process("x");
    EXPECT_EQ(brief->key.id[0], uint64_t{'x'}) << "zero from its end on";
    EXPECT_EQ(brief->key.id[1], 0u);
}

TEST(RuleProcess, ByPath) {
    const File file;
    struct stat st {};
    ASSERT_EQ(stat(file.path().c_str(), &st), 0);
    const auto process = find_process(file.path());
    ASSERT_TRUE(process) << process.error().text;
    EXPECT_EQ(process->key.kind, static_cast<__u32>(SUBJECT_EXE));
    EXPECT_EQ(process->key.id[0], st.st_ino);
    EXPECT_EQ(process->key.id[1], uint64_t{major(st.st_dev)} << 20 | minor(st.st_dev));
    EXPECT_TRUE(is_current(process->key, file.path()));
    const File other;
    EXPECT_FALSE(is_current(process->key, other.path()));
    EXPECT_FALSE(is_current(process->key, "/nonexistent"));
}

TEST(RuleProcess, ByNumber) {
    const int64_t before = boot_now();
    const Child child([] {
        pause();
        return 0;
    });
    const auto process = find_process("pid:" + std::to_string(child.pid()));
    ASSERT_TRUE(process) << process.error().text;
    EXPECT_EQ(process->key.kind, static_cast<__u32>(SUBJECT_PID));
    EXPECT_EQ(process->key.id[0], static_cast<uint64_t>(child.pid()));
    constexpr int64_t tick = 10'000'000;
    EXPECT_EQ(process->key.id[1] % tick, 0u);
    EXPECT_GE(static_cast<int64_t>(process->key.id[1]), before - tick);
    EXPECT_LE(static_cast<int64_t>(process->key.id[1]), boot_now());
}

TEST(RuleProcess, OddNamesDoNotMoveTheStart) {
    const Child child([] {
        prctl(PR_SET_NAME, ") R 1 (2 3");
        pause();
        return 0;
    });
    ASSERT_TRUE(child.falls_asleep());
    const auto process = find_process("pid:" + std::to_string(child.pid()));
    ASSERT_TRUE(process);
    EXPECT_LT(boot_now() - static_cast<int64_t>(process->key.id[1]), 60'000'000'000);
}

TEST(RuleProcess, AThreadIsNone) {
    std::string told;
    std::thread([&] { told = wrong("pid:" + std::to_string(gettid())); }).join();
    EXPECT_EQ(told.rfind("no process ", 0), 0u) << told;
}

TEST(RuleProcess, WhatIsWrongIsSaid) {
    EXPECT_EQ(wrong("sixteen bytes!!!"),
              "the name 'sixteen bytes!!!' has 16 bytes: the kernel keeps 15 of a process's name; "
              "give the executable's path");
    EXPECT_EQ(wrong("bin/curl"), "'bin/curl' is no process: a path must be absolute");
    EXPECT_EQ(wrong(""), "no process: a name, an absolute path or pid:N is needed");
    EXPECT_EQ(wrong("/" + std::string(255, 'x')).rfind("a path of more than 255 bytes: ", 0), 0u);
    for (const char *text : {"pid:", "pid:x", "pid:0", "pid:-1", "pid:99999999999"})
        EXPECT_NE(wrong(text).find("pid:N takes a whole number"), std::string::npos) << text;
    for (const char *text : {"sixteen bytes!!!", "bin/curl", "", "pid:x"})
        EXPECT_EQ(exit_of(text), Exit::usage) << text;
    EXPECT_EQ(exit_of(std::string("a\0b", 3)), Exit::usage);

    EXPECT_EQ(wrong("/nonexistent"),
              "cannot find executable /nonexistent: no such file or directory");
    EXPECT_EQ(wrong("/tmp"), "/tmp is no executable file");
    const File plain(0644);
    EXPECT_EQ(wrong(plain.path()), plain.path() + " is no executable file");
    const File script;
    std::ofstream(script.path()) << "#!/bin/sh\n";
    EXPECT_EQ(wrong(script.path()), script.path() + " is a script: what runs is its interpreter; "
                                                    "give the process's name");
    EXPECT_EQ(wrong("pid:2147483647"), "no process 2147483647");
    EXPECT_EQ(exit_of("/nonexistent"), Exit::failed);
    EXPECT_EQ(exit_of("pid:2147483647"), Exit::failed);
}

TEST(RuleCgroup, IsADirectoryOfTheHierarchy) {
    const auto wrong_one = find_cgroup("/tmp");
    ASSERT_FALSE(wrong_one);
    EXPECT_EQ(wrong_one.error().text.rfind("/tmp is no cgroup: ", 0), 0u);
    EXPECT_EQ(find_cgroup("/nonexistent").error().text,
              "cannot find cgroup /nonexistent: no such file or directory");
    EXPECT_EQ(*find_cgroup("cgroup:4711"), 4711u);
    EXPECT_EQ(find_cgroup("cgroup:x").error().exit, Exit::usage);
}

// Where the cgroup2 hierarchy is mounted; empty: nowhere.
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
              hierarchy() + " is the root, which has all processes: leave it out");
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
