// SPDX-License-Identifier: MIT
// ebpf-ctl export and apply.
#include "tests/unit/support/rules_command.h"

#include <fcntl.h>

namespace pinpipe::ctl {
namespace {

TEST_F(RulesCommand, ExportAndApplyAreOneAnothersInverse) {
    const std::string pid = "pid:" + std::to_string(getpid()), in = " cgroup=" + nowhere() + "\n";
    const std::string file = "audit all\nallow 53/udp app\naudit app\nchildren app\n"
                             "allow 80-82/tcp \"my name\\x01\"\n"
                             "allow 1-65535/tcp /proc/self/exe" +
                             in + "children /proc/self/exe" + in + "allow 9/tcp " + pid +
                             "\nallow 10/udp " + pid + "\n";
    waiting({"apply", "-"}, file);
    EXPECT_EQ(exported(), file);
    waiting({"apply", "-"}, exported());
    EXPECT_EQ(exported(), file);
    EXPECT_EQ(ctl({"apply", "--dry-run", "-"}, file).out, "");
}

TEST_F(RulesCommand, ADryRunShowsAndChangesNothing) {
    quietly({"apply", "-"}, "allow 80 a\nallow 81 b\n");
    const uint64_t now = policy().now;
    EXPECT_EQ(ctl({"apply", "-", "--dry-run"}, "allow 80-81 a\nallow 81 b\n").out,
              "-allow 80/tcp a\n+allow 80-81/tcp a\n");
    EXPECT_EQ(ctl({"apply", "-", "--dry-run"}, "allow 80 a\nchildren a\nallow 81 b\n").out,
              "+children a\n");
    EXPECT_EQ(policy().now, now);
}

// The path is the same, and the file is another one.
TEST_F(RulesCommand, ADryRunShowsRulesThatWouldMove) {
    const std::string path = new_executable();
    const std::string line = "allow 53/udp " + path, earlier = path + "o";
    quietly({"apply", "-"}, line + "\n");
    EXPECT_EQ(ctl({"apply", "--dry-run", "-"}, line + "\n").out, "");
    ASSERT_EQ(rename(path.c_str(), earlier.c_str()), 0);
    { const Fd file(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0755)); }
    EXPECT_EQ(ctl({"apply", "--dry-run", "-"}, line + "\n").out,
              "-" + line + "   # of an earlier file or process\n+" + line + "\n");
    quietly({"apply", "-"}, line + "\n");
    EXPECT_EQ(ctl({"apply", "--dry-run", "-"}, line + "\n").out, "");
    unlink(path.c_str());
    unlink(earlier.c_str());
}

// What is not there is left out, unless all is asked for.
TEST_F(RulesCommand, ApplyWithoutWhatIsMissing) {
    const std::string away = nowhere();
    const std::string file = "allow 80 a\nallow 81 /nonexistent\nchildren /nonexistent\n"
                             "allow 82 pid:2147483647\nallow 83 b cgroup=" +
                             away + "\n";
    const std::string told =
        "ebpf-ctl: -:2: left out: cannot find executable /nonexistent: no such file or directory\n"
        "ebpf-ctl: -:3: left out: cannot find executable /nonexistent: no such file or directory\n"
        "ebpf-ctl: -:4: left out: no process 2147483647\n";
    const Finished dry = ctl({"apply", "--dry-run", "-"}, file);
    EXPECT_EQ(dry.status, 0);
    EXPECT_EQ(dry.err, told);
    EXPECT_EQ(dry.out, "+allow 80/tcp a\n+allow 83/tcp b cgroup=" + away + "\n");
    const Finished strict = ctl({"apply", "--strict", "-"}, file);
    EXPECT_EQ(strict.status, 1);
    EXPECT_EQ(strict.err,
              "ebpf-ctl: -:2: cannot find executable /nonexistent: no such file or directory\n"
              "ebpf-ctl: -:3: cannot find executable /nonexistent: no such file or directory\n"
              "ebpf-ctl: -:4: no process 2147483647\n"
              "ebpf-ctl: -:5: " +
                  away +
                  " is not there\n"
                  "ebpf-ctl: -: 4 errors, nothing applied\n");
    EXPECT_EQ(exported(), "");
    const Finished ran = ctl({"apply", "-"}, file);
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.err,
              told + "ebpf-ctl: " + away + " is not there yet: the rule holds once it is made\n");
    EXPECT_EQ(exported(), "allow 80/tcp a\nallow 83/tcp b cgroup=" + away + "\n");
    EXPECT_EQ(ctl({"apply", "-"}, "allow 80 /nonexistent\nallow 0 a\n").status, 1);
    EXPECT_EQ(ctl({"apply", "-"}, "allow 80 /tmp\n").status, 1) << "no executable";
    EXPECT_EQ(ctl({"apply", "-"}, "allow 80 a cgroup=/nonexistent\n").status, 1) << "no cgroup";
    EXPECT_EQ(exported(), "allow 80/tcp a\nallow 83/tcp b cgroup=" + away + "\n");
}

TEST_F(RulesCommand, AWrongFileIsNotApplied) {
    quietly({"apply", "-"}, "allow 80 a\n");
    const uint64_t now = policy().now;
    const Finished ran = ctl({"apply", "-"}, "allow 80 b\nallow 0 b\nallow 80 b\nx\x1b\n");
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err,
              "ebpf-ctl: -:2: a port takes a whole number from 1 to 65535, not '0'\n"
              "ebpf-ctl: -:3: 80/tcp of 'b' is in line 1 already\n"
              "ebpf-ctl: -:4: no word 'x\\x1b': a line begins with allow, audit or children\n"
              "ebpf-ctl: -: 3 errors, nothing applied\n");
    EXPECT_EQ(exported(), "allow 80/tcp a\n");
    EXPECT_EQ(policy().now, now);
    EXPECT_EQ(error({"apply", "/nonexistent"}, 1),
              "ebpf-ctl: cannot open /nonexistent: no such file or directory");
}

} // namespace
} // namespace pinpipe::ctl
