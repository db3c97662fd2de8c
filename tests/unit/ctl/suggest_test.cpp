// SPDX-License-Identifier: MIT
#include "tools/ctl/suggest.h"

#include "lib/system/cgroup.h"
#include "tests/unit/support/rules.h"

#include <fstream>
#include <sys/stat.h>

namespace pinpipe::ctl {
namespace {

std::string deny(const char *comm, const char *proto, int port, const std::string &more = "") {
    return R"({"v":1,"event_type":"deny","action":"deny","hook":"connect","proto":")" +
           std::string(proto) + R"(","direction":"out","remote_port":)" + std::to_string(port) +
           R"(,"port":)" + std::to_string(port) + R"(,"pid":7,"comm":")" + comm + "\"" + more + "}";
}

std::string conn(const char *action, const char *direction, int local, int remote) {
    return R"({"event_type":"conn","action":")" + std::string(action) +
           R"(","proto":"tcp","direction":")" + direction + R"(","local_port":)" +
           std::to_string(local) + R"(,"remote_port":)" + std::to_string(remote) +
           R"(,"pid":7,"comm":"app"})";
}

std::string suggested(const std::vector<std::string> &lines, const std::string &process = "app") {
    Suggestions suggestions(*wanted_process(process));
    for (const std::string &line : lines)
        suggestions.take(line);
    std::string text = suggestions.commands();
    for (const std::string &remark : suggestions.remarks())
        text += "! " + remark + "\n";
    return text;
}

TEST(Suggest, WhatWasDeniedOrAudited) {
    EXPECT_EQ(suggested({deny("app", "tcp", 443), deny("app", "udp", 53),
                         deny("app", "tcp", 80, R"(,"suppressed":41)"), deny("app", "tcp", 81),
                         deny("app", "mptcp", 82), deny("app", "udplite", 54),
                         deny("other", "tcp", 1), R"({"event_type":"icmp","comm":"app"})", ""}),
              "ebpf-ctl allow 80-82/tcp --connect app   # seen 44 times\n"
              "ebpf-ctl allow 443/tcp --connect app   # seen 1 time\n"
              "ebpf-ctl allow 53-54/udp --connect app   # seen 2 times\n");
}

TEST(Suggest, TheLeastRemoteEnds) {
    const auto to = [](int port, const char *address) {
        return deny("app", "tcp", port, R"(,"remote_ip":")" + std::string(address) + "\"");
    };
    EXPECT_EQ(suggested({to(80, "10.0.0.1"), to(80, "192.168.1.1"), to(81, "fe80::1"),
                         to(82, "10.0.0.1"), to(82, "8.8.8.8"), to(83, "127.0.0.1"),
                         to(84, "10.0.0.1"), to(84, "8.8.8.8"), to(84, "::1"), to(85, "10.0.0.1"),
                         deny("app", "tcp", 85), to(86, "::"), to(87, "no address")}),
              "ebpf-ctl allow 80-81/tcp --connect --to lan app   # seen 3 times\n"
              "ebpf-ctl allow 82/tcp --connect --to internet,lan app   # seen 2 times\n"
              "ebpf-ctl allow 83/tcp --connect --to loopback app   # seen 1 time\n"
              "ebpf-ctl allow 84-87/tcp --connect app   # seen 7 times\n");
}

TEST(Suggest, OfAUser) {
    Limits limits;
    limits.user = 4000000001; // who has no name
    Suggestions suggestions(*wanted_process("any", limits));
    suggestions.take(deny("app", "tcp", 80, R"(,"uid":3999999999)"));
    suggestions.take(deny("app", "tcp", 81, R"(,"uid":4000000000)"));
    suggestions.take(deny("app", "tcp", 82, R"(,"uid":0)"));
    suggestions.take(deny("app", "tcp", 443));
    EXPECT_EQ(suggestions.commands(),
              "ebpf-ctl allow 81/tcp --connect --user 4000000000 any   # seen 1 time\n");
}

TEST(Suggest, ConnectionsByTheirDirection) {
    EXPECT_EQ(suggested({conn("connect", "out", 40000, 443), conn("close", "out", 40000, 443),
                         conn("accept", "in", 8080, 50000), conn("accept", "in", 8080, 50001),
                         conn("close", "in", 22, 50002)}),
              "ebpf-ctl allow 22/tcp --serve app   # seen 1 time\n"
              "ebpf-ctl allow 443/tcp --connect app   # seen 1 time\n"
              "ebpf-ctl allow 8080/tcp --serve app   # seen 2 times\n");
}

// A connection counts once, by its beginning or, where only that was seen, by its end.
TEST(Suggest, EachConnectionOnce) {
    EXPECT_EQ(suggested({conn("close", "in", 22, 50001), conn("close", "in", 22, 50002),
                         conn("accept", "in", 8080, 50003), conn("close", "in", 8080, 50004),
                         conn("close", "in", 8080, 50003), conn("connect", "out", 40000, 443),
                         conn("close", "out", 40000, 443), conn("close", "out", 40000, 443)}),
              "ebpf-ctl allow 22/tcp --serve app   # seen 2 times\n"
              "ebpf-ctl allow 443/tcp --connect app   # seen 2 times\n"
              "ebpf-ctl allow 8080/tcp --serve app   # seen 2 times\n");
}

// The port is the judged one, whatever the direction.
TEST(Suggest, TheJudgedPortCounts) {
    EXPECT_EQ(
        suggested({R"({"event_type":"deny","proto":"udp","direction":"out","local_port":5353,)"
                   R"("remote_port":40000,"port":5353,"comm":"app"})",
                   R"({"event_type":"deny","proto":"tcp","direction":"in","local_port":80,)"
                   R"("remote_port":40000,"comm":"app"})"}),
        "ebpf-ctl allow 80/tcp --serve app   # seen 1 time\n"
        "ebpf-ctl allow 5353/udp --serve app   # seen 1 time\n");
}

// A port of both sides needs no word; so does one whose side is not known.
TEST(Suggest, TheNarrowestSide) {
    EXPECT_EQ(suggested({conn("connect", "out", 40000, 80), conn("accept", "in", 80, 40001),
                         conn("accept", "in", 81, 40001), conn("connect", "out", 82, 82)}),
              "ebpf-ctl allow 80/tcp app   # seen 2 times\n"
              "ebpf-ctl allow 81/tcp --serve app   # seen 1 time\n"
              "ebpf-ctl allow 82/tcp --connect app   # seen 1 time\n");
    EXPECT_EQ(suggested({R"({"event_type":"deny","proto":"tcp","port":80,"comm":"app"})"}),
              "ebpf-ctl allow 80/tcp app   # seen 1 time\n");
}

TEST(Suggest, Icmp) {
    EXPECT_EQ(suggested({deny("app", "icmp", 0), deny("app", "icmpv6", 0, R"(,"suppressed":2)"),
                         deny("app", "tcp", 80)}),
              "ebpf-ctl allow 80/tcp --connect app   # seen 1 time\n"
              "ebpf-ctl allow icmp app   # seen 4 times\n");
}

TEST(Suggest, NamesThatLookLikeSomethingElse) {
    EXPECT_EQ(suggested({deny("a/b", "tcp", 80), deny("any", "tcp", 81)}, "name:a/b"),
              "ebpf-ctl allow 80/tcp --connect name:a/b   # seen 1 time\n");
    EXPECT_EQ(suggested({deny("any", "tcp", 81)}, "name:any"),
              "ebpf-ctl allow 81/tcp --connect name:any   # seen 1 time\n");
    EXPECT_EQ(wanted_process("any").error().exit, Exit::usage) << "of which cgroup?";
}

// Events of a cgroup and of those below it, whoever caused them.
TEST(Suggest, AnyProcessOfACgroup) {
    const std::string top = cgroup_mount() + "/pinpipe-unit-" + std::to_string(getpid());
    if (cgroup_mount().empty() || mkdir(top.c_str(), 0755) != 0)
        GTEST_SKIP() << "no cgroup can be made";
    const auto in = [](const std::string &directory) {
        return R"(,"cgroup_id":")" + std::to_string(find_cgroup(directory)->id) + "\"";
    };
    mkdir((top + "/below").c_str(), 0755);
    const auto cgroup = find_cgroup(top);
    Suggestions any(*wanted_process("any", {*cgroup})), one(*wanted_process("b", {*cgroup}));
    for (const std::string &line :
         {deny("a", "tcp", 80, in(top)), deny("b", "tcp", 81, in(top + "/below")),
          deny("b", "tcp", 82, R"(,"cgroup_id":"1")"), deny("b", "tcp", 83)}) {
        any.take(line);
        one.take(line);
    }
    const std::string of_any = any.commands(), of_one = one.commands();
    rmdir((top + "/below").c_str());
    rmdir(top.c_str());
    EXPECT_EQ(of_any,
              "ebpf-ctl allow 80-81/tcp --connect --cgroup " + top + " any   # seen 2 times\n");
    EXPECT_EQ(of_one, "ebpf-ctl allow 81/tcp --connect --cgroup " + top + " b   # seen 1 time\n");
}

TEST(Suggest, WhatIsWrongIsCounted) {
    EXPECT_EQ(suggested({"x", "[]", "{", "{}", R"({"event_type":1})", "\xff",
                         std::string("{}\0", 3), R"({"event_type":"deny"})"}),
              "! 7 lines are no event: passed over\n"
              "! nothing of app in 1 event of deny and conn\n");
    EXPECT_EQ(suggested({deny("app", "icmp", 0), deny("app", "raw", 0, R"(,"suppressed":3)"),
                         deny("app", "tcp", 0), deny("app", "tcp", 65536)}),
              "ebpf-ctl allow icmp app   # seen 1 time\n"
              "! no rule can allow raw: seen 4 times\n"
              "! 2 events have no port: passed over\n");
    const std::string deep = std::string(1 << 20, '[');
    EXPECT_EQ(suggested({deep}).rfind("! 1 line is no event", 0), 0u);
}

TEST(Suggest, ByNumberAndByExecutable) {
    EXPECT_EQ(suggested({deny("a", "tcp", 80), deny("b", "tcp", 81)}, "pid:7"),
              "ebpf-ctl allow 80-81/tcp --connect pid:7   # seen 2 times\n");
    EXPECT_EQ(suggested({deny("a", "tcp", 80)}, "pid:8"),
              "! nothing of pid:8 in 1 event of deny and conn\n");
    const std::string own = R"({"event_type":"deny","proto":"tcp","port":80,"comm":"x","pid":)" +
                            std::to_string(getpid()) + "}";
    EXPECT_EQ(suggested({own, deny("a", "tcp", 81)}, "/proc/self/exe"),
              "ebpf-ctl allow 80/tcp /proc/self/exe   # seen 1 time\n");
}

// Events of the path's own rules count although the process has ended.
TEST(Suggest, ByTheRuleThatDenied) {
    EXPECT_EQ(suggested({deny("x", "tcp", 80, R"(,"rule":"/proc/self/exe")"),
                         deny("x", "tcp", 81, R"(,"rule":"/other")")},
                        "/proc/self/exe"),
              "ebpf-ctl allow 80/tcp --connect /proc/self/exe   # seen 1 time\n");
}

TEST(Suggest, NamesAreAsAShellTakesThem) {
    EXPECT_EQ(suggested({deny("my 'app'", "tcp", 80)}, "my 'app'"),
              "ebpf-ctl allow 80/tcp --connect $'my \\047app\\047'   # seen 1 time\n");
    EXPECT_EQ(suggested({deny("-x", "tcp", 80)}, "-x"),
              "ebpf-ctl allow 80/tcp --connect -- $'-x'   # seen 1 time\n");
}

// allow accepts the printed commands, which allow what was reported.
class SuggestCommand : public testing::Test {
protected:
    // With nothing loaded: any user may ask.
    static Finished ctl(const std::vector<std::string> &words, const std::string &input = "") {
        return run_ctl("/nonexistent", words, input);
    }
};

TEST_F(SuggestCommand, ReadsStandardInputAndFiles) {
    const std::string lines = deny("app", "tcp", 443) + "\n\n" + deny("app", "udp", 53) + "\nx\n" +
                              conn("accept", "in", 8080, 40000);
    const std::string told = "ebpf-ctl allow 443/tcp --connect app   # seen 1 time\n"
                             "ebpf-ctl allow 8080/tcp --serve app   # seen 1 time\n"
                             "ebpf-ctl allow 53/udp --connect app   # seen 1 time\n";
    const Finished piped = ctl({"suggest", "app"}, lines);
    EXPECT_EQ(piped.status, 0);
    EXPECT_EQ(piped.out, told);
    EXPECT_EQ(piped.err, "ebpf-ctl: 1 line is no event: passed over\n");
    const std::string path = "/tmp/pinpipe-unit-" + std::to_string(getpid());
    std::ofstream(path) << lines;
    EXPECT_EQ(ctl({"suggest", "app", "--from", path}).out, told);
    unlink(path.c_str());
    const Finished missing = ctl({"suggest", "app", "--from", path});
    EXPECT_EQ(missing.status, 1);
    EXPECT_EQ(missing.err, "ebpf-ctl: cannot open " + path + ": no such file or directory\n");
}

TEST_F(SuggestCommand, NeedsNothingLoaded) {
    EXPECT_EQ(ctl({"suggest", "app"}, deny("app", "tcp", 443)).status, 0);
}

} // namespace
} // namespace pinpipe::ctl
