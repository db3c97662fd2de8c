// SPDX-License-Identifier: MIT
#include "tools/reader/options.h"

#include "tests/unit/support/arguments.h"

#include <climits>
#include <gtest/gtest.h>
#include <ostream>

namespace pinpipe::reader {
namespace {

using Words = std::vector<std::string>;

Result<Request> request_of(const Words &words) {
    const auto parsed = parse_words(words, usage);
    return parsed ? read_request(*parsed) : fail(parsed.error());
}

class ReaderOptions : public testing::Test {
protected:
    static Request good(const Words &words) {
        const auto request = request_of(words);
        EXPECT_TRUE(request) << request.error().text;
        return request.value_or(Request{});
    }

private:
    Environment root_{"EBPF_PIN_ROOT", nullptr};
    Environment posix_{"POSIXLY_CORRECT", nullptr};
};

TEST_F(ReaderOptions, NothingButTheStream) {
    const Request request = good({"icmp"});
    EXPECT_EQ(request.pin_root, "/run/ebpf");
    EXPECT_EQ(request.streams, 1U << STREAM_ICMP);
    EXPECT_FALSE(request.host);
    EXPECT_EQ(request.versions, 1U << 4 | 1U << 6);
    EXPECT_TRUE(request.interfaces.empty());
    EXPECT_EQ(request.count, 0u);
    EXPECT_EQ(request.duration, 0);
    EXPECT_FALSE(request.host_name || request.community_id || request.verbose);
}

TEST_F(ReaderOptions, Streams) {
    constexpr uint32_t icmp = 1U << STREAM_ICMP, usage_bit = 1U << STREAM_USAGE;
    constexpr uint32_t messages = 1U << STREAM_TCP | 1U << STREAM_UDP;
    constexpr uint32_t rest = 1U << STREAM_CONN | 1U << STREAM_BIND | 1U << STREAM_DENY;
    constexpr uint32_t ports = 1U << STREAM_PORTS;
    for (const Words &words : {Words{"all"}, Words{"icmp", "all"}})
        EXPECT_EQ(good(words).streams, icmp | messages | rest | usage_bit | ports);
    EXPECT_EQ(good({"ports", "--port", "5050", "--if", "lo"}).streams, ports);
    EXPECT_EQ(good({"icmp", "usage"}).streams, icmp | usage_bit);
    EXPECT_EQ(good({"tcp", "udp"}).streams, messages);
    EXPECT_EQ(good({"bind", "conn", "deny"}).streams, rest);
    EXPECT_EQ(good({"icmp", "icmp"}).streams, icmp);
    EXPECT_EQ(good({"usage"}).streams, usage_bit);
    EXPECT_TRUE(good({"all"}).all);
    EXPECT_FALSE(good({"icmp", "usage"}).all);
}

TEST_F(ReaderOptions, Usage) {
    const Request request =
        good({"usage", "--pid", "1,22", "--comm=curl", "--port", "53,80-90", "--by", "port", "-i",
              "0.5", "--proto", "tcp,253", "--host", "::1"});
    EXPECT_EQ(request.pids, (std::vector<uint32_t>{1, 22}));
    EXPECT_EQ(request.comms, Words{"curl"});
    ASSERT_EQ(request.ports.size(), 2u);
    EXPECT_EQ(request.ports[0].first, 53);
    EXPECT_EQ(request.ports[0].last, 53);
    EXPECT_EQ(request.ports[1].first, 80);
    EXPECT_EQ(request.ports[1].last, 90);
    EXPECT_EQ(request.protos, (Words{"tcp", "253"}));
    EXPECT_TRUE(request.by_port);
    EXPECT_EQ(request.interval, 500'000'000);
    EXPECT_FALSE(request.since_load);
}

TEST_F(ReaderOptions, Intervals) {
    EXPECT_EQ(good({"usage"}).interval, 1'000'000'000);
    EXPECT_EQ(good({"usage", "--since-load"}).interval, 0);
    EXPECT_EQ(good({"usage", "--since-load", "-i", "2"}).interval, 2'000'000'000);
    EXPECT_TRUE(good({"usage", "--since-load"}).since_load);
}

TEST_F(ReaderOptions, Everything) {
    const Request request = good({"--pin-root=/x/", "-v", "--host", "10.0.0.0/8", "--proto=icmpv6",
                                  "--if", "eth0,wlan0", "--if=lo", "--direction", "in", "-n", "5",
                                  "icmp", "-t", "1.5", "--host-name", "--community-id"});
    EXPECT_EQ(request.pin_root, "/x");
    ASSERT_TRUE(request.host);
    EXPECT_EQ(address_text(request.host->host), "10.0.0.0");
    EXPECT_EQ(request.versions, 1U << 6);
    EXPECT_EQ(request.interfaces, (Words{"eth0", "wlan0", "lo"}));
    EXPECT_EQ(request.count, 5u);
    EXPECT_EQ(request.duration, 1'500'000'000);
    EXPECT_TRUE(request.host_name && request.community_id && request.verbose);
}

TEST_F(ReaderOptions, Protocols) {
    EXPECT_EQ(good({"icmp", "--proto", "icmp"}).versions, 1U << 4);
    EXPECT_EQ(good({"icmp", "--proto", "icmpv6,icmp"}).versions, 1U << 4 | 1U << 6);
    EXPECT_EQ(good({"icmp", "--proto", "icmp,icmp"}).versions, 1U << 4);
    for (const char *name : {"icmp", "icmpv6", "tcp", "udp", "udplite", "sctp", "dccp", "raw",
                             "packet", "mptcp", "0", "999"})
        EXPECT_EQ(good({"usage", "--proto", name}).protos, Words{name});
}

TEST_F(ReaderOptions, OfAllThoseThatHaveTheFilter) {
    constexpr uint32_t deny = 1U << STREAM_DENY;
    constexpr uint32_t sockets = 1U << STREAM_TCP | 1U << STREAM_UDP | 1U << STREAM_CONN | deny;
    constexpr uint32_t bound = 1U << STREAM_BIND, usage_bit = 1U << STREAM_USAGE;
    constexpr uint32_t ports = 1U << STREAM_PORTS;
    EXPECT_EQ(good({"all", "--pid", "1"}).streams, sockets | bound | usage_bit | ports);
    EXPECT_EQ(good({"all", "--direction", "out"}).streams, sockets);
    EXPECT_EQ(good({"all", "--proto", "mptcp"}).streams,
              1U << STREAM_TCP | bound | deny | usage_bit);
    EXPECT_EQ(good({"all", "--if", "lo"}).streams, 1U << STREAM_ICMP | ports);
}

TEST_F(ReaderOptions, Messages) {
    const Request request = good({"tcp", "udp", "--direction", "out", "--hex", "--include-self"});
    EXPECT_EQ(request.directions, 2u);
    EXPECT_TRUE(request.payload && request.hex && request.include_self);
    EXPECT_EQ(good({"conn"}).directions, 3u);
    EXPECT_FALSE(good({"tcp", "--no-payload"}).payload);
    EXPECT_FALSE(good({"all"}).payload);
}

TEST_F(ReaderOptions, Denials) {
    const Request request =
        good({"deny", "--pid", "1", "--comm", "curl", "--port", "80-90", "--host", "::1", "--proto",
              "mptcp,udplite", "--direction", "in", "--include-self", "--community-id"});
    EXPECT_EQ(request.streams, 1U << STREAM_DENY);
    EXPECT_EQ(request.directions, 1u);
    EXPECT_EQ(request.protos, (Words{"mptcp", "udplite"}));
    EXPECT_TRUE(request.include_self && request.community_id);
}

TEST_F(ReaderOptions, Extremes) {
    EXPECT_EQ(good({"icmp", "-n", "9223372036854775807"}).count, uint64_t{INT64_MAX});
    EXPECT_EQ(good({"icmp", "-t", "0.001"}).duration, 1'000'000);
    EXPECT_EQ(good({"icmp", "--if", "123456789012345"}).interfaces.at(0), "123456789012345");
}

struct Wrong {
    Words words;
    const char *text;
};

void PrintTo(const Wrong &wrong, std::ostream *out) {
    for (const std::string &word : wrong.words)
        *out << "'" << word << "' ";
}

class ReaderOptionsWrong : public ReaderOptions, public testing::WithParamInterface<Wrong> {};

TEST_P(ReaderOptionsWrong, IsAUsageError) {
    const auto request = request_of(GetParam().words);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().text, GetParam().text);
    EXPECT_EQ(request.error().exit, Exit::usage);
    EXPECT_EQ(request.error().hint, "ebpf-read --help");
}

constexpr const char *count_text = "-n takes a whole number from 1 to 9223372036854775807, not '";

INSTANTIATE_TEST_SUITE_P(
    Texts, ReaderOptionsWrong,
    testing::Values(
        Wrong{{}, "no stream given: icmp, tcp, udp, conn, bind, deny, usage, ports or all"},
        Wrong{{"-n", "5"},
              "no stream given: icmp, tcp, udp, conn, bind, deny, usage, ports or all"},
        Wrong{
            {"denied"},
            "no stream 'denied': there are icmp, tcp, udp, conn, bind, deny, usage, ports and all"},
        Wrong{{"icmp", "ICMP"},
              "no stream 'ICMP': there are icmp, tcp, udp, conn, bind, deny, usage, ports and all"},
        Wrong{{""},
              "no stream '': there are icmp, tcp, udp, conn, bind, deny, usage, ports and all"},
        Wrong{{"icmp", "--pid", "1"}, "icmp has no --pid"},
        Wrong{{"icmp", "usage", "--comm", "x"}, "icmp has no --comm"},
        Wrong{{"icmp", "tcp", "--port", "1"}, "icmp has no --port"},
        Wrong{{"tcp", "--if", "lo"}, "tcp has no --if"},
        Wrong{{"tcp", "--by", "port"}, "tcp has no --by"},
        Wrong{{"conn", "--hex"}, "conn has no --hex"},
        Wrong{{"bind", "--direction", "in"}, "bind has no --direction"},
        Wrong{{"deny", "--if", "lo"}, "deny has no --if"},
        Wrong{{"deny", "--hex"}, "deny has no --hex"},
        Wrong{{"deny", "--proto", "raw"}, "deny has no --proto raw"},
        Wrong{{"deny", "bind", "--direction", "out"}, "bind has no --direction"},
        Wrong{{"usage", "--no-payload"}, "usage has no --no-payload"},
        Wrong{{"icmp", "--include-self"}, "icmp has no --include-self"},
        Wrong{{"tcp", "--proto", "udp"}, "tcp has no --proto udp"},
        Wrong{{"conn", "--proto", "tcp,udp"}, "conn has no --proto udp"},
        Wrong{{"tcp", "udp", "--proto", "mptcp"}, "udp has none of these: --proto mptcp"},
        Wrong{{"tcp", "--pid", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"},
              "--pid takes at most 16 for streams of events: they are chosen in the kernel"},
        Wrong{{"tcp", "--comm", "a,b,c,d,e,f,g,h,i"},
              "--comm takes at most 8 for streams of events: they are chosen in the kernel"},
        Wrong{{"tcp", "--port", "1,2,3,4,5,6,7,8,9"},
              "--port takes at most 8 for streams of events: they are chosen in the kernel"},
        Wrong{{"icmp", "-i", "2"}, "icmp has no -i"},
        Wrong{{"icmp", "--since-load"}, "icmp has no --since-load"},
        Wrong{{"icmp", "--by", "port"}, "icmp has no --by"},
        Wrong{{"usage", "--if", "lo"}, "usage has no --if"},
        Wrong{{"usage", "icmp", "--if", "lo"}, "usage has no --if"},
        Wrong{{"usage", "--direction", "in"}, "usage has no --direction"},
        Wrong{{"usage", "--community-id"}, "usage has no --community-id"},
        Wrong{{"usage", "--pid", "0"}, "--pid takes a whole number from 1 to 2147483647, not '0'"},
        Wrong{{"usage", "--pid", "1,"}, "--pid takes a whole number from 1 to 2147483647, not ''"},
        Wrong{{"usage", "--comm", "1234567890123456"},
              "--comm '1234567890123456': the kernel keeps 1 to 15 bytes of a name"},
        Wrong{{"usage", "--port", "9-8"}, "--port 9-8: the range ends before it begins"},
        Wrong{{"usage", "--port", "65536"},
              "--port takes a whole number from 1 to 65535, not '65536'"},
        Wrong{{"usage", "--by", "pid"}, "--by takes port, not 'pid'"},
        Wrong{{"usage", "-i", "0"}, "-i takes seconds, from 0.001 to a year, not '0'"},
        Wrong{{"usage", "--proto", "1000"}, "--proto: no protocol '1000'"},
        Wrong{{"icmp", "--host", "example.org"},
              "'example.org' is no address or prefix: want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or "
              "2001:db8::/32"},
        Wrong{{"icmp", "--host", "10.0.0.1/8"},
              "'10.0.0.1/8' is no address or prefix: bits after the prefix length are not zero"},
        Wrong{{"icmp", "--host", "::1", "--host", "::1"}, "--host can be given once"},
        Wrong{{"icmp", "--proto", "tcp"}, "icmp has no --proto tcp"},
        Wrong{{"icmp", "--proto", ""}, "--proto: no protocol ''"},
        Wrong{{"icmp", "--proto", "icmp,"}, "--proto: no protocol ''"},
        Wrong{{"icmp", "--proto", ",icmp"}, "--proto: no protocol ''"},
        Wrong{{"icmp", "--proto", "icmp, icmpv6"}, "--proto: no protocol ' icmpv6'"},
        Wrong{{"icmp", "--if", ""}, "'' is no name of an interface"},
        Wrong{{"icmp", "--if", "eth0,,lo"}, "'' is no name of an interface"},
        Wrong{{"icmp", "--if", "eth0,"}, "'' is no name of an interface"},
        Wrong{{"icmp", "--if", "1234567890123456"},
              "'1234567890123456' is no name of an interface"},
        Wrong{{"icmp", "--direction", "out"},
              "icmp cannot show --direction out: XDP sees what is received"},
        Wrong{{"icmp", "--direction", "up"}, "--direction takes in or out, not 'up'"},
        Wrong{{"icmp", "--direction", ""}, "--direction takes in or out, not ''"},
        Wrong{{"icmp", "-n"}, "-n needs an argument"},
        Wrong{{"icmp", "-t", "0"}, "-t takes seconds, from 0.001 to a year, not '0'"},
        Wrong{{"icmp", "-t", "soon"}, "-t takes seconds, from 0.001 to a year, not 'soon'"},
        Wrong{{"icmp", "--host-name=x"}, "wrong option --host-name"},
        Wrong{{"icmp", "--pin-root", "x"}, "--pin-root needs an absolute path: x"}));

TEST_F(ReaderOptions, Counts) {
    for (const char *text : {"0", "-1", "", "1.5", "9223372036854775808"}) {
        const auto request = request_of({"icmp", "-n", text});
        ASSERT_FALSE(request) << text;
        EXPECT_EQ(request.error().text, std::string(count_text) + text + "'");
    }
}

TEST_F(ReaderOptions, HelpHasEveryOption) {
    const std::string text = help_text(usage);
    EXPECT_EQ(text.rfind("usage: ebpf-read ", 0), 0u);
    for (const Option &option : usage.options)
        EXPECT_NE(text.find(std::string("--") + option.name + (option.argument ? " " : "  ")),
                  text.npos)
            << option.name;
    for (const char *stream : {"icmp", "deny", "all"})
        EXPECT_NE(text.find(stream), text.npos);
}

} // namespace
} // namespace pinpipe::reader
