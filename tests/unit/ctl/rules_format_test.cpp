// SPDX-License-Identifier: MIT
#include "tools/ctl/rules_status.h"

#include "tests/unit/support/json.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>

namespace pinpipe::ctl {
namespace {

RulesStatus sample() {
    SubjectStatus app;
    app.key.kind = SUBJECT_NAME;
    app.text = "app";
    app.ranges = {{RULE_TCP, {8080, 8090}, 12}, {RULE_UDP, {53, 53}, 3}};
    app.denied = 7;
    app.last = 1'700'000'000'123'456;
    SubjectStatus curl;
    curl.key.kind = SUBJECT_EXE;
    curl.text = "/usr/bin/curl";
    curl.cgroup = {"/app", "/sys/fs/cgroup/app", 4711};
    curl.audit = true;
    curl.current = false;
    curl.ranges = {{RULE_TCP, {443, 443}, 0}};
    curl.audited = 9;
    RulesStatus status;
    status.subjects = {app, curl};
    return status;
}

TEST(RulesFormat, TextHasItAll) {
    setenv("TZ", "UTC", 1);
    tzset();
    EXPECT_EQ(
        rules_text(sample()),
        "process            cgroup              mode   proto  ports      hits  denied  audited  "
        "last denial\n"
        "app                all                 deny   tcp    8080-8090    12       7        0  "
        "2023-11-14 22:13:20\n"
        "                                              udp    53            3\n"
        "/usr/bin/curl (!)  /sys/fs/cgroup/app  audit  tcp    443           0       0        9  "
        "-\n"
        "(!) /usr/bin/curl: another file, or none, is there now; the rule is for the earlier "
        "one\n");
    unsetenv("TZ");
}

TEST(RulesFormat, NoRulesAndNoPorts) {
    EXPECT_EQ(rules_text({}), "no rules: every process may use any port\n");
    EXPECT_EQ(rules_json({}), "[]\n");
    RulesStatus status = sample();
    status.audit = true;
    status.subjects[0].ranges.clear();
    const std::string text = rules_text(status);
    EXPECT_EQ(text.rfind("audit of all is on: nothing is denied\n", 0), 0u);
    EXPECT_NE(text.find("\napp                all                 audit  -      -"), text.npos)
        << text;
}

TEST(RulesFormat, MarksWhoseChildrenAreMeant) {
    RulesStatus status = sample();
    status.subjects[0].children = status.subjects[1].children = true;
    status.subjects[1].key.kind = SUBJECT_PID;
    status.subjects[1].text = "pid:7";
    const std::string text = rules_text(status);
    EXPECT_NE(text.find("\napp + children        all "), text.npos) << text;
    EXPECT_NE(text.find("\npid:7 + children (!)  /sys"), text.npos) << text;
    EXPECT_NE(text.find("(!) pid:7: this process has ended; what it started keeps the rule\n"),
              text.npos)
        << text;
    status.subjects[1].children = false;
    EXPECT_NE(rules_text(status).find("(!) pid:7: this process has ended\n"), text.npos);
}

TEST(RulesFormat, SidesIcmpAndNone) {
    RulesStatus status = sample();
    SubjectStatus &app = status.subjects[0], &any = status.subjects[1];
    app.ranges[0].sides = 1U << SIDE_CONNECT;
    app.ranges[1].sides = 1U << SIDE_SERVE;
    app.icmp = true;
    app.icmp_hits = 5;
    any.key.kind = SUBJECT_ANY;
    any.text = "any";
    any.ranges.clear();
    any.none = any.current = true;
    const std::string text = rules_text(status);
    for (const char *part :
         {"  tcp    8080-8090 connect    12 ", "  udp    53 serve              3\n",
          "  icmp   -                     5\n", "  audit  -      none                  -  "})
        EXPECT_NE(text.find(part), text.npos) << part << "\n" << text;
    const auto json = parse_json(rules_json(status));
    EXPECT_STREQ(json[0]["rules"][0]["side"].GetString(), "connect");
    EXPECT_STREQ(json[0]["rules"][1]["side"].GetString(), "serve");
    EXPECT_TRUE(json[0]["icmp"].GetBool());
    EXPECT_EQ(json[0]["icmp_hits"].GetUint(), 5u);
    EXPECT_FALSE(json[0]["none"].GetBool());
    EXPECT_STREQ(json[1]["kind"].GetString(), "any");
    EXPECT_TRUE(json[1]["none"].GetBool());
    EXPECT_FALSE(json[1].HasMember("icmp_hits"));
    EXPECT_STREQ(parse_json(rules_json(sample()))[0]["rules"][0]["side"].GetString(), "both");
}

TEST(RulesFormat, MarksACgroupThatIsNotThere) {
    RulesStatus status = sample();
    status.subjects[1].cgroup.id = 0;
    const std::string text = rules_text(status);
    EXPECT_NE(text.find(" /sys/fs/cgroup/app (not there)  audit "), text.npos) << text;
    const auto json = parse_json(rules_json(status));
    EXPECT_STREQ(json[1]["cgroup"].GetString(), "/sys/fs/cgroup/app");
    EXPECT_FALSE(json[1]["cgroup_present"].GetBool());
    EXPECT_FALSE(json[1].HasMember("cgroup_id"));
    EXPECT_FALSE(json[0].HasMember("cgroup_present"));
}

TEST(RulesFormat, JsonHasItAll) {
    const std::string line = rules_json(sample());
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    const auto json = parse_json(line);
    ASSERT_TRUE(json.IsArray());
    const auto &app = json[0], &curl = json[1];
    EXPECT_STREQ(app["process"].GetString(), "app");
    EXPECT_STREQ(app["kind"].GetString(), "name");
    EXPECT_STREQ(app["mode"].GetString(), "deny");
    EXPECT_FALSE(app["children"].GetBool());
    EXPECT_TRUE(app["current"].GetBool());
    EXPECT_FALSE(app.HasMember("cgroup"));
    EXPECT_EQ(app["denied"].GetUint(), 7u);
    EXPECT_EQ(app["last"].GetUint64(), 1'700'000'000'123u) << "milliseconds, as in events";
    EXPECT_STREQ(app["rules"][0]["proto"].GetString(), "tcp");
    EXPECT_EQ(app["rules"][0]["first"].GetUint(), 8080u);
    EXPECT_EQ(app["rules"][0]["last"].GetUint(), 8090u);
    EXPECT_EQ(app["rules"][0]["hits"].GetUint(), 12u);
    EXPECT_STREQ(curl["kind"].GetString(), "exe");
    EXPECT_STREQ(curl["mode"].GetString(), "audit");
    EXPECT_STREQ(curl["cgroup"].GetString(), "/sys/fs/cgroup/app");
    EXPECT_STREQ(curl["cgroup_id"].GetString(), "4711");
    EXPECT_TRUE(curl["cgroup_present"].GetBool());
    EXPECT_FALSE(curl["current"].GetBool());
    EXPECT_FALSE(curl.HasMember("last")) << "absent: never";
    RulesStatus audited = sample();
    audited.audit = true;
    EXPECT_STREQ(parse_json(rules_json(audited))[0]["mode"].GetString(), "audit");
    RulesStatus sticks = sample();
    sticks.subjects[1].children = true;
    EXPECT_FALSE(parse_json(rules_json(sticks))[0]["children"].GetBool());
    EXPECT_TRUE(parse_json(rules_json(sticks))[1]["children"].GetBool());
}

TEST(RulesFormat, NamesDoNoHarm) {
    for (const char *name : {"\x1b[31m\n", "\"\\", "\xc2\x9b\xff", "\r\t\x7f"}) {
        RulesStatus status = sample();
        status.subjects[1].text = status.subjects[1].cgroup.shown = name;
        EXPECT_TRUE(is_harmless(std::string_view(rules_json(status)).substr(0, 20)));
        EXPECT_FALSE(parse_json(rules_json(status)).HasParseError());
        std::istringstream text(rules_text(status) + rules_json(status));
        int lines = 0;
        for (std::string line; std::getline(text, line); lines++)
            EXPECT_TRUE(is_harmless(line));
        EXPECT_EQ(lines, 6);
    }
}

} // namespace
} // namespace pinpipe::ctl
