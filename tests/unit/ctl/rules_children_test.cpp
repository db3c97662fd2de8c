// SPDX-License-Identifier: MIT
// ebpf-ctl allow --children, and ebpf-ctl children.
#include "tests/unit/support/rules_command.h"

#include <fcntl.h>

namespace pinpipe::ctl {
namespace {

TEST_F(RulesCommand, ChildrenStayWithASubject) {
    quietly({"allow", "53/both", "app", "--children"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_CHILDREN});
    EXPECT_TRUE(policy().now & POLICY_HAS_CHILDREN);
    quietly({"allow", "80", "app"});
    quietly({"revoke", "53/tcp", "app"});
    quietly({"audit", "on", "app"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_CHILDREN | SUBJECT_AUDIT});
    quietly({"audit", "off", "app"});
    EXPECT_EQ(exported(), "allow 80/tcp app\nallow 53/udp app\nchildren app\n");
    quietly({"revoke", "--all", "app"});
    EXPECT_FALSE(policy().now & POLICY_HAS_CHILDREN);
    quietly({"allow", "53/both", "app"});
    EXPECT_EQ(subject("app").flags, 0u) << "a new one has nothing of an earlier one";
}

TEST_F(RulesCommand, ChildrenOnAndOff) {
    quietly({"allow", "53/both", "app", "--audit"});
    const uint32_t set = subject("app").set;
    quietly({"children", "on", "app"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_CHILDREN | SUBJECT_AUDIT});
    EXPECT_EQ(subject("app").set, set) << "the same ports";
    quietly({"children", "off", "app"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_AUDIT});
    quietly({"allow", "53/udp", "app", "--children"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_CHILDREN | SUBJECT_AUDIT}) << "the same ports";
    const uint64_t now = policy().now;
    EXPECT_EQ(ctl({"allow", "53/udp", "app", "--children"}).err,
              "ebpf-ctl: unchanged: 53/udp is allowed to app\n");
    const Finished on = ctl({"children", "on", "app"});
    EXPECT_EQ(on.status, 0);
    EXPECT_EQ(on.err, "ebpf-ctl: unchanged: the rules of app hold for its children\n");
    EXPECT_EQ(policy().now, now);
    quietly({"children", "off", "app"});
    EXPECT_EQ(ctl({"children", "off", "app"}).err,
              "ebpf-ctl: unchanged: the rules of app do not hold for its children\n");
}

// Unlike audit, children alone makes no process ruled.
TEST_F(RulesCommand, ChildrenOfAProcessWithoutRules) {
    const std::string away = nowhere();
    const Finished on = ctl({"children", "on", "my app", "--cgroup", away});
    EXPECT_EQ(on.status, 1);
    EXPECT_EQ(on.err, "ebpf-ctl: there are no rules of my app\n"
                      "hint: ebpf-ctl allow PORT --children --cgroup " +
                          away +
                          " $'my app' "
                          "--pin-root " +
                          root() + "\n");
    const Finished off = ctl({"children", "off", "app"});
    EXPECT_EQ(off.status, 1);
    EXPECT_EQ(off.err, "ebpf-ctl: there are no rules of app\n");
    EXPECT_EQ(subjects(), 0u);
    quietly({"audit", "on", "app"});
    quietly({"children", "on", "app"});
    EXPECT_EQ(exported(), "audit app\nchildren app\n") << "to learn what its descendants need";
    EXPECT_EQ(ctl({"audit", "off", "app"}).err,
              "ebpf-ctl: app has no rule any more: it may use any port\n");
    EXPECT_EQ(subjects(), 0u);
}

// Subjects of two files with one path become one subject, with the rules of both.
TEST_F(RulesCommand, ChildrenOfAnExchangedFile) {
    const std::string path = new_executable();
    const std::string earlier = path + ".old";
    quietly({"allow", "53/udp", path, "--children"});
    ASSERT_EQ(rename(path.c_str(), earlier.c_str()), 0);
    { const Fd file(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0755)); }
    quietly({"allow", "54/udp", path});
    EXPECT_EQ(subject(path).flags, 0u);
    const std::string file = "allow 53-54/udp " + path + "\nchildren " + path + "\n";
    EXPECT_EQ(exported(), file);
    for (const std::string &of : {earlier, path}) { // flags the other way round
        subject_record record = subject(of);
        record.flags ^= SUBJECT_CHILDREN;
        put(subjects_map, find_process(of)->key, record);
    }
    EXPECT_EQ(exported(), file);
    quietly({"apply", "-"}, file);
    EXPECT_EQ(subjects(), 1u);
    EXPECT_EQ(subject(path).flags, __u32{SUBJECT_CHILDREN});
    unlink(path.c_str());
    unlink(earlier.c_str());
}

TEST_F(RulesCommand, ChildrenInOneCgroupAndInAll) {
    const std::string away = nowhere(), in = " app cgroup=" + away + "\n";
    quietly({"allow", "53/udp", "app"});
    waiting({"allow", "54/udp", "app", "--cgroup", away});
    quietly({"children", "on", "app", "--cgroup", away});
    EXPECT_EQ(exported(), "allow 53/udp app\nallow 54/udp" + in + "children" + in);
    quietly({"children", "on", "app"});
    EXPECT_EQ(exported(), "allow 53/udp app\nchildren app\nallow 54/udp" + in + "children" + in);
    quietly({"children", "off", "app"});
    EXPECT_EQ(exported(), "allow 53/udp app\nallow 54/udp" + in);
}

} // namespace
} // namespace pinpipe::ctl
