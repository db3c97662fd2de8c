// SPDX-License-Identifier: MIT
// IPv6: extension headers in every order and number, and false values of each field.
#include "tests/unit/xdp/fixture.h"

namespace pinpipe::xdp_test {
namespace {

class XdpIpv6 : public XdpOracleTest {
protected:
    // Runs each sequence of up to so many extension headers, behind the given ones.
    void every_chain(Extensions chain, size_t most, uint8_t last) {
        ASSERT_TRUE(agrees(ethernet({}, ipv6({.chain = chain, .last = last}))));
        if (chain.size() == most)
            return;
        for (uint8_t kind : extension_kinds) {
            chain.push_back({.kind = kind, .length = static_cast<uint8_t>(chain.size() % 3)});
            every_chain(chain, most, last);
            chain.pop_back();
            if (HasFatalFailure())
                return;
        }
    }
};

const uint16_t fragment_fields[] = {0x0000, 0x0001, 0x0006, 0x0008, 0x0009, 0xfff8, 0xffff};

TEST_F(XdpIpv6, EveryTypeBehindEachHeader) {
    std::vector<Extensions> chains{{}};
    for (uint8_t kind : extension_kinds)
        chains.push_back({{kind}});
    for (uint16_t field : fragment_fields)
        chains.push_back({{fragment_header, 0, field}});
    for (const Tags &tags : tag_sets())
        for (const Extensions &chain : chains) {
            Bytes frame = ethernet(tags, ipv6({.chain = chain}));
            uint8_t *const type = &frame[frame.size() - icmp().size()];
            for (unsigned value = 0; value <= 0xff; value++) {
                type[0] = static_cast<uint8_t>(value);
                type[1] = static_cast<uint8_t>(value * 3 + 1);
                ASSERT_TRUE(agrees(frame));
            }
        }
    EXPECT_GT(seen(Outcome::message), 0u);
    EXPECT_GT(seen(Outcome::later_fragment), 0u);
}

TEST_F(XdpIpv6, EveryOrderOfFiveHeaders) {
    every_chain({}, 5, protocol_icmpv6);
}

TEST_F(XdpIpv6, EveryOrderOfThreeHeadersBeforeOthers) {
    for (uint8_t last : {protocol_icmp, protocol_tcp, protocol_esp, protocol_none})
        every_chain({}, 3, last);
    EXPECT_EQ(seen(Outcome::message), 0u);
}

// The bytes behind each next header would also parse as an extension header before a message.
TEST_F(XdpIpv6, EveryNextHeader) {
    std::vector<Extensions> chains{{}};
    for (uint8_t kind : extension_kinds) {
        chains.push_back({{kind, 1}});
        chains.push_back({{destination}, {kind, 1}});
    }
    chains.push_back({{fragment_header, 0, 8}});
    const Bytes extension = {protocol_icmpv6, 0, 0, 0, 0, 0, 0, 0};
    for (const Extensions &chain : chains)
        for (const Bytes &payload : {icmp(128), extension + icmp(128)})
            for (unsigned next = 0; next <= 0xff; next++) {
                const Ipv6 fields = {.chain = chain, .last = static_cast<uint8_t>(next)};
                ASSERT_TRUE(agrees(ethernet({}, ipv6(fields, payload))));
            }
}

TEST_F(XdpIpv6, SixteenHeadersAndNoMore) {
    for (uint8_t kind : extension_kinds)
        for (uint8_t last : {protocol_icmpv6, protocol_tcp, protocol_none})
            for (size_t count = 0; count <= 20; count++) {
                const uint64_t malformed = seen(Outcome::malformed);
                ASSERT_TRUE(
                    agrees(ethernet({}, ipv6({.chain = Extensions(count, {kind}), .last = last}))));
                EXPECT_EQ(seen(Outcome::malformed) > malformed, count > 16);
            }
}

// A header too many is malformed, whatever it holds: a later fragment, or a length beyond the end.
TEST_F(XdpIpv6, TheSeventeenthHeaderIsNotLookedAt) {
    for (uint8_t kind : extension_kinds)
        for (uint8_t length : std::to_array<uint8_t>({0, 255}))
            for (uint16_t fragment : fragment_fields) {
                Extensions chain(16, {shim6});
                chain.push_back({kind, 0, fragment});
                Bytes packet = ipv6({.chain = chain});
                packet[40 + 16 * 8 + 1] = length;
                ASSERT_TRUE(agrees(ethernet({}, packet)));
            }
    EXPECT_EQ(seen(Outcome::malformed), 8 * 2 * 7 * programs(shortest_frame).size());
}

TEST_F(XdpIpv6, SixteenMixedHeaders) {
    for (size_t count = 0; count <= 20; count++) {
        Extensions chain;
        for (size_t i = 0; i < count; i++)
            chain.push_back({.kind = extension_kinds[i % std::size(extension_kinds)]});
        ASSERT_TRUE(agrees_cut(ethernet({}, ipv6({.chain = chain}))));
    }
}

// The length byte: right, too small, and too large.
TEST_F(XdpIpv6, EveryHeaderLength) {
    for (uint8_t kind : extension_kinds)
        for (unsigned length = 0; length <= 0xff; length++) {
            const Extension extension = {kind, static_cast<uint8_t>(length)};
            Bytes frame = ethernet({{type_vlan, 1}}, ipv6({.chain = {extension}}));
            ASSERT_TRUE(agrees(frame));
            for (int lie : {-2, -1, 1, 2, 3}) {
                frame[18 + 40 + 1] = static_cast<uint8_t>(static_cast<int>(length) + lie);
                ASSERT_TRUE(agrees(frame));
            }
        }
    for (uint8_t kind : extension_kinds)
        for (unsigned length = 0; length <= 0xff; length++) {
            Bytes frame = ethernet({}, ipv6({.chain = {{kind, 9}, {destination}}}));
            frame[14 + 40 + 1] = static_cast<uint8_t>(length);
            ASSERT_TRUE(agrees(frame));
        }
}

TEST_F(XdpIpv6, EveryPayloadLength) {
    const auto compare = [this](const Extensions &chain, unsigned most) {
        Bytes frame = ethernet({}, ipv6({.chain = chain}, icmp(128, 0, 40)));
        for (unsigned length = 0; length <= most; length++) {
            put16(frame, 14 + 4, static_cast<uint16_t>(length));
            ASSERT_TRUE(agrees(frame));
        }
    };
    ASSERT_NO_FATAL_FAILURE(compare({}, 0xffff));
    for (uint16_t field : fragment_fields)
        ASSERT_NO_FATAL_FAILURE(compare({{routing, 2}, {fragment_header, 0, field}}, 0x3ff));
}

// For each chain, each length of its payload, with a right length field and one that is off by one.
TEST_F(XdpIpv6, ShortMessages) {
    for (const Bytes &packet : catalogue())
        if (packet[0] >> 4 == 6)
            for (size_t size = 40; size <= packet.size(); size++) {
                Bytes frame =
                    ethernet({}, Bytes(packet.begin(), packet.begin() + static_cast<long>(size)));
                for (long lie : {0, 1, -1}) {
                    put16(frame, 14 + 4, static_cast<uint16_t>(static_cast<long>(size - 40) + lie));
                    ASSERT_TRUE(agrees(frame));
                }
            }
    EXPECT_GT(seen(Outcome::malformed), 0u);
    EXPECT_GT(seen(Outcome::truncated), 0u);
}

TEST_F(XdpIpv6, EveryFragmentField) {
    Bytes frame = ethernet({}, ipv6({.chain = {{fragment_header}}}));
    for (unsigned field = 0; field <= 0xffff; field++) {
        put16(frame, 14 + 40 + 2, static_cast<uint16_t>(field));
        ASSERT_TRUE(agrees(frame));
    }
    // Offset 0 leaves two reserved bits and M.
    EXPECT_EQ(seen(Outcome::message), 8 * programs(shortest_frame).size());
}

TEST_F(XdpIpv6, FragmentHeadersAtEveryPlace) {
    for (size_t count = 1; count <= 6; count++)
        for (size_t place = 0; place < count; place++)
            for (uint16_t field : fragment_fields)
                for (uint8_t last : {protocol_icmpv6, protocol_udp, protocol_none}) {
                    Extensions chain(count, {destination});
                    chain[place] = {fragment_header, 0, field};
                    ASSERT_TRUE(agrees(ethernet({}, ipv6({.chain = chain, .last = last}))));
                }
}

TEST_F(XdpIpv6, TwoFragmentHeaders) {
    for (uint16_t first : fragment_fields)
        for (uint16_t second : fragment_fields)
            for (uint8_t between : {fragment_header, routing, authentication}) {
                const Extensions chain = {
                    {fragment_header, 0, first}, {between}, {fragment_header, 0, second}};
                ASSERT_TRUE(agrees(ethernet({}, ipv6({.chain = chain}))));
            }
}

// A fragment header has 8 bytes; the byte where others have their length is reserved.
TEST_F(XdpIpv6, AFragmentHeaderHasNoLength) {
    for (unsigned reserved = 0; reserved <= 0xff; reserved++) {
        const Extension fragment = {fragment_header, static_cast<uint8_t>(reserved), 1};
        ASSERT_TRUE(agrees(ethernet({}, ipv6({.chain = {fragment, {shim6}}}))));
    }
    EXPECT_EQ(seen(Outcome::message), 256 * programs(shortest_frame).size());
}

TEST_F(XdpIpv6, EveryVersion) {
    for (uint8_t last : {protocol_icmpv6, protocol_tcp}) {
        Bytes frame = ethernet({}, ipv6({.last = last}));
        for (unsigned first = 0; first <= 0xff; first++) {
            frame[14] = static_cast<uint8_t>(first);
            ASSERT_TRUE(agrees(frame));
        }
    }
}

} // namespace
} // namespace pinpipe::xdp_test
