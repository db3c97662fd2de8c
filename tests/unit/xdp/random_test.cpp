// SPDX-License-Identifier: MIT
// Random frames, compared with the oracle. The seed is fixed and printed; the environment variables
// XDP_TEST_SEED and XDP_TEST_FRAMES change the seed and the number of frames.
#include "tests/unit/xdp/fixture.h"
#include "tests/unit/xdp/random_frames.h"

#include <iostream>

namespace pinpipe::xdp_test {
namespace {

class XdpRandom : public XdpOracleTest {
protected:
    XdpRandom() = default;
    explicit XdpRandom(Shape shape) : XdpOracleTest(shape) {}

    void compare(uint64_t frames, Bytes (RandomFrames::*make)()) {
        const uint64_t seed = from_environment("XDP_TEST_SEED", 20240229);
        frames = from_environment("XDP_TEST_FRAMES", frames);
        std::cout << "XDP_TEST_SEED=" << seed << " XDP_TEST_FRAMES=" << frames << '\n';
        RandomFrames random(seed);
        for (uint64_t i = 0; i < frames; i++) {
            const Bytes frame = (random.*make)();
            ASSERT_TRUE(agrees(frame)) << "frame " << i;
            if (!object().splits())
                continue;
            const auto first_buffer = static_cast<uint32_t>(random.below(frame.size() + 1));
            ASSERT_TRUE(agrees(Program::frags, frame, first_buffer)) << "frame " << i;
        }
    }
};

constexpr uint64_t few = 20000, many = 100000;

TEST_F(XdpRandom, Noise) {
    compare(few, &RandomFrames::noise);
}

TEST_F(XdpRandom, NoiseInIp) {
    compare(few, &RandomFrames::noise_in_ip);
}

TEST_F(XdpRandom, MutatedPackets) {
    compare(many, &RandomFrames::mutated_frame);
    uint64_t checks = 0;
    for (size_t i = 0; i < outcomes; i++)
        checks += seen(static_cast<Outcome>(i));
    for (size_t i = 0; i < outcomes; i++)
        EXPECT_GT(seen(static_cast<Outcome>(i)), checks / 50) << name(static_cast<Outcome>(i));
}

class XdpRandomRawIp : public XdpRandom {
protected:
    XdpRandomRawIp() : XdpRandom({.hook = MAX_HOOKS - 1, .link = Link::raw_ip}) {}
};

TEST_F(XdpRandomRawIp, Noise) {
    compare(few, &RandomFrames::noise);
}

TEST_F(XdpRandomRawIp, MutatedPackets) {
    compare(few, &RandomFrames::mutated_packet);
}

} // namespace
} // namespace pinpipe::xdp_test
