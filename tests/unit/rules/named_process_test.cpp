// SPDX-License-Identifier: MIT
#include "lib/rules/named_process.h"

#include "lib/system/clock.h"
#include "tests/unit/support/child.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <thread>

namespace pinpipe {
namespace {

std::string wrong(const std::string &text) {
    const auto process = find_process(text);
    return process ? "found" : process.error().text;
}

Exit exit_of(const std::string &text) {
    const auto process = find_process(text);
    return process ? Exit::ok : process.error().exit;
}

// An executable file of the test.
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

TEST(Process, ByName) {
    const auto process = find_process("fifteen bytes!!");
    ASSERT_TRUE(process);
    EXPECT_EQ(process->key.kind, static_cast<__u32>(SUBJECT_NAME));
    EXPECT_EQ(std::memcmp(process->key.id, "fifteen bytes!!\0", 16), 0);
    const auto brief = find_process("x");
    EXPECT_EQ(brief->key.id[0], uint64_t{'x'}) << "zero from its end on";
    EXPECT_EQ(brief->key.id[1], 0u);
}

// A name that would mean another thing is written with a prefix, and shown with it.
TEST(Process, ByNameWithAPrefix) {
    for (const char *name : {"a/b", "/a", "pid:7", "name:x", "any", "*"}) {
        const auto process = find_ruled(std::string("name:") + name);
        ASSERT_TRUE(process) << process.error().text;
        EXPECT_EQ(process->key.kind, static_cast<__u32>(SUBJECT_NAME));
        EXPECT_EQ(std::memcmp(process->key.id, name, std::strlen(name) + 1), 0);
        EXPECT_EQ(process->text, std::string("name:") + name);
        EXPECT_TRUE(is_current(process->key, process->text));
    }
    EXPECT_EQ(find_ruled("name:curl")->text, "curl") << "where it means nothing else";
    EXPECT_EQ(find_ruled("name:fifteen bytes!!")->text, "fifteen bytes!!");
    EXPECT_EQ(wrong("name:"), "no name behind name:");
    EXPECT_EQ(exit_of("name:sixteen bytes!!!"), Exit::usage);
}

TEST(Process, AnyOfACgroup) {
    const auto any = find_ruled("any");
    ASSERT_TRUE(any);
    EXPECT_EQ(any->key.kind, static_cast<__u32>(SUBJECT_ANY));
    EXPECT_EQ(any->key.id[0] | any->key.id[1], 0u);
    EXPECT_TRUE(is_current(any->key, "any"));
    EXPECT_EQ(find_process("any")->key.kind, static_cast<__u32>(SUBJECT_NAME)) << "of a watch";
    const auto star = find_ruled("*");
    ASSERT_FALSE(star);
    EXPECT_EQ(star.error().exit, Exit::usage);
    EXPECT_NE(star.error().hint.find(" any --cgroup DIR"), std::string::npos);
}

TEST(Process, IsMissing) {
    EXPECT_TRUE(is_missing(find_process("/nonexistent").error()));
    EXPECT_TRUE(is_missing(find_process("pid:2147483647").error()));
    EXPECT_FALSE(is_missing(find_process("/tmp").error()));
    EXPECT_FALSE(is_missing(find_process("a/b").error()));
}

TEST(Process, ByPath) {
    const File file;
    struct stat st {};
    ASSERT_EQ(stat(file.path().c_str(), &st), 0);
    const auto process = find_process(file.path());
    ASSERT_TRUE(process) << process.error().text;
    EXPECT_EQ(process->key.kind, static_cast<__u32>(SUBJECT_EXE));
    EXPECT_EQ(process->key.id[0], st.st_ino);
    EXPECT_EQ(process->key.id[1] & UINT32_MAX, uint64_t{major(st.st_dev)} << 20 | minor(st.st_dev));
    EXPECT_TRUE(is_current(process->key, file.path()));
    const File other;
    EXPECT_FALSE(is_current(process->key, other.path()));
    EXPECT_FALSE(is_current(process->key, "/nonexistent"));
}

// As the file system itself tells it, where it does.
TEST(Process, ByPathHasTheGeneration) {
    const File file;
    const auto process = find_process(file.path());
    ASSERT_TRUE(process) << process.error().text;
    struct statfs system {};
    ASSERT_EQ(statfs(file.path().c_str(), &system), 0);
    const auto generation = static_cast<uint32_t>(process->key.id[1] >> 32);
    if (!has_generation(static_cast<unsigned long>(system.f_type))) {
        EXPECT_EQ(generation, 0u);
        return;
    }
    const Fd open_file(open(file.path().c_str(), O_RDONLY | O_CLOEXEC));
    unsigned known = 0;
    if (ioctl(open_file.get(), FS_IOC_GETVERSION, &known) != 0)
        GTEST_SKIP() << "this file system does not tell it: " << strerror(errno);
    EXPECT_EQ(generation, known);
}

TEST(Process, ByNumber) {
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

TEST(Process, OddNamesDoNotMoveTheStart) {
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

TEST(Process, AThreadIsNone) {
    std::string told;
    std::thread([&] { told = wrong("pid:" + std::to_string(gettid())); }).join();
    EXPECT_EQ(told.rfind("no process ", 0), 0u) << told;
}

TEST(Process, WhatIsWrongIsSaid) {
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

} // namespace
} // namespace pinpipe
