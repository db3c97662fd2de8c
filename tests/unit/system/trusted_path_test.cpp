// SPDX-License-Identifier: MIT
#include "lib/system/trusted_path.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pinpipe {
namespace {

namespace fs = std::filesystem;

// Tests below a directory of root.
class TrustedPath : public testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0)
            GTEST_SKIP() << "needs root: it makes directories of others";
        ASSERT_TRUE(mkdtemp(top_)) << std::strerror(errno);
        fs::create_directories(below("a/b"));
    }
    void TearDown() override {
        if (geteuid() == 0)
            fs::remove_all(top_);
    }
    std::string below(const std::string &name) const { return std::string(top_) + "/" + name; }

    void expect(const std::string &path, const std::string &resolved) const {
        const auto found = trusted_path(below(path));
        ASSERT_TRUE(found) << found.error().text;
        EXPECT_EQ(*found, below(resolved));
    }
    Error refused(const std::string &path) const {
        const auto found = trusted_path(below(path));
        EXPECT_FALSE(found) << *found;
        return found ? Error{} : found.error();
    }

private:
    char top_[32] = "/run/pinpipe-unit-XXXXXX";
};

TEST_F(TrustedPath, ResolvesWhatIsRootsAlone) {
    expect("a/b", "a/b");
    expect("a//b/./", "a/b");
    expect("a/b/../b/../../a", "a");
    EXPECT_EQ(trusted_path("/").value_or(""), "/");
    EXPECT_EQ(trusted_path("/..").value_or(""), "/");
}

TEST_F(TrustedPath, KeepsWhatIsNotThereYet) {
    expect("a/new", "a/new");
    expect("new/deeper", "new/deeper");
}

TEST_F(TrustedPath, FollowsLinksOfRoots) {
    fs::create_symlink("a", below("relative"));
    fs::create_symlink(below("a"), below("absolute"));
    fs::create_symlink("missing", below("dangling"));
    expect("relative/b", "a/b");
    expect("absolute/b", "a/b");
    expect("relative/../a", "a");
    expect("dangling", "missing");
}

TEST_F(TrustedPath, RefusesLinksOfOthers) {
    fs::create_symlink("a", below("theirs"));
    ASSERT_EQ(lchown(below("theirs").c_str(), 1000, 1000), 0);
    for (const char *path : {"theirs", "theirs/b"})
        EXPECT_EQ(refused(path).text,
                  below("theirs") + " is a symbolic link that users other than root can change");
}

TEST_F(TrustedPath, RefusesDirectoriesThatOthersCanChange) {
    for (const auto &[uid, mode] : {std::pair(1000u, 0755u), std::pair(0u, 0775u),
                                    std::pair(0u, 0757u), std::pair(0u, 01777u)}) {
        ASSERT_EQ(chown(below("a").c_str(), uid, 0), 0);
        ASSERT_EQ(chmod(below("a").c_str(), mode), 0);
        for (const char *path : {"a", "a/b", "a/new", "a/b/.."}) {
            const Error error = refused(path);
            EXPECT_EQ(error.text, below("a") + " can be changed by users other than root") << mode;
            const bool chmod = mode != 01777u || std::string(path) == "a";
            EXPECT_EQ(error.hint.rfind(chmod ? "sudo chown root" : "ebpf-load --pin-root", 0), 0u)
                << error.hint;
        }
    }
}

TEST_F(TrustedPath, RefusesWhatIsNoDirectory) {
    EXPECT_EQ(trusted_path("/dev/null").error().text, "cannot open /dev/null: not a directory");
    fs::create_symlink("loop", below("loop"));
    EXPECT_EQ(refused("loop").code, ELOOP);
}

} // namespace
} // namespace pinpipe
