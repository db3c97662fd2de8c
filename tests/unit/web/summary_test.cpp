// SPDX-License-Identifier: MIT
#include "tools/web/model/summary.h"

#include "tests/unit/support/web.h"
#include "tools/web/api/api.h"

#include <map>

namespace pinpipe::web {
namespace {

const char *const denied =
    R"({"event_type":"deny","action":"deny","rule":"curl","reason":"connect","direction":"out",)"
    R"("proto":"tcp","remote_ip":"192.0.2.1","port":443,"pid":7,"comm":"curl","start_time":5})";

TEST(WebSummary, ProcessesAndRemotes) {
    Fed fed({usage_line(7, "curl", 100, 2000), usage_line(7, "curl", 50, 0),
             usage_line(8, "ssh", 1, 1), denied,
             R"({"event_type":"bind","pid":7,"comm":"curl","start_time":5,"proto":"udp",)"
             R"("local_port":53,"action":"bind"})",
             R"({"event_type":"conn","pid":7,"comm":"curl","start_time":5,"action":"connect"})"});
    const auto now = at_second(1);
    const auto list = parsed_answer(processes_json(fed.hub, false, 10, now));
    ASSERT_EQ(list["processes"].Size(), 2u);
    const auto &curl = list["processes"][0];
    EXPECT_EQ(curl["bytes_sent"].GetUint64(), 150u);
    EXPECT_EQ(curl["rate_received"].GetUint64(), 2000u);
    EXPECT_STREQ(curl["top_remote"].GetString(), "192.0.2.1");
    EXPECT_EQ(curl["denied"].GetUint64(), 1u);
    const auto one = parsed_answer(*process_json(fed.hub, {7, 5}, now));
    EXPECT_EQ(one["remote_list"].Size(), 1u);
    EXPECT_EQ(one["ports"][0]["local_port"].GetUint(), 53u);
    EXPECT_EQ(one["connections"].Size(), 1u);
    EXPECT_EQ(one["denials"].Size(), 1u);
    EXPECT_EQ(one["series"]["bytes_sent"].Size(), 300u);
    EXPECT_EQ(one["series"]["bytes_sent"][299].GetUint64(), 150u);
    EXPECT_FALSE(process_json(fed.hub, {7, 6}, now));
}

TEST(WebSummary, WhoWasJustHeardOfHasNotExited) {
    constexpr unsigned nobody = 5'000'000; // above what Linux gives out
    Fed fed({usage_line(nobody, "far", 1, 1)});
    for (const auto &[second, exited] : {std::pair(2, false), {10, true}}) {
        const auto one = parsed_answer(*process_json(fed.hub, {nobody, 5}, at_second(second)));
        EXPECT_EQ(one["exited"].GetBool(), exited) << second;
    }
}

TEST(WebSummary, TotalsSinceTheLoadAddUpToNothing) {
    Fed fed({usage_line(7, "curl", 100, 2000, ",\"total\":true")});
    EXPECT_EQ(fed.hub.summary.traffic().sent, 0u);
    EXPECT_EQ(fed.hub.summary.processes().all().size(), 1u);
}

TEST(WebSummary, MemoryOfProcessesIsBoundedAndCounted) {
    Fed fed;
    for (unsigned pid = 0; pid < Processes::most + 10; pid++)
        fed.feed(usage_line(pid, "x", 1, 1));
    EXPECT_EQ(fed.hub.summary.processes().all().size(), Processes::most);
    const auto list = parsed_answer(processes_json(fed.hub, true, 5, at_second(0)));
    EXPECT_EQ(list["forgotten"].GetUint(), 10u);
    EXPECT_EQ(list["processes"].Size(), 5u);
}

TEST(WebSummary, AnOverviewOfEverything) {
    Fed fed({usage_line(7, "curl", 100, 2000), denied,
             R"({"event_type":"lost","stream":"usage","count":3,"bytes_sent":5})"});
    const auto overview =
        parsed_answer(overview_json(fed.hub, {.since = 1, .history = true}, at_second(1)));
    EXPECT_EQ(overview["totals"]["lost"].GetUint(), 3u);
    EXPECT_EQ(overview["totals"]["denied"].GetUint(), 1u);
    EXPECT_EQ(overview["losses"][0]["bytes"].GetUint(), 5u);
    EXPECT_EQ(overview["processes"][0]["spark"].Size(), 60u);
    EXPECT_EQ(overview["remotes"][0]["bytes_sent"].GetUint(), 100u);
    EXPECT_EQ(overview["denials"].Size(), 1u);
    EXPECT_STREQ(overview["sources"][0]["state"].GetString(), "live");
    EXPECT_STREQ(overview["input"].GetString(), "live");
    fed.hub.rooms.end_input();
    const auto later = parsed_answer(overview_json(fed.hub, {}, at_second(60)));
    EXPECT_STREQ(later["sources"][0]["state"].GetString(), "ended");
}

TEST(WebSummary, PortsWithOwners) {
    Fed fed;
    for (int i = 0; i < 2; i++)
        fed.feed(R"({"event_type":"ports","timestamp_us":1,"local_port":80,"proto":"tcp",)"
                 R"("ifname":"lo","packets_received":2,"bytes_received":100,"interval_ms":1000,)"
                 R"("owners":[{"pid":9,"comm":"<b>\u0007","uid":0},{"comm":"none"},7]})");
    const auto ports = parsed_answer(ports_json(fed.hub, at_second(0)));
    ASSERT_EQ(ports["ports"].Size(), 1u);
    const auto &port = ports["ports"][0];
    EXPECT_EQ(port["packets_received"].GetUint(), 4u);
    EXPECT_FALSE(port.HasMember("bytes_sent"));
    ASSERT_EQ(port["owners"].Size(), 1u);
    EXPECT_STREQ(port["owners"][0]["comm"].GetString(), "<b>\a");
}

TEST(WebSummary, PolicyWithRulesOrWhyNot) {
    Fed fed({denied, denied});
    const auto with = parsed_answer(policy_json(fed.hub, "[{\"process\":\"curl\"}]", ""));
    EXPECT_TRUE(with["loaded"].GetBool());
    EXPECT_EQ(with["rules"].Size(), 1u);
    EXPECT_EQ(with["denials"][0]["count"].GetUint(), 2u);
    EXPECT_STREQ(with["denials"][0]["command"].GetString(),
                 "ebpf-ctl allow 443 --connect --to internet curl");
    EXPECT_STREQ(with["denials"][0]["remote_ip"].GetString(), "192.0.2.1");
    EXPECT_STREQ(with["denials"][0]["to"].GetString(), "internet");
    const auto without = parsed_answer(policy_json(fed.hub, "", "not loaded"));
    EXPECT_FALSE(without["loaded"].GetBool());
    EXPECT_STREQ(without["why"].GetString(), "not loaded");
    EXPECT_FALSE(without.HasMember("rules"));
}

TEST(WebDenials, CommandsAreQuotedOrLeftOut) {
    const auto command = [](const char *comm, const char *proto, uint16_t port,
                            const char *rule = "") {
        return allow_command(
            {.comm = comm, .proto = proto, .rule = rule, .remote = "", .port = port});
    };
    EXPECT_EQ(command("curl", "tcp", 443), "ebpf-ctl allow 443 curl");
    EXPECT_EQ(command("dig", "udp", 53), "ebpf-ctl allow 53/udp dig");
    EXPECT_EQ(command("x", "tcp", 1, "/usr/bin/x y"), "ebpf-ctl allow 1 '/usr/bin/x y'");
    EXPECT_EQ(command("x'; reboot", "tcp", 1), "ebpf-ctl allow 1 'x'\\''; reboot'");
    EXPECT_EQ(command("$(reboot)", "tcp", 1), "ebpf-ctl allow 1 '$(reboot)'");
    EXPECT_EQ(command("--all", "tcp", 1), "ebpf-ctl allow 1 -- --all");
    for (const char *comm : {"", "a\nb", "a\x1b",
                             "\xe2\x80\xae"
                             "a"})
        EXPECT_EQ(command(comm, "tcp", 1), "") << comm;
    EXPECT_EQ(command("curl", "sctp", 1), "");
    EXPECT_EQ(command("ping", "icmp", 0), "ebpf-ctl allow icmp ping");
    EXPECT_EQ(command("ping", "icmpv6", 0), "ebpf-ctl allow icmp ping");
    EXPECT_EQ(command("kworker/0", "tcp", 1), "ebpf-ctl allow 1 name:kworker/0");
    EXPECT_EQ(command("x", "tcp", 1, "name:a/b"), "ebpf-ctl allow 1 name:a/b");
    EXPECT_EQ(command("x", "tcp", 1, "any"), "ebpf-ctl allow 1 x");
    EXPECT_EQ(command("curl", "tcp", 0), "");
    const Denial served{.comm = "--all", .proto = "udp", .port = 1, .sides = 1U << SIDE_SERVE};
    EXPECT_EQ(allow_command(served), "ebpf-ctl allow 1/udp --serve -- --all");
    const Denial limited{.comm = "--all", .proto = "tcp", .port = 1, .to = "lan"};
    EXPECT_EQ(allow_command(limited), "ebpf-ctl allow 1 --to lan -- --all");
}

// Of each line the command, and whether the page says that the port was to be served.
std::vector<std::pair<std::string, bool>> allowed_by(std::initializer_list<const char *> fields) {
    std::vector<std::pair<std::string, bool>> all;
    for (const char *const some : fields) {
        Fed fed({std::string(R"({"event_type":"deny","action":"deny","pid":7,"comm":"app",)") +
                 R"("start_time":5,)" + some + "}"});
        const auto policy = parsed_answer(policy_json(fed.hub, "[]", ""));
        const auto &denial = policy["denials"][0];
        all.emplace_back(denial["command"].GetString(), denial["local"].GetBool());
    }
    return all;
}

// The port is the judged one, whatever the direction of the packet.
TEST(WebDenials, CommandsHaveTheSideThatWasJudged) {
    using Commands = std::vector<std::pair<std::string, bool>>;
    EXPECT_EQ(
        allowed_by({R"("direction":"out","proto":"tcp","remote_port":443,"port":443)",
                    R"("direction":"in","proto":"tcp","local_port":9000,"port":9000)",
                    R"("direction":"in","proto":"tcp","local_port":40000,"remote_port":443,)"
                    R"("port":443)",
                    R"("direction":"out","proto":"udp","local_port":5353,"remote_port":40000,)"
                    R"("port":5353)",
                    R"("direction":"out","proto":"tcp","local_port":82,"remote_port":82,"port":82)",
                    R"("direction":"in","proto":"tcp","port":83)", R"("proto":"tcp","port":84)",
                    R"("direction":"out","proto":"icmp")"}),
        (Commands{{"ebpf-ctl allow 443 --connect app", false},
                  {"ebpf-ctl allow 9000 --serve app", true},
                  {"ebpf-ctl allow 443 --connect app", false},
                  {"ebpf-ctl allow 5353/udp --serve app", true},
                  {"ebpf-ctl allow 82 --connect app", false},
                  {"ebpf-ctl allow 83 --serve app", true},
                  {"ebpf-ctl allow 84 app", false},
                  {"ebpf-ctl allow icmp app", false}}));
}

TEST(WebDenials, BothSidesOfAPortAreTwoGroups) {
    const std::string begin = R"({"event_type":"deny","proto":"udp","comm":"app","pid":7,)"
                              R"("start_time":5,"direction":"out","port":53,)";
    Fed fed({begin + R"("remote_port":53})", begin + R"("local_port":53,"remote_port":9})",
             begin + R"("remote_port":53})"});
    const auto policy = parsed_answer(policy_json(fed.hub, "[]", ""));
    EXPECT_EQ(policy["denials"].Size(), 2u);
}

// Each command allows its own group alone.
TEST(WebDenials, EachKindOfRemoteEndIsAGroup) {
    const auto to = [](const char *address) {
        return std::string(
                   R"({"event_type":"deny","proto":"tcp","comm":"app","pid":7,"port":53,)") +
               R"("start_time":5,"direction":"out","remote_port":53,"remote_ip":")" + address +
               "\"}";
    };
    Fed fed({to("10.0.0.1"), to("8.8.8.8"), to("fe80::1"), to("::1"), to("::")});
    const auto policy = parsed_answer(policy_json(fed.hub, "[]", ""));
    std::map<std::string, unsigned> counts;
    for (const auto &denial : policy["denials"].GetArray())
        counts[denial["command"].GetString()] = denial["count"].GetUint();
    EXPECT_EQ(counts,
              (std::map<std::string, unsigned>{{"ebpf-ctl allow 53 --connect --to lan app", 2},
                                               {"ebpf-ctl allow 53 --connect --to internet app", 1},
                                               {"ebpf-ctl allow 53 --connect --to loopback app", 1},
                                               {"ebpf-ctl allow 53 --connect app", 1}}));
}

TEST(WebDenials, IcmpAndOtherProtocolsAreOneGroupEach) {
    std::vector<std::string> lines;
    for (const char *proto : {"icmp", "sctp"})
        for (const char *address : {"10.0.0.1", "8.8.8.8"})
            lines.push_back(
                R"({"event_type":"deny","comm":"app","pid":7,"start_time":5,"proto":")" +
                std::string(proto) + R"(","remote_ip":")" + address + "\"}");
    Fed fed({lines[0], lines[1], lines[2], lines[3]});
    EXPECT_EQ(parsed_answer(policy_json(fed.hub, "[]", ""))["denials"].Size(), 2u);
}

TEST(WebProcesses, Keys) {
    ProcessKey key;
    EXPECT_TRUE(parse_key("7529-1795231767048", key));
    EXPECT_EQ(key, (ProcessKey{7529, 1795231767048}));
    for (const char *text :
         {"", "7529", "7529-", "-5", "a-5", "7-5x", "7 -5", "99999999999999999999-1"})
        EXPECT_FALSE(parse_key(text, key)) << text;
}

} // namespace
} // namespace pinpipe::web
