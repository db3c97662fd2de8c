// SPDX-License-Identifier: MIT
// bench-pace PIN_ROOT RATE SECONDS: runs the loaded XDP program on an ICMP packet RATE times a
// second, in steps of a millisecond, and prints how often it ran. Nothing is sent.
#include "lib/pins/links.h"
#include "lib/pins/pins.h"
#include "tests/bench/bench.h"

#include <bpf/bpf.h>
#include <cstdlib>

using namespace pinpipe;

namespace {

Fd loaded_program(const std::string &root) {
    const Pins pins(root);
    const auto hooks = pins.open(hooks_map, Access::read);
    for (unsigned number = 0; hooks && number < MAX_HOOKS; number++) {
        hook_record record{};
        if (!read_element(*hooks, number, record, "hooks") || record.kind != HOOK_XDP)
            continue;
        return Fd(bpf_prog_get_fd_by_id(record.program));
    }
    return Fd();
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench-pace PIN_ROOT RATE SECONDS\n");
        return 2;
    }
    const Fd program = loaded_program(argv[1]);
    const double rate = std::atof(argv[2]), length = std::atof(argv[3]);
    auto packet = bench::frame();
    const double start = bench::seconds(CLOCK_MONOTONIC);
    uint64_t runs = 0;
    for (double now = 0; now < length; now = bench::seconds(CLOCK_MONOTONIC) - start) {
        const auto due = static_cast<uint64_t>(now * rate);
        if (due > runs) {
            // If the whole machine paused, catches up at no more than twice the rate.
            const auto step = std::min<uint64_t>(due - runs, static_cast<uint64_t>(rate / 500) + 1);
            LIBBPF_OPTS(bpf_test_run_opts, options);
            options.data_in = packet.data();
            options.data_size_in = static_cast<__u32>(packet.size());
            options.repeat = static_cast<int>(step);
            if (bpf_prog_test_run_opts(program.get(), &options) != 0) {
                std::perror("BPF_PROG_TEST_RUN");
                return 1;
            }
            runs += step;
        }
        const timespec pause{0, 500'000};
        nanosleep(&pause, nullptr);
    }
    std::printf("%llu\n", static_cast<unsigned long long>(runs));
}
