// SPDX-License-Identifier: MIT
// The XDP program on a private layout, run through BPF_PROG_TEST_RUN and not attached. Since
// loading takes a while, the tests of a suite share the loaded program, and each begins with fresh
// maps.
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

    static void TearDownTestSuite() { shared_ = {}; }

    void SetUp() override {
        ClaimTest::SetUp();
        if (IsSkipped() || HasFatalFailure())
            return;
        if (!shared_.program.fd.valid()) {
            load_program();
            ASSERT_TRUE(shared_.program.fd.valid());
        }
        begin_anew();
    }
    void load_program() {
        const loader::Command command;
        const auto netns = loader::Netns::open("");
        const Pins at = pins();
        ASSERT_TRUE(netns);
        loader::Run run{.command = command, .netns = *netns, .pins = at, .layout = layout()};
        uint32_t flags = loader::frags_flag(layout());
        auto program = loader::load_xdp(run, hook, flags);
        ASSERT_TRUE(program) << program.error().text;
        run.undo.keep();
        shared_.program = std::move(*program);
    }
    std::shared_ptr<Bpffs> bpffs() override {
        if (!shared_.bpffs)
            shared_.bpffs = ClaimTest::bpffs();
        return shared_.bpffs;
    }
    std::shared_ptr<loader::Layout> make_layout() override {
        if (!shared_.layout)
            shared_.layout = ClaimTest::make_layout();
        return shared_.layout;
    }

    // Runs the program on echo requests, numbered from first (icmp_seq and icmp_id), or count times
    // on the same one.
    bool feed(uint32_t number, uint32_t count = 1) const {
        std::array<__u8, 64> frame = {2,    0, 0, 0,  0,   1,  2,   0, 0,  0, 0, 2,
                                      8,    0,                                      // Ethernet
                                      0x45, 0, 0, 50, 0,   0,  0,   0, 64, 1, 0, 0, // IPv4
                                      192,  0, 2, 1,  198, 51, 100, 2, 8};          // ICMP
        for (size_t i = 0; i < 4; i++)
            frame[38 + i] = static_cast<__u8>(number >> (24 - 8 * i));
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<__u32>(frame.size()));
        options.repeat = static_cast<int>(count);
        return bpf_prog_test_run_opts(shared_.program.fd.get(), &options) == 0;
    }
    bool feed_numbers(uint32_t first, uint32_t count) const {
        for (uint32_t i = 0; i < count; i++)
            if (!feed(first + i))
                return false;
        return true;
    }
    // Returns the number of the echo request that a record is about.
    static uint32_t number_of(const icmp_record &record) {
        return static_cast<uint32_t>(record.rest[0] << 24 | record.rest[1] << 16 |
                                     record.rest[2] << 8 | record.rest[3]);
    }

private:
    void begin_anew() {
        put("abi", layout().abi());
        put("maps/wanted", wanted_record{});
        for (uint32_t slot = 0; slot < slots; slot++) {
            put("maps/losses", reader_losses{}, slot);
            put("readers/" + std::to_string(slot) + "/control", reader_control{});
        }
        for (uint32_t number = 0; number < MAX_HOOKS; number++)
            ASSERT_TRUE(layout().set_hook(number, {}));
        hook_record record{};
        record.kind = HOOK_XDP;
        std::strcpy(record.name, interface);
        ASSERT_TRUE(layout().set_hook(hook, record));
    }

    struct Shared {
        std::shared_ptr<Bpffs> bpffs;
        std::shared_ptr<loader::Layout> layout;
        loader::Program program;
    };
    static inline Shared shared_;
};

} // namespace pinpipe
