// SPDX-License-Identifier: MIT
#include "tools/ctl/policy_file.h"

#include "tools/ctl/policy_words.h"

#include <cstring>
#include <gtest/gtest.h>

namespace pinpipe::ctl {
namespace {

// Finds every process: ids of files and numbers come from their texts.
Finders all_there() {
    Finders finders;
    finders.process = [](const std::string &text) -> Result<Process> {
        const auto kind = ruled_kind(text);
        if (!kind)
            return fail(kind.error());
        if (*kind == SUBJECT_NAME)
            return find_ruled(text);
        Process process{{}, text};
        process.key.kind = *kind;
        process.key.id[0] = std::hash<std::string>()(text);
        if (text == "/link")
            process.key.id[0] = std::hash<std::string>()("/file");
        return process;
    };
    finders.cgroup = [](const std::string &directory) -> Result<Cgroup> {
        if (directory[0] != '/')
            return fail(failure("no cgroup " + directory));
        return Cgroup{directory, directory, directory.size()};
    };
    return finders;
}

// Returns what a file means, as export writes it; or its errors, each as "LINE: TEXT".
std::string read(const std::string &text) {
    const auto policy = parse_policy(text, all_there());
    std::string out;
    if (!policy)
        for (const PolicyError &error : policy.error())
            out += std::to_string(error.line) + ": " + error.text + "\n";
    else
        for (const std::string &line : policy_lines(*policy))
            out += line;
    return out;
}

TEST(PolicyFile, IsRead) {
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(read("\n# nothing\n   \t\r\n  # more"), "");
    EXPECT_EQ(read("allow 8080-8090/tcp app\nallow 53/udp /usr/bin/dig cgroup=/a/b # names\n"
                   "audit app\naudit all\nallow 1/both pid:7"),
              "audit all\n"
              "allow 8080-8090/tcp app\naudit app\n"
              "allow 53/udp /usr/bin/dig cgroup=/a/b\n"
              "allow 1/tcp pid:7\nallow 1/udp pid:7\n");
    EXPECT_EQ(read("allow 80 a\r\n"), "allow 80/tcp a\n") << "lines of another system";
}

TEST(PolicyFile, ChildrenOfAProcess) {
    EXPECT_EQ(read("children app\naudit app\nallow 80 app\nallow 81 app cgroup=/a\n"
                   "children b cgroup=/a\nallow 80 b\nallow 81 b cgroup=/a\n"
                   "allow 80 /file\nchildren /link\nallow 1 \"all\"\nchildren all"),
              "allow 1/tcp \"all\"\nchildren \"all\"\n"
              "allow 80/tcp app\naudit app\nchildren app\n"
              "allow 81/tcp app cgroup=/a\n"
              "allow 80/tcp b\n"
              "allow 81/tcp b cgroup=/a\nchildren b cgroup=/a\n"
              "allow 80/tcp /file\nchildren /file\n");
    EXPECT_EQ(read("audit app\nchildren app\n"), "audit app\nchildren app\n")
        << "to learn what its descendants need";
}

TEST(PolicyFile, SidesOfPorts) {
    const std::string sorted = "allow 80/tcp a\nallow 443/tcp a side=connect\n"
                               "allow 444/tcp a side=serve\n"
                               "allow 53/udp a cgroup=/x side=connect\n";
    EXPECT_EQ(read(sorted), sorted);
    EXPECT_EQ(read("allow 443-444 a side=connect\nallow 444-445 a side=serve\n"
                   "allow 1 b side=serve cgroup=/x\n"),
              "allow 443/tcp a side=connect\nallow 444/tcp a\nallow 445/tcp a side=serve\n"
              "allow 1/tcp b cgroup=/x side=serve\n");
    EXPECT_EQ(read("allow 80 a\nallow 80 a side=connect\nallow 81 a side=serve\n"
                   "allow 81 a side=serve\nallow 1 a side=both\nallow 1 a side=\n"
                   "allow 1 a side=serve side=serve\naudit a side=serve\nchildren a side=serve\n"
                   "allow none a side=serve\n"),
              "2: 80/tcp connect of 'a' is in line 1 already\n"
              "4: 81/tcp serve of 'a' is in line 3 already\n"
              "5: side= is connect or serve, not 'both'\n"
              "6: side= is connect or serve, not ''\n"
              "7: unexpected 'side=serve'\n"
              "8: unexpected 'side=serve'\n"
              "9: unexpected 'side=serve'\n"
              "10: none has no side and no remote end: only ports have\n");
    EXPECT_EQ(read("allow 80 a side=serve\nallow 80 a side=connect\nallow 80 a side=connect\n"),
              "3: 80/tcp connect of 'a' is in line 2 already\n");
}

TEST(PolicyFile, RemoteEnds) {
    const std::string sorted = "allow 80/tcp a\nallow 80/tcp a to=lan\n"
                               "allow 443/tcp a side=connect to=10.0.0.0/8,internet\n"
                               "allow 53/udp a cgroup=/x to=::1\n";
    EXPECT_EQ(read(sorted), sorted);
    EXPECT_EQ(read("allow 443 a to=lan,10.0.0.0/8,lan\nallow 443 b to=192.0.2.1/32 side=serve\n"),
              "allow 443/tcp a to=10.0.0.0/8,lan\nallow 443/tcp b side=serve to=192.0.2.1\n");
    EXPECT_EQ(read("allow 80 a to=lan\nallow 80-81 a to=lan\nallow 80 a to=\nallow 80 a to=10/8\n"
                   "allow 80 a to=::1 to=::2\nallow none a to=lan\naudit a to=lan\n"),
              "2: 80-81/tcp to lan of 'a' is in line 1 already\n"
              "3: '' is no address or prefix: want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or "
              "2001:db8::/32, or loopback, lan, internet\n"
              "4: '10/8' is no address or prefix: want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or "
              "2001:db8::/32, or loopback, lan, internet\n"
              "5: unexpected 'to=::2'\n"
              "6: none has no side and no remote end: only ports have\n"
              "7: unexpected 'to=lan'\n");
}

TEST(PolicyFile, Users) {
    const std::string sorted = "allow 80/tcp a\nallow 80/tcp a user=root\naudit a user=root\n"
                               "allow 1/tcp a user=4294967294\nallow 2/tcp a cgroup=/x user=root\n"
                               "children a cgroup=/x user=root\nallow 443/tcp any user=root\n";
    EXPECT_EQ(read(sorted), sorted);
    EXPECT_EQ(read("allow 1 a user=0\nallow 2 a user=root\n"), "allow 1-2/tcp a user=root\n");
    EXPECT_EQ(read("allow 1 a user=pp-nobody\nallow 1 a user=\nallow 1 a user=1 user=2\n"
                   "allow 1 a user=4294967295\naudit all user=1\n"),
              "1: there is no user 'pp-nobody'\n"
              "2: user= needs a name or a number\n"
              "3: unexpected 'user=2'\n"
              "4: a user id takes a whole number from 0 to 4294967294, not '4294967295'\n"
              "5: unexpected 'user=1'\n");
}

TEST(PolicyFile, NoneAndIcmp) {
    const std::string sorted = "allow 80/tcp a\nallow icmp a\nallow none a\naudit a\nchildren a\n"
                               "allow icmp b\nchildren b\nallow none c\nchildren c\n";
    EXPECT_EQ(read(sorted), sorted);
    EXPECT_EQ(read("allow none a\nallow icmp a\nallow none a\nallow icmp a\nallow none/udp a\n"),
              "3: none of 'a' is in line 1 already\n"
              "4: icmp of 'a' is in line 2 already\n"
              "5: 'none/udp' is no port: PORT[-PORT][/tcp|/udp|/both]\n");
}

TEST(PolicyFile, AnyProcessOfACgroup) {
    const std::string sorted = "allow 1/tcp name:any\nallow 443/tcp any cgroup=/x\n"
                               "audit any cgroup=/x\n";
    EXPECT_EQ(read(sorted), sorted);
    EXPECT_EQ(read("allow 443 any\naudit any\nallow 443 any cgroup=/x\nchildren any cgroup=/x\n"
                   "allow 80 *\n"),
              "1: any is every process of a cgroup or user: it needs cgroup=DIR or user=NAME\n"
              "2: any is every process of a cgroup or user: it needs cgroup=DIR or user=NAME\n"
              "4: any has no children: its rules hold for every process of the cgroup or user\n"
              "5: '*' is no process: every process of a cgroup is called any\n");
}

TEST(PolicyFile, NamesWithAPrefix) {
    EXPECT_EQ(read("allow 1 name:a/b\nallow 1 name:pid:7\nallow 1 name:name:x\nallow 1 name:*\n"
                   "allow 1 name:curl\nallow 2 curl\nallow 1 \"name:a b\"\n"),
              "allow 1/tcp \"a b\"\nallow 1-2/tcp curl\nallow 1/tcp name:*\nallow 1/tcp name:a/b\n"
              "allow 1/tcp name:name:x\nallow 1/tcp name:pid:7\n");
    EXPECT_EQ(read("allow 1 name:\nallow 1 name:sixteen.bytes.xx\n"),
              "1: no name behind name:\n"
              "2: the name 'sixteen.bytes.xx' has 16 bytes: the kernel keeps 15 of a process's "
              "name; give the executable's path\n");
}

// The error is at its own line, and not reported beside other errors, which may be in the allow
// line that it lacks.
TEST(PolicyFile, ChildrenOfAProcessWithoutRules) {
    EXPECT_EQ(
        read("children b\nallow 80 b cgroup=/x\naudit all\nchildren a\n"),
        "1: children of 'b' without an allow or audit of the same process, cgroup and user\n"
        "4: children of 'a' without an allow or audit of the same process, cgroup and user\n");
    EXPECT_EQ(read("allow 0 a\nchildren a\n"),
              "1: a port takes a whole number from 1 to 65535, not '0'\n");
    std::string text;
    for (int number = 0; number < 100; number++)
        text += "children a" + std::to_string(number) + "\n";
    const auto policy = parse_policy(text, all_there());
    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().size(), most_policy_errors);
    EXPECT_EQ(policy.error().back().line, most_policy_errors);
}

// The result does not depend on the order of the lines.
TEST(PolicyFile, IsInAStableOrder) {
    const std::string sorted = "allow 80-82/tcp a\nallow 443/tcp a\nallow 53/udp a\n"
                               "allow 1/tcp a cgroup=/x\n"
                               "allow 1/tcp b\nallow 1/tcp c\nallow 1/tcp d\nallow 1/tcp e\n"
                               "allow 1/tcp /a\nallow 1/tcp /b\nallow 1/tcp pid:1\n";
    EXPECT_EQ(read("allow 1 pid:1\nallow 1 e\nallow 1 d\nallow 1 c\nallow 1 /b\nallow 1 /a\n"
                   "allow 1 b\nallow 1 a cgroup=/x\nallow 53/udp a\nallow 443 a\nallow 82 a\n"
                   "allow 80 a\nallow 81 a\n"),
              sorted);
    EXPECT_EQ(read(sorted), sorted);
}

TEST(PolicyFile, QuotesOddWords) {
    EXPECT_EQ(quoted("curl"), "curl");
    EXPECT_EQ(quoted("my name\x01"), "\"my name\\x01\"");
    EXPECT_EQ(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    EXPECT_EQ(quoted("#a"), "\"#a\"");
    EXPECT_EQ(quoted("a#"), "a#");
    EXPECT_EQ(quoted("all"), "\"all\"");
    EXPECT_EQ(quoted("\xff"), "\"\\xff\"");
    EXPECT_EQ(quoted(""), "\"\"");
}

TEST(PolicyFile, OddWordsComeBack) {
    for (int c = 1; c < 256; c++) {
        for (const std::string &bytes : {std::string(1, static_cast<char>(c)),
                                         std::string("a") + static_cast<char>(c) + "1"}) {
            const std::string name = name_text(bytes);
            const std::string line = "allow 80/tcp " + quoted(name) + "\n";
            const auto policy = parse_policy(line, all_there());
            ASSERT_TRUE(policy) << line << policy.error()[0].text;
            ASSERT_EQ(policy->subjects.size(), 1u) << line;
            EXPECT_EQ(policy->subjects[0].process.text, name);
            EXPECT_EQ(policy_lines(*policy)[0], line);
        }
    }
    EXPECT_EQ(read("audit \"all\"\nallow 1 x cgroup=\"/my cgroup\""),
              "audit \"all\"\nallow 1/tcp x cgroup=\"/my cgroup\"\n");
}

TEST(PolicyFile, SaysWhatIsWrongAndWhere) {
    EXPECT_EQ(read("allow 1 a\n\nallow 0 a\nallow 2 a b\ndeny a\nallow 3\naudit\nallow 4 a/b\n"
                   "allow 9-8 a\naudit all a\nallow 5 \"a\nallow 6 \"\\y\"\nallow 7 a cgroup=\n"
                   "allow 8 a cgroup=x\nallow 9 a cgroup=/x cgroup=/y\nchildren\nchildren a b\n"),
              "3: a port takes a whole number from 1 to 65535, not '0'\n"
              "4: unexpected 'b'\n"
              "5: no word 'deny': a line begins with allow, audit or children\n"
              "6: allow needs PORT[-PORT][/tcp|/udp|/both], none or icmp, and PROCESS\n"
              "7: audit needs PROCESS, or all\n"
              "8: 'a/b' is no process: a path must be absolute\n"
              "9: '9-8': the range ends before it begins\n"
              "10: unexpected 'a'\n"
              "11: a quote that does not end\n"
              "12: wrong escape: there are \\\", \\\\ and \\xHH\n"
              "13: cgroup= needs a directory\n"
              "14: no cgroup x\n"
              "15: unexpected 'cgroup=/y'\n"
              "16: children needs PROCESS\n"
              "17: unexpected 'b'\n");
    EXPECT_NE(read(std::string("allow 1 a\0b\n", 12)).find("1: a NUL byte"), std::string::npos);
}

TEST(PolicyFile, NamesTheLineOfADuplicate) {
    EXPECT_EQ(read("allow 80-90 a\nallow 90 a\nallow 90/udp a\nallow 90 b\nallow 90 a cgroup=/x\n"
                   "allow 100 a\nallow 95-105/both a\naudit a\naudit a\naudit all\naudit all\n"
                   "children a\nchildren b\nchildren a\n"),
              "2: 90/tcp of 'a' is in line 1 already\n"
              "7: 95-105/both of 'a' is in line 6 already\n"
              "9: audit of 'a' is in line 8 already\n"
              "11: audit of 'all' is in line 10 already\n"
              "14: children of 'a' is in line 12 already\n");
    EXPECT_EQ(read("allow 80 /file\nallow 80 /link\n"),
              "2: 80/tcp of '/link' is in line 1 already\n")
        << "one file by two names";
}

TEST(PolicyFile, TellsTheFirstErrors) {
    std::string text;
    for (int line = 0; line < 100; line++)
        text += "x\n";
    const auto policy = parse_policy(text, all_there());
    ASSERT_FALSE(policy);
    EXPECT_EQ(policy.error().size(), most_policy_errors);
    EXPECT_EQ(policy.error().back().line, most_policy_errors);
}

} // namespace
} // namespace pinpipe::ctl
