// Watched ports: which packets count, by every shape of packet, and what is counted apart.
#include "tests/unit/xdp/fixture.h"

namespace pinpipe::xdp_test {
namespace {

constexpr uint16_t port = 0x1234;
constexpr uint32_t tcp = port, udp = uint32_t{RULE_UDP} << 16 | port;

Bytes transport(uint8_t protocol, uint16_t to = port, size_t size = 32) {
    Bytes bytes(size);
    put16(bytes, 0, 0x4321);
    put16(bytes, 2, to);
    bytes[12] = protocol == protocol_tcp ? 0x50 : 0;
    return bytes;
}

class XdpPorts : public XdpTest {
protected:
    explicit XdpPorts(Link link = Link::ethernet) : XdpTest({.hook = 37, .link = link}) {}

    void SetUp() override {
        XdpTest::SetUp();
        if (!loaded())
            return;
        object().unwatch();
        object().watch(tcp, WATCH_ALWAYS);
        object().watch(udp, WATCH_ALWAYS);
    }
    void TearDown() override {
        if (loaded())
            object().unwatch();
    }

    // What a frame adds, run by each program that takes it: "tcp 1 66", "udp 1 66", "fragment",
    // "malformed", or "".
    std::string seen(Frame frame) {
        std::string all;
        for (const Program program : programs(frame.size())) {
            const auto tcp_before = object().port_count(tcp), udp_before = object().port_count(udp);
            const hook_counters before = object().counters(37);
            const Ran ran = object().run(program, frame);
            EXPECT_EQ(ran.error, 0);
            EXPECT_EQ(ran.verdict, 2u) << "XDP_PASS";
            EXPECT_TRUE(ran.unchanged);
            std::string one = difference("tcp", tcp_before, object().port_count(tcp)) +
                              difference("udp", udp_before, object().port_count(udp));
            const hook_counters after = object().counters(37);
            one += after.port_fragments > before.port_fragments ? "fragment" : "";
            one += after.malformed > before.malformed ? "malformed" : "";
            one += after.truncated > before.truncated ? "truncated" : "";
            if (!all.empty() && all != one)
                return "the programs differ: " + all + " and " + one;
            all = one;
        }
        return all;
    }

private:
    static std::string difference(const char *proto, const count_record &before,
                                  const count_record &after) {
        if (after.packets == before.packets && after.bytes == before.bytes)
            return "";
        return std::string(proto) + " " + std::to_string(after.packets - before.packets) + " " +
               std::to_string(after.bytes - before.bytes);
    }
};

TEST_F(XdpPorts, PlainPackets) {
    for (const auto &[protocol, name] :
         {std::pair{protocol_tcp, "tcp"}, std::pair{protocol_udp, "udp"}}) {
        const Bytes four = ethernet({}, ipv4({.protocol = protocol}, transport(protocol)));
        const Bytes six = ethernet({}, ipv6({.last = protocol}, transport(protocol)));
        EXPECT_EQ(seen(four), std::string(name) + " 1 66");
        EXPECT_EQ(seen(six), std::string(name) + " 1 86");
        EXPECT_EQ(seen(ethernet({}, ipv4({.protocol = protocol}, transport(protocol, port + 1)))),
                  "");
    }
    for (const uint8_t protocol : {protocol_icmp, protocol_esp, protocol_none})
        EXPECT_EQ(seen(ethernet({}, ipv4({.protocol = protocol}, transport(protocol)))), "");
    EXPECT_EQ(seen(ethernet({}, 0x0806, Bytes(46))), "") << "ARP";
}

TEST_F(XdpPorts, PaddingCountsAsTheInterfaceSeesIt) {
    EXPECT_EQ(
        seen(ethernet({}, ipv4({.protocol = protocol_udp}, transport(protocol_udp, port, 8))) +
             Bytes(18)),
        "udp 1 60");
}

TEST_F(XdpPorts, TagsOptionsAndExtensions) {
    for (const Tags &tags : tag_sets()) {
        const std::string bytes = std::to_string(66 + 4 * tags.size());
        const std::string expected = tags.size() > 2 ? "" : "udp 1 " + bytes;
        EXPECT_EQ(seen(ethernet(tags, ipv4({.protocol = protocol_udp}, transport(protocol_udp)))),
                  expected);
    }
    for (unsigned words = 0; words <= 10; words++)
        EXPECT_EQ(seen(ethernet({}, ipv4({.option_words = words, .protocol = protocol_tcp},
                                         transport(protocol_tcp)))),
                  "tcp 1 " + std::to_string(66 + 4 * words));
    for (const uint8_t kind : extension_kinds)
        EXPECT_EQ(seen(ethernet({}, ipv6({.chain = {{kind}}, .last = protocol_udp},
                                         transport(protocol_udp)))),
                  "udp 1 " + std::to_string(86 + extension_size({kind})))
            << unsigned{kind};
}

TEST_F(XdpPorts, Fragments) {
    for (const uint8_t protocol : {protocol_tcp, protocol_udp}) {
        const std::string name = protocol == protocol_tcp ? "tcp" : "udp";
        const auto four = [&](uint16_t fragment) {
            return seen(ethernet(
                {}, ipv4({.protocol = protocol, .fragment = fragment}, transport(protocol))));
        };
        const auto six = [&](uint16_t fragment) {
            return seen(
                ethernet({}, ipv6({.chain = {{fragment_header, 0, fragment}}, .last = protocol},
                                  transport(protocol))));
        };
        EXPECT_EQ(four(more_fragments), name + " 1 66");
        EXPECT_EQ(four(more_fragments | 185), "fragment");
        EXPECT_EQ(four(185), "fragment");
        EXPECT_EQ(four(dont_fragment), name + " 1 66");
        EXPECT_EQ(six(1), name + " 1 94");
        EXPECT_EQ(six(8), "fragment");
    }
    EXPECT_EQ(seen(ethernet({}, ipv4({.protocol = protocol_icmp, .fragment = 185}))), "")
        << "told by the stream icmp";
}

TEST_F(XdpPorts, HeadersThatLie) {
    const Bytes whole = ethernet({}, ipv4({.protocol = protocol_udp}, transport(protocol_udp)));
    const auto with_total = [&](uint16_t total) {
        Bytes frame = whole;
        put16(frame, 16, total);
        return seen(frame);
    };
    EXPECT_EQ(with_total(20 + 8), "udp 1 66");
    EXPECT_EQ(with_total(20 + 7), "malformed") << "less than a UDP header";
    EXPECT_EQ(with_total(19), "malformed");
    EXPECT_EQ(with_total(53), "truncated");
    EXPECT_EQ(
        seen(ethernet({}, ipv4({.protocol = protocol_tcp}, transport(protocol_tcp, port, 19)))),
        "malformed");
    EXPECT_EQ(
        seen(ethernet({}, ipv4({.protocol = protocol_tcp}, transport(protocol_tcp, port, 20)))),
        "tcp 1 54");
}

TEST_F(XdpPorts, CutAnywhere) {
    const Bytes frames[] = {ethernet({}, ipv4({.protocol = protocol_tcp}, transport(protocol_tcp))),
                            ethernet({}, ipv6({.last = protocol_udp}, transport(protocol_udp)))};
    for (const Bytes &frame : frames)
        for (size_t size = shortest_frame; size < frame.size(); size++)
            EXPECT_EQ(seen(Frame(frame).first(size)), "truncated") << size;
}

TEST_F(XdpPorts, OnlyHooksWhoseBitIsSet) {
    const Bytes frame = ethernet({}, ipv4({.protocol = protocol_udp}, transport(protocol_udp)));
    object().watch(udp, WATCH_WAITS | ~(uint64_t{1} << 37));
    EXPECT_EQ(seen(frame), "");
    object().watch(udp, uint64_t{1} << 37);
    EXPECT_EQ(seen(frame), "udp 1 66");
    object().unwatch();
    EXPECT_EQ(seen(frame), "");
}

TEST_F(XdpPorts, IcmpIsToldAndPortsAreCountedAtOnce) {
    ask(0);
    EXPECT_EQ(seen(ethernet({}, ipv4({.protocol = protocol_udp}, transport(protocol_udp)))),
              "udp 1 66");
    Bytes lies = ethernet({}, ipv4({.protocol = protocol_udp}, transport(protocol_udp)));
    put16(lies, 16, 19);
    const hook_counters before = object().counters(37);
    object().run(Program::packet, lies);
    EXPECT_EQ(object().counters(37).malformed, before.malformed + 1) << "once, not twice";
    object().reset();
}

class XdpRawPorts : public XdpPorts {
protected:
    XdpRawPorts() : XdpPorts(Link::raw_ip) {}
};

TEST_F(XdpRawPorts, FramesThatBeginWithTheIpHeader) {
    EXPECT_EQ(seen(ipv4({.protocol = protocol_udp}, transport(protocol_udp))), "udp 1 52");
    EXPECT_EQ(seen(ipv6({.last = protocol_tcp}, transport(protocol_tcp))), "tcp 1 72");
}

} // namespace
} // namespace pinpipe::xdp_test
