// SPDX-License-Identifier: MIT
// IPv4: options, fragments, protocols, and false values of each field.
#include "tests/unit/xdp/fixture.h"

namespace pinpipe::xdp_test {
namespace {

class XdpIpv4 : public XdpOracleTest {};

const uint16_t fragments[] = {0, more_fragments, more_fragments | 185, 185};

TEST_F(XdpIpv4, EveryHeaderAndEveryType) {
    for (const Tags &tags : tag_sets())
        for (unsigned words = 0; words <= 10; words++)
            for (uint16_t fragment : fragments) {
                Bytes frame = ethernet(tags, ipv4({words, protocol_icmp, fragment}));
                uint8_t *const type = &frame[frame.size() - icmp().size()];
                for (unsigned value = 0; value <= 0xff; value++) {
                    type[0] = static_cast<uint8_t>(value);
                    type[1] = static_cast<uint8_t>(value * 3 + words);
                    ASSERT_TRUE(agrees(frame));
                }
            }
    EXPECT_GT(seen(Outcome::message), 0u);
    EXPECT_GT(seen(Outcome::later_fragment), 0u);
}

TEST_F(XdpIpv4, EveryProtocol) {
    for (unsigned words : {0U, 1U, 10U})
        for (uint16_t fragment : fragments)
            for (unsigned protocol = 0; protocol <= 0xff; protocol++)
                ASSERT_TRUE(
                    agrees(ethernet({}, ipv4({words, static_cast<uint8_t>(protocol), fragment}))));
    const uint64_t configurations = 3 * programs(shortest_frame).size();
    EXPECT_EQ(seen(Outcome::message), 2 * configurations);
    EXPECT_EQ(seen(Outcome::later_fragment), 2 * configurations);
}

TEST_F(XdpIpv4, EveryVersionAndHeaderLength) {
    for (uint8_t protocol : {protocol_icmp, protocol_udp})
        for (unsigned words : {0U, 3U, 10U}) {
            Bytes frame = ethernet({}, ipv4({.option_words = words, .protocol = protocol}));
            for (unsigned first = 0; first <= 0xff; first++) {
                frame[14] = static_cast<uint8_t>(first);
                ASSERT_TRUE(agrees(frame));
            }
        }
}

TEST_F(XdpIpv4, EveryTotalLength) {
    const auto compare = [this](const Ipv4 &fields, unsigned most) {
        Bytes frame = ethernet({}, ipv4(fields, icmp(8, 0, 40)));
        for (unsigned total = 0; total <= most; total++) {
            put16(frame, 14 + 2, static_cast<uint16_t>(total));
            ASSERT_TRUE(agrees(frame));
        }
    };
    ASSERT_NO_FATAL_FAILURE(compare({}, 0xffff));
    for (uint16_t fragment : fragments)
        ASSERT_NO_FATAL_FAILURE(compare({10, protocol_icmp, fragment}, 0x3ff));
}

TEST_F(XdpIpv4, EveryFragmentField) {
    Bytes frame = ethernet({}, ipv4({}));
    for (unsigned field = 0; field <= 0xffff; field++) {
        put16(frame, 14 + 6, static_cast<uint16_t>(field));
        ASSERT_TRUE(agrees(frame));
    }
    // Of the flags, only more fragments matters, and only at offset 0.
    EXPECT_EQ(seen(Outcome::message), 8 * programs(frame.size()).size());
}

// For each header, each length of its payload, with a right length field and one that is off by
// one.
TEST_F(XdpIpv4, ShortMessages) {
    for (unsigned words = 0; words <= 10; words++)
        for (uint16_t fragment : fragments)
            for (uint8_t protocol : {protocol_icmp, protocol_udp})
                for (size_t size = 0; size <= 12; size++) {
                    Bytes payload = icmp();
                    payload.resize(size);
                    Bytes frame = ethernet({}, ipv4({words, protocol, fragment}, payload));
                    ASSERT_TRUE(agrees(frame));
                    frame[14 + 3]++; // total length
                    ASSERT_TRUE(agrees(frame));
                    frame[14 + 3] -= 2;
                    ASSERT_TRUE(agrees(frame));
                }
    EXPECT_GT(seen(Outcome::malformed), 0u);
    EXPECT_GT(seen(Outcome::truncated), 0u);
}

TEST_F(XdpIpv4, OtherFieldsAreRepeatedOrOfNoConcern) {
    Bytes frame = ethernet({}, ipv4({}));
    for (unsigned at : {1U, 4U, 5U, 8U, 10U, 11U, 12U, 15U, 16U, 19U, 22U, 23U, 24U, 25U, 26U, 27U})
        for (unsigned value = 0; value <= 0xff; value++) {
            frame[14 + at] = static_cast<uint8_t>(value);
            ASSERT_TRUE(agrees(frame));
        }
    EXPECT_EQ(seen(Outcome::message), 16 * 256 * programs(frame.size()).size());
}

} // namespace
} // namespace pinpipe::xdp_test
