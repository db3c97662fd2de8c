// SPDX-License-Identifier: MIT
// Link headers: ethertypes, VLAN tags, and frames that begin with the IP header.
#include "tests/unit/xdp/fixture.h"

namespace pinpipe::xdp_test {
namespace {

class XdpEthernet : public XdpOracleTest {};

TEST_F(XdpEthernet, EveryEthertype) {
    Bytes plain = ethernet({}, ipv4({})), tagged = ethernet({{type_vlan, 7}}, ipv6({}));
    for (unsigned type = 0; type <= 0xffff; type++) {
        put16(plain, 12, static_cast<uint16_t>(type));
        ASSERT_TRUE(agrees(plain));
        put16(tagged, 16, static_cast<uint16_t>(type));
        ASSERT_TRUE(agrees(tagged));
    }
    EXPECT_GT(seen(Outcome::message), 0u);
    EXPECT_GT(seen(Outcome::malformed), 0u); // the other version's ethertype
}

TEST_F(XdpEthernet, EveryTagControl) {
    Bytes frame = ethernet({{type_service_vlan, 0}, {type_vlan, 0}}, ipv4({}));
    for (unsigned control = 0; control <= 0xffff; control++) {
        put16(frame, 14, static_cast<uint16_t>(control));
        put16(frame, 18, static_cast<uint16_t>(control * 7));
        ASSERT_TRUE(agrees(frame));
    }
    EXPECT_EQ(seen(Outcome::message), 65536 * programs(frame.size()).size());
}

TEST_F(XdpEthernet, EveryPacketBehindEveryTags) {
    for (const Tags &tags : tag_sets())
        for (const Bytes &packet : catalogue())
            ASSERT_TRUE(agrees(ethernet(tags, packet)));
}

TEST_F(XdpEthernet, AThirdTagHidesThePacket) {
    for (const Tags &tags : tag_sets()) {
        const uint64_t before = seen(Outcome::message);
        ASSERT_TRUE(agrees(ethernet(tags, ipv4({}))));
        EXPECT_EQ(seen(Outcome::message) > before, tags.size() < 3);
    }
}

TEST_F(XdpEthernet, PaddingIsNoPartOfThePacket) {
    for (const Bytes &packet : {ipv4({}), ipv4({.protocol = protocol_udp}), ipv6({})}) {
        Bytes frame = ethernet({}, packet);
        for (int i = 0; i < 64; i++) {
            frame.push_back(0x55);
            ASSERT_TRUE(agrees(frame));
        }
    }
}

class XdpRawIp : public XdpOracleTest {
protected:
    XdpRawIp() : XdpOracleTest({.hook = MAX_HOOKS - 1, .link = Link::raw_ip}) {}
};

TEST_F(XdpRawIp, EveryPacketAndEachCut) {
    for (const Bytes &packet : catalogue())
        ASSERT_TRUE(agrees_cut(packet));
    EXPECT_GT(seen(Outcome::message), 0u);
    EXPECT_GT(seen(Outcome::truncated), 0u);
}

TEST_F(XdpRawIp, TheFirstNibbleChooses) {
    for (Bytes packet : {ipv4({}), ipv6({}), ethernet({}, ipv4({})), ethernet({}, ipv6({}))})
        for (unsigned first = 0; first <= 0xff; first++) {
            packet[0] = static_cast<uint8_t>(first);
            ASSERT_TRUE(agrees(packet));
        }
    EXPECT_GT(seen(Outcome::ignored), 0u);
}

TEST_F(XdpRawIp, HasNoEthertype) {
    Bytes packet = ipv4({.src = {0x81, 0x00, 0x08, 0x00}, .dst = {0x08, 0x00, 0x86, 0xdd}});
    for (uint16_t type : {type_vlan, type_service_vlan, type_ipv4, type_ipv6}) {
        put16(packet, 12, type); // where Ethernet has its type
        ASSERT_TRUE(agrees(packet));
    }
    EXPECT_EQ(seen(Outcome::message), 4 * programs(packet.size()).size());
}

} // namespace
} // namespace pinpipe::xdp_test
