// SPDX-License-Identifier: MIT
// Runs of ebpf-ctl that are refused: for words, user or pins; and output that cannot be written.
#include "tests/unit/support/rules_command.h"

#include <fcntl.h>

namespace pinpipe::ctl {
namespace {

TEST_F(RulesCommand, WrongUsage) {
    for (const std::vector<std::string> &words : std::vector<std::vector<std::string>>{
             {"allow", "0", "a"},
             {"allow", "65536", "a"},
             {"allow", "90-80", "a"},
             {"allow", "x", "a"},
             {"allow", "80/icmp", "a"},
             {"allow", "80", "sixteen bytes!!!"},
             {"allow", "80", "a/b"},
             {"allow", "80", "pid:x"},
             {"allow", "80", ""},
             {"allow", "80"},
             {"allow", "80", "a", "b"},
             {"allow", "--all", "80", "a"},
             {"revoke", "80"},
             {"revoke", "--all", "80", "a"},
             {"revoke", "0", "a"},
             {"audit"},
             {"audit", "maybe"},
             {"audit", "on", "--cgroup", "/"},
             {"audit", "on", "a/b"},
             {"audit", "on", "a", "--children"},
             {"revoke", "80", "a", "--children"},
             {"children"},
             {"children", "on"},
             {"children", "maybe", "a"},
             {"children", "on", "a/b"},
             {"children", "on", "a", "b"},
             {"children", "on", "a", "--audit"},
             {"apply"},
             {"export", "x"},
             {"rules", "--all"},
             {"suggest"},
             {"suggest", "a/b"},
             {"allow", "80", "any"},
             {"allow", "80", "*"},
             {"allow", "80", "any", "--cgroup", "x", "--children"},
             {"allow", "80", "name:"},
             {"allow", "none", "a", "--serve"},
             {"allow", "icmp", "a", "--connect"},
             {"allow", "none/udp", "a"},
             {"revoke", "80", "any"},
             {"revoke", "80", "*"},
             {"revoke", "--all", "a", "--serve"},
             {"audit", "on", "any"},
             {"audit", "on", "*"},
             {"children", "on", "any", "--cgroup", "x"},
             {"children", "on", "a", "--serve"},
             {"suggest", "any"},
             {"nonsense"},
             {}}) {
        const Finished ran = ctl(words);
        EXPECT_EQ(ran.status, 2) << ran.err;
        EXPECT_EQ(ran.err.rfind("ebpf-ctl: ", 0), 0u);
    }
    EXPECT_EQ(error({"allow", "80", "/nonexistent"}, 1),
              "ebpf-ctl: cannot find executable /nonexistent: no such file or directory");
    EXPECT_EQ(
        error({"allow", "80", "a", "--cgroup", "/tmp"}, 1).rfind("ebpf-ctl: /tmp is no cgroup", 0),
        0u);
    EXPECT_EQ(policy().now, 0u) << "nothing was changed";
    EXPECT_EQ(subjects(), 0u);
}

TEST_F(RulesCommand, NotLoaded) {
    const std::vector<std::vector<std::string>> commands = {
        {"allow", "80", "a"},   {"revoke", "80", "a"},  {"rules"}, {"export"}, {"audit", "on"},
        {"apply", "/dev/null"}, {"children", "on", "a"}};
    const std::string told =
        "ebpf-ctl: not loaded: run: sudo ebpf-load --cgroup DIR --pin-root " + root();
    ASSERT_EQ(unlink(pins().admin(policy_map).c_str()), 0); // as after a load of --xdp alone
    for (const auto &words : commands)
        EXPECT_EQ(error(words, 69), told) << words[0];
    ASSERT_EQ(unlink(below("abi").c_str()), 0);
    for (const auto &words : commands)
        EXPECT_EQ(error(words, 69), told) << words[0];
}

TEST_F(RulesCommand, GroupsDoWhatTheyMay) {
    constexpr gid_t readers = 60690, admins = 60691;
    give(readers, admins);
    quietly({"allow", "53/both", "app"});
    const Finished denied = as_user({readers}, {"allow", "80", "app"});
    EXPECT_EQ(denied.status, 77);
    EXPECT_EQ(denied.err, "ebpf-ctl: cannot open " + below("admin/policy") +
                              ": permission denied\nhint: sudo usermod -aG 60691 \"$USER\"   (then "
                              "log in again)\n");
    EXPECT_EQ(as_user({readers}, {"export"}).out, "allow 53/tcp app\nallow 53/udp app\n");
    EXPECT_EQ(as_user({admins}, {"allow", "80", "app"}).status, 0);
    EXPECT_EQ(as_user({admins}, {"export"}).out,
              "allow 53/tcp app\nallow 80/tcp app\nallow 53/udp app\n");
    EXPECT_EQ(as_user({}, {"rules"}).status, 77);
    EXPECT_EQ(as_user({}, {"allow", "80", "app"}).status, 77);
    give(readers, 0);
    EXPECT_EQ(as_user({readers}, {"allow", "80", "app"}).err,
              "ebpf-ctl: cannot open " + below("admin/policy") +
                  ": permission denied\nhint: sudo ebpf-load --cgroup DIR --admin-group ebpf-admin "
                  "--pin-root " +
                  root() + "   (only root may change rules now)\n");
}

TEST_F(RulesCommand, FrozenMapsAreTold) {
    if (!freeze(pins().admin(subjects_map)))
        GTEST_SKIP() << "this kernel freezes no such map";
    EXPECT_EQ(error({"allow", "80", "app"}, 1),
              "ebpf-ctl: " + below("admin/subjects") +
                  " is frozen: a process that may change it did that");
    EXPECT_EQ(ctl({"rules"}).status, 0);
}

TEST_F(RulesCommand, AClosedPipeIsNoError) {
    quietly({"allow", "53/both", "app"});
    EXPECT_EQ(run_child([&] {
                  {
                      Pipe pipe;
                      dup2(pipe.write.get(), STDOUT_FILENO);
                  }
                  Arguments arguments({"--pin-root", root(), "export"});
                  return run(arguments.argc(), arguments.argv()) ? 0 : 1;
              }).status,
              0);
    EXPECT_EQ(run_child([&] {
                  const Fd full(open("/dev/full", O_WRONLY));
                  dup2(full.get(), STDOUT_FILENO);
                  Arguments arguments({"--pin-root", root(), "rules"});
                  const auto done = run(arguments.argc(), arguments.argv());
                  return done ? 0 : static_cast<int>(done.error().exit);
              }).status,
              74);
}

} // namespace
} // namespace pinpipe::ctl
