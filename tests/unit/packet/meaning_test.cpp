// SPDX-License-Identifier: MIT
// The same packet means the same to every kind of program: XDP, tc, and cgroup programs for both
// directions. A table of packets with their meaning, then random packets compared with the oracle.
#include "tests/unit/packet/programs.h"
#include "tests/unit/xdp/object.h"
#include "tests/unit/xdp/random_frames.h"

#include <cstring>
#include <gtest/gtest.h>
#include <iostream>

namespace pinpipe::packet_test {
namespace {

using namespace xdp_test;

// The longest frame of which the kernel makes an skb.
constexpr size_t longest_frame = 3000;
// For a shorter frame the kernel may report that no IP header follows the Ethernet header.
constexpr size_t surely_run = 14 + 40;

class PacketMeaning : public testing::Test {
protected:
    void SetUp() override {
        if (const int error = XdpObject::refused(); error == EPERM)
            GTEST_SKIP() << "loading programs needs root: " << std::strerror(error);
    }

    static Programs &programs(Link link) {
        static Programs ethernet(Link::ethernet), raw(Link::raw_ip);
        return link == Link::raw_ip ? raw : ethernet;
    }

    // Expects each program to agree with the oracle about the frame.
    static testing::AssertionResult agrees(Frame frame, Link link) {
        const std::string wanted = text(expected(frame, link));
        for (const View view : views) {
            if (!programs(link).has(view))
                continue;
            const auto told = programs(link).run(view, frame);
            if (told)
                ran_[static_cast<size_t>(view)]++;
            else if (frame.size() >= surely_run)
                return testing::AssertionFailure() << name(view) << " does not run on it";
            if (told && text(*told) != wanted)
                return testing::AssertionFailure()
                       << name(view) << ": " << text(*told) << "\n  oracle: " << wanted;
        }
        return testing::AssertionSuccess();
    }

    void random_frames(uint64_t frames, Link link, Bytes (RandomFrames::*make)()) {
        const uint64_t seed = from_environment("XDP_TEST_SEED", 20240229);
        frames = from_environment("XDP_TEST_FRAMES", frames);
        std::cout << "XDP_TEST_SEED=" << seed << " XDP_TEST_FRAMES=" << frames << '\n';
        RandomFrames random(seed);
        ran_ = {};
        for (uint64_t i = 0; i < frames; i++) {
            const Bytes frame = (random.*make)();
            if (frame.size() <= longest_frame) {
                ASSERT_TRUE(agrees(frame, link)) << "frame " << i;
            }
        }
        for (const View view : views) {
            if (programs(link).has(view)) {
                EXPECT_GT(ran_[static_cast<size_t>(view)], frames / 2) << name(view);
            }
        }
    }

    static inline std::array<uint64_t, views.size()> ran_;
};

Bytes ports(uint8_t protocol, size_t size = 24) {
    Bytes bytes(size);
    put16(bytes, 0, 4660);
    put16(bytes, 2, 443);
    bytes[protocol == protocol_tcp ? 12 : 4] = 0x50;
    return bytes;
}

struct Row {
    const char *what;
    Bytes packet; // from its IP header on
    const char *meaning;
};

constexpr uint8_t udplite = 136, sctp = 132;

const Row rows[] = {
    {"TCP", ipv4({.protocol = protocol_tcp}, ports(protocol_tcp)),
     "whole 6 192.0.2.1:4660 > 198.51.100.7:443 44 bytes ttl 61"},
    {"UDP with IPv4 options", ipv4({.option_words = 3, .protocol = protocol_udp}, ports(17)),
     "whole 17 192.0.2.1:4660 > 198.51.100.7:443 56 bytes ttl 61"},
    {"no ports", ipv4({.protocol = protocol_icmp}),
     "whole 1 192.0.2.1 > 198.51.100.7 ports other 32 bytes ttl 61"},
    {"a first fragment", ipv4({.protocol = protocol_udp, .fragment = more_fragments}, ports(17)),
     "whole 17 192.0.2.1:4660 > 198.51.100.7:443 44 bytes ttl 61 first"},
    {"a later fragment", ipv4({.protocol = protocol_udp, .fragment = 3}, ports(17)),
     "later 17 192.0.2.1 > 198.51.100.7 44 bytes ttl 61"},
    {"less than a TCP header", ipv4({.protocol = protocol_tcp}, ports(protocol_tcp, 19)),
     "whole 6 192.0.2.1 > 198.51.100.7 ports malformed 39 bytes ttl 61"},
    {"a length below the header's", ipv4({.protocol = protocol_udp, .total = 19}, ports(17)),
     "malformed"},
    {"a length beyond the packet", ipv4({.protocol = protocol_udp, .total = 45}, ports(17)),
     "truncated"},
    {"IPv6", ipv6({.last = protocol_udp}, ports(17)),
     "whole 17 2001:db8:102:304:506:708:90a:b0c:4660 > fe80::d1d2:d3d4:d0e:f10:443 64 bytes ttl 62 "
     "v6"},
    {"UDP-Lite behind AH", ipv6({.chain = {{authentication, 4}}, .last = udplite}, ports(udplite)),
     "whole 136 2001:db8:102:304:506:708:90a:b0c:4660 > fe80::d1d2:d3d4:d0e:f10:443 88 bytes ttl "
     "62 v6"},
    {"SCTP behind HIP and SHIM6",
     ipv6({.chain = {{host_identity, 1}, {shim6}}, .last = sctp}, ports(sctp)),
     "whole 132 2001:db8:102:304:506:708:90a:b0c:4660 > fe80::d1d2:d3d4:d0e:f10:443 88 bytes ttl "
     "62 v6"},
    {"seven options",
     ipv6({.chain = Extensions(7, {destination}), .last = protocol_udp}, ports(17)),
     "whole 17 2001:db8:102:304:506:708:90a:b0c:4660 > fe80::d1d2:d3d4:d0e:f10:443 120 bytes ttl "
     "62 v6"},
    {"sixteen options",
     ipv6({.chain = Extensions(16, {destination}), .last = protocol_udp}, ports(17)),
     "whole 17 2001:db8:102:304:506:708:90a:b0c:4660 > fe80::d1d2:d3d4:d0e:f10:443 192 bytes ttl "
     "62 v6"},
    {"seventeen options",
     ipv6({.chain = Extensions(17, {destination}), .last = protocol_udp}, ports(17)), "malformed"},
    {"a first fragment of IPv6",
     ipv6({.chain = {{hop_by_hop}, {fragment_header, 0, 1}}, .last = protocol_tcp}, ports(6)),
     "whole 6 2001:db8:102:304:506:708:90a:b0c:4660 > fe80::d1d2:d3d4:d0e:f10:443 80 bytes ttl 62 "
     "v6 first"},
    {"a later fragment of IPv6",
     ipv6({.chain = {{fragment_header, 0, 8}, {destination}}, .last = protocol_tcp}, ports(6)),
     "later 60 2001:db8:102:304:506:708:90a:b0c > fe80::d1d2:d3d4:d0e:f10 80 bytes ttl 62 v6"},
    {"an option beyond the packet",
     ipv6({.chain = {{destination, 0}}, .last = protocol_udp, .payload_length = 7}, ports(17)),
     "malformed"},
};

// Formats a meaning as in the table: without tags, flags by name.
std::string row_text(const meaning &m) {
    std::string line = text(m);
    if (m.kind > 1)
        return line;
    line.resize(line.find(" tags "));
    line += m.flags & PACKET_IPV6 ? " v6" : "";
    return line + (m.flags & PACKET_FIRST_FRAGMENT ? " first" : "");
}

TEST_F(PacketMeaning, TheTableByEveryProgramAndLink) {
    for (const Row &row : rows)
        for (const Tags &tags : tag_sets()) {
            SCOPED_TRACE(row.what);
            const bool plain = tags.size() <= 2;
            for (const View view : views) {
                const bool raw = view == View::cgroup_out || view == View::cgroup_in;
                const Link link = raw ? Link::raw_ip : Link::ethernet;
                const auto told =
                    programs(link).run(view, raw ? row.packet : ethernet(tags, row.packet));
                ASSERT_TRUE(told) << name(view);
                ASSERT_EQ(row_text(*told), raw || plain ? row.meaning : "other") << name(view);
                if (!raw && plain && told->kind < 2) {
                    ASSERT_EQ(told->tags,
                              (tags.empty() ? 0u : tags[0].control) |
                                  (tags.size() < 2 ? 0u : unsigned{tags[1].control} << 16));
                    ASSERT_EQ(told->flags & PACKET_VLANS, tags.size());
                }
            }
            ASSERT_TRUE(agrees(ethernet(tags, row.packet), Link::ethernet));
            ASSERT_TRUE(agrees(row.packet, Link::raw_ip));
        }
}

TEST_F(PacketMeaning, TheCatalogueCutAnywhere) {
    for (const Bytes &packet : catalogue()) {
        const Bytes frame = ethernet({{type_vlan, 5}}, packet);
        for (size_t size = shortest_frame; size <= frame.size(); size++)
            ASSERT_TRUE(agrees(Frame(frame).first(size), Link::ethernet)) << size;
        for (size_t size = shortest_frame; size <= packet.size(); size++)
            ASSERT_TRUE(agrees(Frame(packet).first(size), Link::raw_ip)) << size;
    }
}

TEST_F(PacketMeaning, EveryProtocolBehindEachHeader) {
    for (const uint8_t kind : extension_kinds)
        for (unsigned next = 0; next <= 0xff; next++) {
            const Ipv6 fields = {.chain = {{kind, 1}}, .last = static_cast<uint8_t>(next)};
            ASSERT_TRUE(agrees(ethernet({}, ipv6(fields, ports(17))), Link::ethernet));
            ASSERT_TRUE(agrees(ipv6(fields, ports(17)), Link::raw_ip));
        }
    for (unsigned next = 0; next <= 0xff; next++)
        ASSERT_TRUE(
            agrees(ipv4({.protocol = static_cast<uint8_t>(next)}, ports(17, 19)), Link::raw_ip));
}

TEST_F(PacketMeaning, RandomFrames) {
    random_frames(20000, Link::ethernet, &RandomFrames::mutated_frame);
}

TEST_F(PacketMeaning, RandomNoiseInIp) {
    random_frames(5000, Link::ethernet, &RandomFrames::noise_in_ip);
}

TEST_F(PacketMeaning, RandomPacketsWithoutALinkHeader) {
    random_frames(20000, Link::raw_ip, &RandomFrames::mutated_packet);
}

} // namespace
} // namespace pinpipe::packet_test
