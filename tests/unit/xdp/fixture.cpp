// SPDX-License-Identifier: MIT
#include "tests/unit/xdp/fixture.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <linux/bpf.h>
#include <map>

namespace pinpipe::xdp_test {
namespace {

uint64_t boot_clock() {
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}

std::string text(const hook_counters &counters) {
    return "malformed " + std::to_string(counters.malformed) + " truncated " +
           std::to_string(counters.truncated) + " fragments " + std::to_string(counters.fragments);
}

std::string hex(Frame bytes) {
    constexpr size_t most = 512;
    std::string text;
    for (uint8_t byte : bytes.first(std::min(most, bytes.size()))) {
        text += "0123456789abcdef"[byte / 16];
        text += "0123456789abcdef"[byte % 16];
    }
    return bytes.size() > most ? text + "..." : text;
}

Frame bytes_of(const icmp_record &record) {
    return {reinterpret_cast<const uint8_t *>(&record), sizeof record};
}

// How far a coarse clock may be behind the exact one.
constexpr uint64_t clock_tick = 50'000'000;

} // namespace

packet_filter any_packet() {
    packet_filter filter = {};
    filter.hooks = filter.versions = ~0ULL;
    return filter;
}

static XdpObject *loaded_object(Shape shape) {
    static std::map<std::pair<uint8_t, Link>, std::unique_ptr<XdpObject>> objects;
    auto &object = objects[{shape.hook, shape.link}];
    if (!object)
        object = std::make_unique<XdpObject>(shape);
    object->reset();
    return object.get();
}

void XdpTest::SetUp() {
    if (const int error = XdpObject::refused(); error == EPERM)
        GTEST_SKIP() << "loading an XDP program needs root: " << std::strerror(error);
    object_ = loaded_object(shape_);
}

void XdpTest::ask(unsigned slot, const packet_filter &filter) {
    object().control(slot).generation = static_cast<__u16>(0xfa00 + slot);
    object().control(slot).icmp = filter;
    object().wanted().readers[STREAM_ICMP] |= 1u << slot;
}

std::vector<Program> XdpTest::programs(size_t frame_size) const {
    std::vector<Program> all;
    if (frame_size <= first_buffer_size())
        all.push_back(Program::packet);
    if (object_->has(Program::frags))
        all.push_back(Program::frags);
    return all;
}

void XdpOracleTest::SetUp() {
    XdpTest::SetUp();
    if (!loaded())
        return;
    for (unsigned hook = 0; hook < MAX_HOOKS; hook++)
        counters_[hook] = object().counters(hook);
    ask(0);
}

void XdpOracleTest::ask(unsigned slot, const packet_filter &filter) {
    XdpTest::ask(slot, filter);
    if (std::ranges::find(asked_, slot) != asked_.end())
        return;
    asked_.push_back(slot);
    losses_before_[slot] = object().losses(slot);
}

void XdpOracleTest::ask_no_more(unsigned slot) {
    object().wanted().readers[STREAM_ICMP] &= ~(1u << slot);
    object().control(slot).icmp = {}; // the oracle expects nothing for it
}

void XdpOracleTest::TearDown() {
    if (!loaded() || IsSkipped())
        return;
    for (unsigned slot : asked_) {
        const reader_losses before = losses_before_[slot], after = object().losses(slot);
        EXPECT_EQ(after.written[STREAM_ICMP] - before.written[STREAM_ICMP], records_[slot]);
        EXPECT_EQ(after.lost[STREAM_ICMP], before.lost[STREAM_ICMP]);
    }
    for (unsigned hook = 0; hook < MAX_HOOKS; hook++)
        EXPECT_EQ(text(object().counters(hook)), text(counters_[hook])) << "hook " << hook;
    uint64_t checks = 0;
    for (size_t i = 0; i < outcomes; i++)
        checks += seen_[i];
    EXPECT_GT(checks, 0u) << "nothing was tested";
    RecordProperty("checks", std::to_string(checks));
}

testing::AssertionResult XdpOracleTest::agrees(Frame frame) {
    for (Program program : programs(frame.size()))
        if (auto result = agrees(program, frame); !result)
            return result;
    return testing::AssertionSuccess();
}

testing::AssertionResult XdpOracleTest::agrees_cut(Frame frame) {
    for (size_t size = shortest_frame; size <= frame.size(); size++)
        if (auto result = agrees(frame.first(size)); !result)
            return result;
    return testing::AssertionSuccess();
}

testing::AssertionResult XdpOracleTest::agrees(Program program, Frame frame,
                                               std::optional<uint32_t> first_buffer) {
    const Verdict verdict = judge(frame, object().shape().link);
    const uint64_t start = boot_clock();
    const Ran ran = object().run(program, frame, first_buffer);
    if (!ran.error) // a run that the kernel refused checked nothing
        seen_[static_cast<size_t>(verdict.outcome)]++;
    std::string wrong = compare_run(ran) + compare_counters(verdict.outcome);
    for (unsigned slot : asked_)
        wrong += compare_ring(slot, verdict, start);
    if (wrong.empty())
        return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << (program == Program::frags ? "see_frags" : "see_packet") << ", first buffer "
           << first_buffer.value_or(static_cast<uint32_t>(first_buffer_size())) << ", expected "
           << name(verdict.outcome) << ":" << wrong << "\n  frame of " << frame.size()
           << " bytes: " << hex(frame);
}

std::string XdpOracleTest::compare_run(const Ran &ran) const {
    if (ran.error)
        return std::string("\n  cannot run: ") + std::strerror(-ran.error);
    std::string wrong;
    if (ran.verdict != XDP_PASS)
        wrong += "\n  verdict " + std::to_string(ran.verdict);
    if (!ran.unchanged)
        wrong += "\n  the frame was changed";
    return wrong;
}

std::string XdpOracleTest::compare_counters(Outcome outcome) {
    hook_counters &expected = counters_[object().shape().hook];
    expected.malformed += outcome == Outcome::malformed;
    expected.truncated += outcome == Outcome::truncated;
    expected.fragments += outcome == Outcome::later_fragment;
    const hook_counters found = object().counters(object().shape().hook);
    const std::string wanted = text(expected);
    expected = found; // one mistake is reported once
    return text(found) == wanted ? "" : "\n  counters " + text(found) + ", expected " + wanted;
}

std::string XdpOracleTest::compare_ring(unsigned slot, const Verdict &verdict, uint64_t start) {
    const reader_control &control = object().control(slot);
    const uint8_t hook = object().shape().hook;
    const std::vector<Taken> taken = object().ring(slot).take();
    const bool wanted =
        verdict.outcome == Outcome::message && matches(control.icmp, verdict.record, hook);
    records_[slot] += wanted;
    const std::string reader = "\n  reader " + std::to_string(slot) + ": ";
    if (taken.size() != wanted)
        return reader + std::to_string(taken.size()) + " records, expected " +
               std::to_string(wanted);
    if (!wanted)
        return "";
    icmp_record expected = verdict.record;
    expected.time = taken[0].record.time;
    expected.generation = control.generation;
    expected.lost = static_cast<__u32>(losses_before_[slot].lost[STREAM_ICMP]);
    expected.stream = STREAM_ICMP;
    expected.hook = hook;
    std::string wrong;
    if (taken[0].size != sizeof expected ||
        std::memcmp(&taken[0].record, &expected, sizeof expected))
        wrong += reader + std::to_string(taken[0].size) + " bytes " +
                 hex(bytes_of(taken[0].record)) + reader + "expected " + hex(bytes_of(expected));
    if (expected.time + clock_tick < start || expected.time > boot_clock())
        wrong += reader + "time is not now";
    return wrong;
}

} // namespace pinpipe::xdp_test
