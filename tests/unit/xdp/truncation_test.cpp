// SPDX-License-Identifier: MIT
// Frames that end early, and false length fields, for every packet of the catalogue.
#include "tests/unit/xdp/fixture.h"

namespace pinpipe::xdp_test {
namespace {

class XdpTruncation : public XdpOracleTest {};

TEST_F(XdpTruncation, EveryPacketCutAtEveryByte) {
    for (const Tags &tags : tag_sets())
        for (const Bytes &packet : catalogue())
            ASSERT_TRUE(agrees_cut(ethernet(tags, packet)));
    for (size_t i = 0; i < outcomes; i++)
        EXPECT_GT(seen(static_cast<Outcome>(i)), 0u) << name(static_cast<Outcome>(i));
}

// Cuts the frame and adapts the length field, so that the contents end first.
TEST_F(XdpTruncation, EveryLengthFieldOfEveryCut) {
    for (const Bytes &packet : catalogue()) {
        const bool v6 = packet[0] >> 4 == 6;
        const size_t field = v6 ? 4 : 2, fixed = v6 ? 40 : 20, counted = v6 ? 40 : 0;
        for (size_t size = fixed; size <= packet.size(); size++) {
            Bytes frame =
                ethernet({}, Bytes(packet.begin(), packet.begin() + static_cast<long>(size)));
            for (long lie : {0, 1, -1, 4, -4, 8, -8}) {
                put16(frame, 14 + field,
                      static_cast<uint16_t>(static_cast<long>(size - counted) + lie));
                ASSERT_TRUE(agrees(frame));
            }
        }
    }
}

// The same frame with every smaller and some larger values in the length field.
TEST_F(XdpTruncation, EveryShorterLengthField) {
    for (const Tags &tags : {Tags{}, Tags{{type_vlan, 5}, {type_vlan, 6}}})
        for (const Bytes &packet : catalogue()) {
            Bytes frame = ethernet(tags, packet);
            const size_t ip = frame.size() - packet.size();
            const size_t field = ip + (packet[0] >> 4 == 6 ? 4 : 2);
            for (size_t length = 0; length <= packet.size() + 3; length++) {
                put16(frame, field, static_cast<uint16_t>(length));
                ASSERT_TRUE(agrees(frame));
            }
        }
}

} // namespace
} // namespace pinpipe::xdp_test
