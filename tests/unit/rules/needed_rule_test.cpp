// SPDX-License-Identifier: MIT
#include "lib/rules/needed_rule.h"

#include "lib/event/event_fields.h"

#include <gtest/gtest.h>
#include <ostream>
#include <tuple>

namespace pinpipe {
namespace {

constexpr unsigned serve = 1U << SIDE_SERVE, connect = 1U << SIDE_CONNECT;

TEST(NeededRule, ProtocolsFallUnderThoseOfRules) {
    const std::pair<const char *, std::optional<rule_proto>> known[] = {
        {"tcp", RULE_TCP},   {"mptcp", RULE_TCP},
        {"udp", RULE_UDP},   {"udplite", RULE_UDP},
        {"icmp", RULE_ICMP}, {"icmpv6", RULE_ICMP},
        {"sctp", {}},        {"raw", {}},
        {"TCP", {}},         {"", {}},
    };
    for (const auto &[name, proto] : known)
        EXPECT_EQ(rule_proto_of(name), proto) << name;
}

// The judged port has its side by the end that has it, whichever way the packet went.
TEST(NeededRule, PortsAndSides) {
    struct Case {
        EventEnds ends;
        uint16_t port;
        unsigned sides;
    };
    const Case cases[] = {
        {{.port = 443, .remote_port = 443, .direction = "out"}, 443, connect},
        {{.port = 443, .local_port = 40000, .remote_port = 443, .direction = "in"}, 443, connect},
        {{.port = 9000, .local_port = 9000, .direction = "in"}, 9000, serve},
        {{.port = 53, .local_port = 53, .remote_port = 40000, .direction = "out"}, 53, serve},
        {{.port = 82, .local_port = 82, .remote_port = 82, .direction = "out"}, 82, connect},
        {{.port = 82, .local_port = 82, .remote_port = 82, .direction = "in"}, 82, serve},
        {{.port = 82, .local_port = 82, .remote_port = 82}, 82, both_sides},
        {{.port = 83, .direction = "in"}, 83, serve},
        {{.port = 83, .direction = "out"}, 83, connect},
        {{.port = 84}, 84, both_sides},
        // conn: no judged port
        {{.local_port = 40000, .remote_port = 443, .direction = "out"}, 443, connect},
        {{.local_port = 8080, .remote_port = 50000, .direction = "in"}, 8080, serve},
        {{.port = 65535}, 65535, both_sides},
        {{.port = 65536, .direction = "in"}, 0, both_sides},
        {{.direction = "in"}, 0, both_sides},
        {{}, 0, both_sides},
    };
    for (const Case &one : cases) {
        EventEnds ends = one.ends;
        ends.proto = "tcp";
        const NeededRule rule = needed_rule(ends);
        EXPECT_EQ(std::tuple(rule.port, rule.sides), std::tuple(one.port, one.sides))
            << "case " << &one - cases;
    }
}

TEST(NeededRule, RemoteEnds) {
    const std::pair<const char *, const char *> known[] = {
        {"127.0.0.1", "loopback"},
        {"::1", "loopback"},
        {"10.0.0.1", "lan"},
        {"fe80::1", "lan"},
        {"192.0.2.1", "internet"},
        {"2001:db8::1", "internet"},
        {"0.0.0.0", ""},
        {"::", ""},
        {"", ""},
        {"no address", ""},
    };
    for (const auto &[address, word] : known)
        EXPECT_EQ(needed_rule({.port = 1, .proto = "udp", .remote_ip = address}).to, word)
            << address;
}

TEST(NeededRule, WithoutAPortThereAreNoRemoteEnds) {
    for (const char *proto : {"icmp", "icmpv6", "sctp", "tcp"}) {
        const NeededRule rule =
            needed_rule({.direction = "out", .proto = proto, .remote_ip = "10.0.0.1"});
        EXPECT_EQ(std::tuple(rule.port, rule.sides, rule.to), std::tuple(0, both_sides, ""))
            << proto;
    }
    const NeededRule other =
        needed_rule({.port = 443, .direction = "out", .proto = "sctp", .remote_ip = "10.0.0.1"});
    EXPECT_EQ(std::tuple(other.port, other.to), std::tuple(443, "")) << "no rule can allow it";
}

TEST(NeededRule, OfAnEvent) {
    using Fields =
        EventFields<"direction", "proto", "local_port", "remote_ip", "remote_port", "port">;
    EventParser<Fields> parser;
    const Fields *const event = parser.parse(
        R"({"direction":"in","proto":"udp","local_port":5353,"remote_ip":"192.168.1.7",)"
        R"("remote_port":40000,"port":5353})");
    ASSERT_NE(event, nullptr);
    const NeededRule rule = needed_rule_of(*event);
    EXPECT_EQ(std::tuple(rule.proto, rule.port, rule.sides, rule.to),
              std::tuple(std::optional(RULE_UDP), 5353, serve, "lan"));
}

} // namespace
} // namespace pinpipe
