// SPDX-License-Identifier: MIT
// Frames in several buffers, which only see_frags takes.
#include "tests/unit/xdp/fixture.h"

namespace pinpipe::xdp_test {
namespace {

class XdpFrags : public XdpOracleTest {
protected:
    void SetUp() override {
        XdpOracleTest::SetUp();
        if (loaded() && !object().has(Program::frags))
            GTEST_SKIP() << "this kernel gives XDP programs no packets in several buffers";
    }

    // Runs the frame with its first buffer ending at each byte.
    void split_everywhere(const Bytes &frame) {
        for (uint32_t first = 0; first <= frame.size(); first++)
            ASSERT_TRUE(agrees(Program::frags, frame, first));
    }
};

class XdpFragsSplit : public XdpFrags {
protected:
    void SetUp() override {
        XdpFrags::SetUp();
        if (loaded() && !IsSkipped() && !object().splits())
            GTEST_SKIP() << "this kernel does not let a test choose where a buffer ends";
    }
};

TEST_F(XdpFragsSplit, EveryPacketSplitAtEveryByte) {
    for (const Bytes &packet : catalogue())
        for (const Tags &tags : {Tags{}, Tags{{type_vlan, 5}, {type_service_vlan, 6}}})
            ASSERT_NO_FATAL_FAILURE(split_everywhere(ethernet(tags, packet)));
    EXPECT_GT(seen(Outcome::message), 0u);
}

TEST_F(XdpFragsSplit, CutFramesSplitAtEveryByte) {
    const Bytes packets[] = {ipv4({.option_words = 2}), ipv6({}),
                             ipv6({.chain = {{hop_by_hop}, {fragment_header, 0, 1}}})};
    for (const Bytes &packet : packets)
        for (Bytes frame = ethernet({{type_vlan, 5}}, packet); frame.size() >= shortest_frame;
             frame.pop_back())
            ASSERT_NO_FATAL_FAILURE(split_everywhere(frame));
    EXPECT_GT(seen(Outcome::truncated), 0u);
}

TEST_F(XdpFragsSplit, LongChainsSplitAtEveryByte) {
    for (size_t count : {15U, 16U, 17U})
        for (uint8_t kind : extension_kinds)
            ASSERT_NO_FATAL_FAILURE(
                split_everywhere(ethernet({}, ipv6({.chain = Extensions(count, {kind, 1})}))));
}

// Puts a header and the message behind it at each place around the first buffer's end: destination
// options push them in steps of 8, tags by 4, an authentication header of 12 bytes by 4 and then 8.
TEST_F(XdpFrags, HeadersPushedAcrossTheFirstBuffersEnd) {
    const size_t end = first_buffer_size();
    for (const Tags &tags : {Tags{}, Tags{{type_vlan, 5}}, Tags{{type_vlan, 5}, {type_vlan, 6}}})
        for (uint8_t shift : std::to_array<uint8_t>({0, 1}))
            for (const Extension &last : {Extension{shim6}, Extension{fragment_header, 0, 1},
                                          Extension{fragment_header, 0, 8},
                                          Extension{authentication, 3}, Extension{routing, 9}}) {
                const size_t headers = 14 + 4 * tags.size() + 40 + 8 + 4 * shift;
                for (size_t pushed = end - 160; pushed < end + 24; pushed += 8) {
                    Extensions chain = {{authentication, shift}};
                    for (size_t left = (pushed - headers) / 8; left > 0;) {
                        const size_t units = std::min<size_t>(left, 256);
                        chain.push_back({destination, static_cast<uint8_t>(units - 1)});
                        left -= units;
                    }
                    chain.push_back(last);
                    ASSERT_TRUE(agrees(Program::frags, ethernet(tags, ipv6({.chain = chain}))));
                }
            }
    EXPECT_GT(seen(Outcome::message), 0u);
    EXPECT_GT(seen(Outcome::later_fragment), 0u);
}

TEST_F(XdpFrags, FramesUpToNineThousandBytes) {
    for (size_t size = 8; size <= 9000; size += 61) {
        const Bytes payload = icmp(8, 0, size - 8);
        ASSERT_TRUE(agrees(ethernet({}, ipv4({.option_words = 5}, payload))));
        ASSERT_TRUE(agrees(ethernet({{type_vlan, 9}}, ipv6({}, payload))));
        ASSERT_TRUE(agrees(ethernet({}, ipv4({.protocol = protocol_udp}, payload))));
    }
    EXPECT_GT(seen(Outcome::message), 0u);
}

// Cuts a long frame at each byte around the beginnings and ends of buffers.
TEST_F(XdpFrags, LongFramesCut) {
    const Bytes payload = icmp(8, 0, 8950);
    for (const Bytes &packet :
         {ipv4({}, payload), ipv6({.chain = {{destination, 255}}}, payload)}) {
        const Bytes frame = ethernet({}, packet);
        for (size_t size = 3000; size < frame.size(); size += size % 512 < 8 ? 1 : 17)
            ASSERT_TRUE(agrees(Program::frags, Frame(frame).first(size)));
        ASSERT_TRUE(agrees(Program::frags, Frame(frame).first(frame.size() - 1)));
        ASSERT_TRUE(agrees(Program::frags, frame));
    }
    EXPECT_EQ(seen(Outcome::message), 2u);
}

TEST_F(XdpFrags, SixteenOfTheLargestHeaders) {
    for (uint8_t kind : {destination, routing, host_identity})
        for (size_t count = 1; count <= 18; count++)
            ASSERT_TRUE(agrees(Program::frags,
                               ethernet({}, ipv6({.chain = Extensions(count, {kind, 255})}))));
    EXPECT_EQ(seen(Outcome::message), 3 * 16u);
    EXPECT_EQ(seen(Outcome::malformed), 3 * 2u);
}

// In packets that are too long for the length field, 0 means "all of the frame".
TEST_F(XdpFrags, Jumbograms) {
    for (size_t size : {65534U, 65535U, 65536U, 65537U, 65575U, 65576U, 70000U}) {
        const Bytes v4 = ipv4({.total = 0}, icmp(8, 0, size - 20 - 8));
        const Bytes v6 = ipv6({.payload_length = 0}, icmp(128, 0, size - 40 - 8));
        for (const Tags &tags :
             {Tags{}, Tags{{type_vlan, 5}}, Tags{{type_vlan, 5}, {type_vlan, 6}}}) {
            ASSERT_EQ(v4.size(), size);
            ASSERT_EQ(v6.size(), size);
            ASSERT_TRUE(agrees(Program::frags, ethernet(tags, v4)));
            ASSERT_TRUE(agrees(Program::frags, ethernet(tags, v6)));
        }
    }
    EXPECT_EQ(seen(Outcome::message), 5 * 2 * 3u);
}

TEST_F(XdpFrags, JumbogramsWithOptionsAndFragments) {
    const Bytes payload = icmp(128, 0, 66000);
    for (unsigned words : {0U, 10U})
        for (uint16_t fragment : std::to_array<uint16_t>({0, more_fragments, 185}))
            for (uint8_t protocol : {protocol_icmp, protocol_udp})
                ASSERT_TRUE(agrees(Program::frags,
                                   ethernet({}, ipv4({words, protocol, fragment, 0}, payload))));
    for (uint8_t kind : extension_kinds)
        for (uint16_t fragment : std::to_array<uint16_t>({0, 1, 8}))
            ASSERT_TRUE(agrees(Program::frags,
                               ethernet({}, ipv6({.chain = {{kind, 2, fragment}, {destination}},
                                                  .payload_length = 0},
                                                 payload))));
    EXPECT_GT(seen(Outcome::message), 0u);
    EXPECT_GT(seen(Outcome::later_fragment), 0u);
}

} // namespace
} // namespace pinpipe::xdp_test
