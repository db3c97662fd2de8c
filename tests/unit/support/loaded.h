// The XDP program on a layout of the test's own, fed through BPF_PROG_TEST_RUN: it is attached to
// nothing.
#pragma once

#include "tests/unit/support/claims.h"
#include "tools/loader/xdp.h"

#include <array>

namespace pinpipe {

class LoadedTest : public ClaimTest {
protected:
    static constexpr unsigned hook = 5;
    static constexpr const char *interface = "test0";
    // Records that fit into an empty ring: one byte of it always stays free.
    static constexpr uint32_t room = (ring_size - 1) / (sizeof(icmp_record) + 8);

    void SetUp() override {
        ClaimTest::SetUp();
        if (IsSkipped())
            return;
        auto program = loader::load_xdp(layout(), hook, loader::frags_flag());
        ASSERT_TRUE(program) << program.error().text;
        program_ = std::move(*program);
        hook_record record{};
        record.kind = HOOK_XDP;
        std::strcpy(record.name, interface);
        ASSERT_TRUE(layout().set_hook(hook, record));
    }

    // Runs the program on echo requests, numbered from first (icmp_seq and icmp_id), or on the same
    // one count times.
    bool feed(uint32_t number, uint32_t count = 1) const {
        std::array<__u8, 64> frame = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, // Ethernet
                                      0x45, 0, 0, 50, 0, 0, 0, 0, 64, 1, 0, 0,  // IPv4
                                      192, 0, 2, 1, 198, 51, 100, 2, 8};        // ICMP
        for (size_t i = 0; i < 4; i++)
            frame[38 + i] = static_cast<__u8>(number >> (24 - 8 * i));
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<__u32>(frame.size()));
        options.repeat = static_cast<int>(count);
        return bpf_prog_test_run_opts(program_.fd.get(), &options) == 0;
    }
    bool feed_numbers(uint32_t first, uint32_t count) const {
        for (uint32_t i = 0; i < count; i++)
            if (!feed(first + i))
                return false;
        return true;
    }
    // The number that a record was fed with.
    static uint32_t number_of(const icmp_record &record) {
        return static_cast<uint32_t>(record.rest[0] << 24 | record.rest[1] << 16 |
                                     record.rest[2] << 8 | record.rest[3]);
    }

private:
    loader::Program program_;
};

} // namespace pinpipe
