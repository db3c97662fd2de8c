// SPDX-License-Identifier: MIT
// The fixture of the XDP tests: a loaded object for each, and the comparison with the oracle.
#pragma once

#include "tests/unit/xdp/object.h"

#include <gtest/gtest.h>

namespace pinpipe::xdp_test {

// A filter that everything matches.
packet_filter any_packet();

// Skips the test if the kernel does not allow to load XDP programs.
class XdpTest : public testing::Test {
protected:
    explicit XdpTest(Shape shape = {.hook = 37, .link = Link::ethernet}) : shape_(shape) {}
    void SetUp() override;
    XdpObject &object() { return *object_; }
    bool loaded() const { return object_ != nullptr; }

    // Makes reader slot ask for ICMP, with a generation that no other slot has.
    virtual void ask(unsigned slot, const packet_filter &filter = any_packet());
    std::vector<Program> programs(size_t frame_size) const; // that take such a frame

private:
    const Shape shape_;
    XdpObject *object_ = nullptr;
};

// Compares every run with the oracle: verdict, bytes of the frame, records of each reader,
// counters.
class XdpOracleTest : public XdpTest {
protected:
    using XdpTest::XdpTest;
    void SetUp() override;
    void TearDown() override;
    // Reader 0 asks for everything from the start.
    void ask(unsigned slot, const packet_filter &filter = any_packet()) override;
    void ask_no_more(unsigned slot);

    // Runs all programs that take a frame of this size.
    testing::AssertionResult agrees(Frame frame);
    testing::AssertionResult agrees(Program program, Frame frame,
                                    std::optional<uint32_t> first_buffer = {});
    // Runs them for each length to which the frame can be cut.
    testing::AssertionResult agrees_cut(Frame frame);

    uint64_t seen(Outcome outcome) const { return seen_[static_cast<size_t>(outcome)]; }

private:
    std::string compare_run(const Ran &ran) const;
    std::string compare_counters(Outcome outcome);
    std::string compare_ring(unsigned slot, const Verdict &verdict, uint64_t start);

    std::vector<unsigned> asked_;
    std::array<reader_losses, MAX_READERS> losses_before_ = {};
    std::array<uint64_t, MAX_READERS> records_ = {};
    std::array<hook_counters, MAX_HOOKS> counters_ = {};
    std::array<uint64_t, outcomes> seen_ = {};
};

} // namespace pinpipe::xdp_test
