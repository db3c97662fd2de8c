// SPDX-License-Identifier: MIT
// Runs of ebpf-ctl: its output, its exit status, and the rules afterwards.
#include "tests/unit/support/rules.h"

#include "lib/system/cgroup.h"
#include "tests/unit/support/json.h"

#include <fcntl.h>
#include <grp.h>

namespace pinpipe::ctl {
namespace {

// The path of a new, empty executable file, which the test removes.
std::string new_executable() {
    char path[] = "/tmp/pinpipe-unit-XXXXXX";
    { const Fd file(mkstemp(path)); }
    chmod(path, 0755);
    return path;
}

class RulesCommand : public RulesTest {
protected:
    // Runs ebpf-ctl as a normal user of these groups.
    Finished as_user(const std::vector<gid_t> &groups,
                     const std::vector<std::string> &words) const {
        return run_child([&] {
            constexpr gid_t nobody = 65534;
            if (setgroups(groups.size(), groups.data()) != 0 ||
                setresgid(nobody, nobody, nobody) != 0 || setresuid(nobody, nobody, nobody) != 0)
                return 125;
            std::vector<std::string> all = {"--pin-root", root()};
            all.insert(all.end(), words.begin(), words.end());
            Arguments arguments(all);
            const auto done = run(arguments.argc(), arguments.argv());
            return done ? 0 : report("ebpf-ctl", done.error());
        });
    }
    // Sets the modes of the maps as the loader does.
    void give(gid_t readers, gid_t admins) const {
        own(below("abi"), readers, 0640);
        own(below("maps"), readers, 0750);
        own(below("admin"), admins, 0750);
        for (const MapSpec *spec : admin_maps) {
            own(below(spec->path), readers, spec->mode);
            own(pins().admin(*spec), admins, admin_mode);
        }
    }
    static void own(const std::string &path, gid_t group, mode_t mode) {
        EXPECT_EQ(chown(path.c_str(), 0, group), 0);
        EXPECT_EQ(chmod(path.c_str(), mode), 0);
    }
    // The directory of a cgroup that does not exist.
    static std::string nowhere() { return cgroup_mount() + "/pp-none"; }
    // Runs it, and expects the remark that a rule waits for that cgroup.
    void waiting(const std::vector<std::string> &words, const std::string &input = "") const {
        const Finished ran = ctl(words, input);
        EXPECT_EQ(ran.status, 0) << ran.err;
        EXPECT_EQ(ran.err,
                  "ebpf-ctl: " + nowhere() + " is not there yet: the rule holds once it is made\n");
    }
    std::string error(const std::vector<std::string> &words, int status) const {
        const Finished ran = ctl(words);
        EXPECT_EQ(ran.status, status) << ran.err;
        EXPECT_EQ(ran.out, "");
        return ran.err.substr(0, ran.err.find('\n'));
    }
};

TEST_F(RulesCommand, AllowAndRevoke) {
    const Finished first = ctl({"allow", "8080", "app"});
    EXPECT_EQ(first.status, 0);
    EXPECT_EQ(first.err, "hint: ebpf-ctl allow 53/udp app --pin-root " + root() +
                             "   (it may not look up names now)\n");
    quietly({"allow", "8081-8090/tcp", "app"});
    quietly({"allow", "53/udp", "app"});
    EXPECT_EQ(exported(), "allow 8080-8090/tcp app\nallow 53/udp app\n");
    quietly({"revoke", "8085-9000", "app"});
    EXPECT_EQ(exported(), "allow 8080-8084/tcp app\nallow 53/udp app\n") << "what is there";
    quietly({"revoke", "53/both", "app"});
    EXPECT_EQ(exported(), "allow 8080-8084/tcp app\n");
    const Finished last = ctl({"revoke", "1-65535/both", "app"});
    EXPECT_EQ(last.status, 0);
    EXPECT_EQ(last.err, "ebpf-ctl: app has no rule any more: it may use any port\n");
    EXPECT_EQ(exported(), "");
    EXPECT_EQ(subjects(), 0u);
}

TEST_F(RulesCommand, NoHintWhereNamesCanBeLookedUp) {
    quietly({"allow", "53/udp", "a"});
    quietly({"allow", "80", "a"});
    quietly({"allow", "50-80/both", "b"});
    quietly({"allow", "80", "c", "--audit"});
    EXPECT_NE(ctl({"allow", "80/both", "my app"}).err.find("53/udp $'my app' "), std::string::npos)
        << "as a shell takes it";
}

TEST_F(RulesCommand, WhatIsSoAlreadyIsUnchanged) {
    quietly({"allow", "1-1000/both", "app"});
    const uint64_t now = policy().now;
    const Finished again = ctl({"allow", "80-90", "app"});
    EXPECT_EQ(again.status, 0);
    EXPECT_EQ(again.err, "ebpf-ctl: unchanged: 80-90/tcp is allowed to app\n");
    EXPECT_EQ(policy().now, now);
    quietly({"allow", "80", "app", "--audit"});
    EXPECT_EQ(ctl({"allow", "80", "app", "--audit"}).err,
              "ebpf-ctl: unchanged: 80/tcp is allowed to app\n");
    EXPECT_EQ(ctl({"audit", "on", "app"}).err, "ebpf-ctl: unchanged: audit of app is on\n");
    EXPECT_EQ(ctl({"audit", "off"}).err, "ebpf-ctl: unchanged: audit of all is off\n");
}

TEST_F(RulesCommand, WhatIsNotThereCannotBeRevoked) {
    quietly({"allow", "53/both", "app"});
    EXPECT_EQ(error({"revoke", "80", "app"}, 1),
              "ebpf-ctl: 80/tcp is not allowed to app: nothing to revoke");
    EXPECT_EQ(error({"revoke", "80", "other"}, 1), "ebpf-ctl: there are no rules of other");
    EXPECT_EQ(error({"revoke", "--all", "other"}, 1), "ebpf-ctl: there are no rules of other");
    EXPECT_EQ(error({"audit", "off", "other"}, 1), "ebpf-ctl: there are no rules of other");
    quietly({"revoke", "--all", "app"});
    EXPECT_EQ(subjects(), 0u);
}

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

TEST_F(RulesCommand, AuditOfOneAndOfAll) {
    quietly({"allow", "53/both", "app"});
    quietly({"audit", "on", "app"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_AUDIT});
    quietly({"audit", "off", "app"});
    EXPECT_EQ(subject("app").flags, 0u);
    quietly({"audit", "on"});
    EXPECT_TRUE(policy().now & POLICY_AUDIT);
    EXPECT_EQ(exported(), "audit all\nallow 53/tcp app\nallow 53/udp app\n");
    quietly({"audit", "off"});
    EXPECT_FALSE(policy().now & POLICY_AUDIT);
}

// A process without rules can be audited; it never ends up without ports in deny mode.
TEST_F(RulesCommand, AuditOfAProcessWithoutRules) {
    quietly({"audit", "on", "app"});
    EXPECT_EQ(subject("app").set, 0u);
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_AUDIT});
    EXPECT_EQ(exported(), "audit app\n");
    const Finished off = ctl({"audit", "off", "app"});
    EXPECT_EQ(off.status, 0);
    EXPECT_EQ(off.err, "ebpf-ctl: app has no rule any more: it may use any port\n");
    EXPECT_EQ(subjects(), 0u);
}

// Ruled, and may use nothing; it stays so when its last port is revoked.
TEST_F(RulesCommand, NoneAndIcmp) {
    quietly({"allow", "none", "app"});
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_NONE});
    EXPECT_EQ(subject("app").set, 0u);
    EXPECT_TRUE(policy().now & POLICY_HAS_NAME);
    EXPECT_EQ(ctl({"allow", "none", "app"}).err, "ebpf-ctl: unchanged: none is allowed to app\n");
    quietly({"allow", "80", "app"});
    quietly({"allow", "icmp", "app"});
    EXPECT_EQ(exported(), "allow 80/tcp app\nallow icmp app\nallow none app\n");
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_NONE | SUBJECT_ICMP});
    quietly({"audit", "on", "app"});
    quietly({"revoke", "80", "app"});
    quietly({"revoke", "icmp", "app"});
    quietly({"audit", "off", "app"});
    EXPECT_EQ(exported(), "allow none app\n");
    EXPECT_EQ(error({"revoke", "icmp", "app"}, 1),
              "ebpf-ctl: icmp is not allowed to app: nothing to revoke");
    EXPECT_EQ(ctl({"revoke", "none", "app"}).err,
              "ebpf-ctl: app has no rule any more: it may use any port\n");
    EXPECT_EQ(subjects(), 0u);
    quietly({"allow", "icmp", "app"});
    quietly({"allow", "none", "app"});
    quietly({"revoke", "none", "app"});
    EXPECT_EQ(exported(), "allow icmp app\n");
    EXPECT_EQ(ctl({"revoke", "icmp", "app"}).err,
              "ebpf-ctl: app has no rule any more: it may use any port\n");
    const std::string file = "allow icmp app\nallow none app\n";
    quietly({"apply", "-"}, file);
    EXPECT_EQ(exported(), file);
    EXPECT_EQ(subject("app").flags, __u32{SUBJECT_NONE | SUBJECT_ICMP});
}

TEST_F(RulesCommand, SidesOfAPort) {
    quietly({"allow", "443", "app", "--serve"}); // which looks up no names
    EXPECT_EQ(exported(), "allow 443/tcp app side=serve\n");
    EXPECT_EQ(ctl({"allow", "443", "app", "--serve"}).err,
              "ebpf-ctl: unchanged: 443/tcp serve is allowed to app\n");
    quietly({"allow", "443", "app", "--connect"});
    EXPECT_EQ(exported(), "allow 443/tcp app\n");
    quietly({"revoke", "443", "app", "--serve"});
    EXPECT_EQ(exported(), "allow 443/tcp app side=connect\n");
    EXPECT_EQ(error({"revoke", "443", "app", "--serve"}, 1),
              "ebpf-ctl: 443/tcp serve is not allowed to app: nothing to revoke");
    quietly({"allow", "443-444", "app", "--connect", "--serve"});
    EXPECT_EQ(exported(), "allow 443-444/tcp app\n") << "both words are none";
    quietly({"revoke", "444", "app", "--connect"});
    EXPECT_EQ(exported(), "allow 443/tcp app\nallow 444/tcp app side=serve\n");
    const uint32_t number = subject("app").number;
    put(hits_map, hit_key{number, 443, RULE_TCP, SIDE_SERVE, 0}, hit_record{7});
    put(hits_map, hit_key{number, 443, RULE_TCP, SIDE_CONNECT, 0}, hit_record{5});
    put(hits_map, hit_key{number, 444, RULE_TCP, SIDE_SERVE, 0}, hit_record{3});
    const auto json = parse_json(ctl({"rules", "--json"}).out);
    EXPECT_EQ(json[0]["rules"][0]["hits"].GetUint(), 12u);
    EXPECT_EQ(json[0]["rules"][1]["hits"].GetUint(), 3u);
    quietly({"revoke", "443", "app", "--connect"});
    EXPECT_EQ(parse_json(ctl({"rules", "--json"}).out)[0]["rules"][0]["hits"].GetUint(), 10u)
        << "counters of the other side go";
    EXPECT_NE(ctl({"allow", "80", "client", "--connect"}).err.find("53/udp client"),
              std::string::npos);
    quietly({"allow", "53/udp", "resolves", "--connect"});
    quietly({"allow", "80", "resolves", "--connect"});
}

TEST_F(RulesCommand, AnyProcessOfACgroup) {
    const std::string away = nowhere();
    EXPECT_EQ(ctl({"allow", "443", "any", "--cgroup", away}).err,
              "ebpf-ctl: " + away +
                  " is not there yet: the rule holds once it is made\n"
                  "hint: ebpf-ctl allow 53/udp --cgroup " +
                  away + " any --pin-root " + root() + "   (it may not look up names now)\n");
    EXPECT_EQ(policy().now % POLICY_STEP, uint64_t{POLICY_HAS_ANY | POLICY_HAS_CGROUP});
    waiting({"allow", "none", "any", "--cgroup", away});
    quietly({"allow", "53/both", "name:any"});
    EXPECT_EQ(exported(), "allow 53/tcp name:any\nallow 53/udp name:any\n"
                          "allow 443/tcp any cgroup=" +
                              away + "\nallow none any cgroup=" + away + "\n");
    waiting({"apply", "-"}, exported());
    EXPECT_EQ(parse_json(ctl({"rules", "--json"}).out)[1]["kind"].GetString(), std::string("any"));
    quietly({"revoke", "443", "any", "--cgroup", away});
    quietly({"audit", "on", "any", "--cgroup", away});
    quietly({"revoke", "--all", "any"});
    EXPECT_EQ(exported(), "allow 53/tcp name:any\nallow 53/udp name:any\n");
}

TEST_F(RulesCommand, NamesThatLookLikeSomethingElse) {
    for (const char *name : {"name:a/b", "name:pid:7", "name:*", "name:/x", "name:name:x"}) {
        quietly({"allow", "53/both", name});
        quietly({"children", "on", name});
        EXPECT_NE(ctl({"rules"}).out.find(std::string("\n") + name + " + children "),
                  std::string::npos);
        EXPECT_EQ(ctl({"allow", "53/udp", name}).err,
                  std::string("ebpf-ctl: unchanged: 53/udp is allowed to ") + name + "\n");
    }
    EXPECT_EQ(subjects(), 5u);
    const std::string file = exported();
    quietly({"apply", "-"}, file);
    EXPECT_EQ(exported(), file);
    for (const char *name : {"name:a/b", "name:pid:7", "name:*", "name:/x", "name:name:x"})
        quietly({"revoke", "--all", name});
    quietly({"allow", "53/both", "name:app"});
    EXPECT_EQ(exported(), "allow 53/tcp app\nallow 53/udp app\n");
    quietly({"revoke", "--all", "app"});
}

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

// An exchanged file and an ended process can be named by the text that the rule was made with.
TEST_F(RulesCommand, WhatIsGoneCanBeRevoked) {
    const std::string path = new_executable();
    quietly({"allow", "53/both", path});
    std::string pid;
    {
        const Child child([] {
            pause();
            return 0;
        });
        pid = "pid:" + std::to_string(child.pid());
        quietly({"allow", "53/both", pid});
    }
    ASSERT_EQ(unlink(path.c_str()), 0);
    EXPECT_EQ(exported().find("\nallow"), std::string::npos) << exported();
    EXPECT_NE(exported().find("# not there any more: allow 53/udp " + pid), std::string::npos);
    const std::string table = ctl({"rules"}).out;
    EXPECT_NE(table.find("(!) " + path + ": another file, or none"), table.npos);
    EXPECT_NE(table.find("(!) " + pid + ": this process has ended"), table.npos);
    quietly({"apply", "-"}, exported() + "allow 53/both app\n");
    EXPECT_EQ(subjects(), 1u) << "what is gone is no error of the file's";
    quietly({"apply", "-"}, "");
}

// The number belongs to another process by now, which gets no rule of the earlier one.
TEST_F(RulesCommand, NumbersAreNotInherited) {
    const std::string pid = "pid:" + std::to_string(getpid());
    quietly({"allow", "53/udp", pid});
    subject_key earlier = find_process(pid)->key;
    subject_record record = subject(pid);
    quietly({"allow", "54/udp", pid});
    earlier.id[1] -= 1'000'000'000;
    record.number += 1;
    text_record text{};
    pid.copy(text.text, sizeof text.text - 1);
    put(texts_map, record.number, text);
    put(subjects_map, earlier, record);
    EXPECT_EQ(exported(),
              "allow 53-54/udp " + pid + "\n# not there any more: allow 53/udp " + pid + "\n");
}

TEST_F(RulesCommand, RevokeByWhatWasWritten) {
    std::string pid;
    {
        const Child child([] {
            pause();
            return 0;
        });
        pid = "pid:" + std::to_string(child.pid());
        quietly({"allow", "53/both", pid});
    }
    quietly({"revoke", "53/tcp", pid});
    quietly({"revoke", "--all", pid});
    EXPECT_EQ(subjects(), 0u);
}

TEST_F(RulesCommand, RulesOfACgroupAreApart) {
    const std::string away = nowhere();
    quietly({"allow", "53/both", "app"});
    waiting({"allow", "54/udp", "app", "--cgroup", away});
    EXPECT_EQ(exported(), "allow 53/tcp app\nallow 53/udp app\n"
                          "allow 54/udp app cgroup=" +
                              away + "\n");
    EXPECT_EQ(error({"revoke", "54/udp", "app"}, 1),
              "ebpf-ctl: 54/udp is not allowed to app: nothing to revoke");
    EXPECT_EQ(ctl({"revoke", "54/udp", "app", "--cgroup", away}).status, 0);
    EXPECT_EQ(exported(), "allow 53/tcp app\nallow 53/udp app\n");
    waiting({"allow", "54/udp", "app", "--cgroup", away});
    quietly({"revoke", "--all", "app"});
    EXPECT_EQ(subjects(), 0u) << "in every cgroup";
    EXPECT_EQ(scopes(), 0u);
}

TEST_F(RulesCommand, RulesHaveTheirCounters) {
    quietly({"apply", "-"}, "allow 80-90 app\nallow 53/udp app\n");
    const uint32_t number = subject("app").number;
    put(hits_map, hit_key{number, 80, RULE_TCP, 0, 0}, hit_record{7});
    put(hits_map, hit_key{number, 90, RULE_TCP, 0, 0}, hit_record{5});
    put(hits_map, hit_key{number, 53, RULE_TCP, 0, 0}, hit_record{100});
    put(denials_map, number, denial_record{3, 4, 1});
    const auto json = parse_json(ctl({"rules", "--json"}).out);
    ASSERT_EQ(json.Size(), 1u);
    EXPECT_STREQ(json[0]["process"].GetString(), "app");
    EXPECT_EQ(json[0]["denied"].GetUint(), 3u);
    EXPECT_EQ(json[0]["audited"].GetUint(), 4u);
    EXPECT_TRUE(json[0].HasMember("last"));
    EXPECT_EQ(json[0]["rules"][0]["hits"].GetUint(), 12u);
    EXPECT_EQ(json[0]["rules"][1]["hits"].GetUint(), 0u);
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
