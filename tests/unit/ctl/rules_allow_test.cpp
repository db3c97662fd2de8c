// SPDX-License-Identifier: MIT
// ebpf-ctl allow, revoke and audit: their output, their exit status, and the rules afterwards.
#include "tests/unit/support/rules_command.h"

#include "tests/unit/support/json.h"

namespace pinpipe::ctl {
namespace {

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

} // namespace
} // namespace pinpipe::ctl
