// SPDX-License-Identifier: MIT
// Watched ports: which packets count, for every shape of packet, and what is counted apart. XDP and
// tc programs count the same for the same packet, received or sent.
#include "tests/unit/xdp/fixture.h"
#include "tests/unit/xdp/sent_object.h"

namespace pinpipe::xdp_test {
namespace {

constexpr uint16_t port = 0x1234;
constexpr uint32_t tcp = port, udp = uint32_t{RULE_UDP} << 16 | port;

// Source and destination port alike: it is the local port of sender and receiver.
Bytes transport(uint8_t protocol, uint16_t at = port, size_t size = 32) {
    Bytes bytes(size);
    put16(bytes, 0, at);
    put16(bytes, 2, at);
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
        sent_ = SentObject::loaded(object().shape());
        object().unwatch();
        watch(tcp, WATCH_ALWAYS);
        watch(udp, WATCH_ALWAYS);
    }
    void TearDown() override {
        if (loaded())
            unwatch();
    }

    void watch(uint32_t index, uint64_t word) {
        object().watch(index, word);
        sent_->watch(index, word);
    }
    void unwatch() {
        object().unwatch();
        sent_->unwatch();
    }

    // Runs each program that takes the frame; returns what that counted: "tcp 1 66", "udp 1 66",
    // "fragment", "malformed", or "".
    std::string seen(Frame frame) {
        std::string all;
        for (const Program program : programs(frame.size())) {
            const std::string one = received(program, frame);
            if (!all.empty() && all != one)
                return "the XDP programs differ: " + all + " and " + one;
            all = one;
        }
        // Packets that cannot be parsed are counted only on receipt.
        const bool parsed = all != "malformed" && all != "truncated";
        const auto sent = sent_by(frame);
        return !sent || *sent == (parsed ? all : "") ? all
                                                     : "received: " + all + ", sent: " + *sent;
    }

    std::string received(Program program, Frame frame) {
        const auto tcp_before = object().port_count(tcp), udp_before = object().port_count(udp);
        const hook_counters before = object().counters(37);
        const Ran ran = object().run(program, frame);
        EXPECT_EQ(ran.error, 0);
        EXPECT_EQ(ran.verdict, 2u) << "XDP_PASS";
        EXPECT_TRUE(ran.unchanged);
        const hook_counters after = object().counters(37);
        return difference("tcp", tcp_before, object().port_count(tcp)) +
               difference("udp", udp_before, object().port_count(udp)) +
               (after.port_fragments > before.port_fragments ? "fragment" : "") +
               (after.malformed > before.malformed ? "malformed" : "") +
               (after.truncated > before.truncated ? "truncated" : "");
    }

    // Returns nothing if the kernel runs no tc program on such a frame.
    std::optional<std::string> sent_by(Frame frame) {
        const auto tcp_before = sent_->port_count(tcp), udp_before = sent_->port_count(udp);
        const hook_counters before = sent_->counters();
        const auto verdict = sent_->run(frame);
        if (!verdict)
            return std::nullopt;
        EXPECT_EQ(*verdict, ~0u) << "TCX_NEXT";
        const hook_counters after = sent_->counters();
        return difference("tcp", tcp_before, sent_->port_count(tcp)) +
               difference("udp", udp_before, sent_->port_count(udp)) +
               (after.sent_fragments > before.sent_fragments ? "fragment" : "") +
               (after.malformed > before.malformed ? "malformed" : "") +
               (after.truncated > before.truncated ? "truncated" : "");
    }

private:
    static std::string difference(const char *proto, const count_record &before,
                                  const count_record &after) {
        if (after.packets == before.packets && after.bytes == before.bytes)
            return "";
        return std::string(proto) + " " + std::to_string(after.packets - before.packets) + " " +
               std::to_string(after.bytes - before.bytes);
    }

    SentObject *sent_ = nullptr;
};

TEST_F(XdpPorts, TheLocalPortIsTheDestinationOfWhatIsReceivedAndTheSourceOfWhatIsSent) {
    for (const size_t options : {0U, 3U}) {
        const auto frame = [&](uint16_t source, uint16_t destination) {
            Bytes bytes = transport(protocol_udp);
            put16(bytes, 0, source);
            put16(bytes, 2, destination);
            return ethernet(
                {}, ipv6({.chain = Extensions(options, {authentication, 4}), .last = protocol_udp},
                         bytes));
        };
        const std::string counted = "udp 1 " + std::to_string(86 + 24 * options);
        EXPECT_EQ(received(Program::packet, frame(port + 1, port)), counted);
        EXPECT_EQ(sent_by(frame(port + 1, port)), "");
        EXPECT_EQ(received(Program::packet, frame(port, port + 1)), "");
        EXPECT_EQ(sent_by(frame(port, port + 1)), counted);
    }
}

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

TEST_F(XdpPorts, AsManyExtensionsAsTheParserTakes) {
    for (const uint8_t kind : extension_kinds)
        for (const size_t count : {7U, 15U, 16U, 17U}) {
            const Bytes frame =
                ethernet({}, ipv6({.chain = Extensions(count, {kind, 1}), .last = protocol_udp},
                                  transport(protocol_udp)));
            EXPECT_EQ(seen(frame),
                      count > 16 ? "malformed" : "udp 1 " + std::to_string(frame.size()))
                << unsigned{kind} << " " << count;
        }
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
    watch(udp, WATCH_WAITS | ~(uint64_t{1} << 37));
    EXPECT_EQ(seen(frame), "");
    watch(udp, uint64_t{1} << 37);
    EXPECT_EQ(seen(frame), "udp 1 66");
    unwatch();
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
