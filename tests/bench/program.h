// SPDX-License-Identifier: MIT
// The XDP program with separate maps and one reader, for BPF_PROG_TEST_RUN. Nothing is attached.
#pragma once

#include "bpf/abi/watches.h"
#include "lib/pins/ring.h"
#include "bpf/xdp/xdp.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>

namespace bench {

inline void must(bool good, const char *what) {
    if (good)
        return;
    std::perror(what);
    std::exit(1);
}

// Nanoseconds a run: the mean over repeat runs, as the kernel measures it.
inline double run(int program, std::vector<unsigned char> data, int repeat) {
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = data.data();
    options.data_size_in = static_cast<__u32>(data.size());
    options.repeat = repeat;
    must(bpf_prog_test_run_opts(program, &options) == 0, "BPF_PROG_TEST_RUN");
    return options.duration;
}

class Program {
public:
    static constexpr uint32_t ring_size = 1 << 20;

    Program() : skeleton_(xdp::open()) {
        must(skeleton_, "open the XDP object");
        skeleton_->rodata->ring_size = ring_size;
        must(xdp::load(skeleton_) == 0, "load the XDP object");
        LIBBPF_OPTS(bpf_map_create_opts, mapped);
        mapped.map_flags = BPF_F_MMAPABLE;
        const pinpipe::Fd control(
            bpf_map_create(BPF_MAP_TYPE_ARRAY, "control", 4, sizeof(reader_control), 1, &mapped));
        pinpipe::Fd ring(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, ring_size, nullptr));
        const __u32 zero = 0;
        const int control_fd = control.get(), ring_fd = ring.get();
        reader_control record{};
        record.generation = 1;
        record.icmp.hooks = record.icmp.versions = ~0ULL;
        must(bpf_map_update_elem(control_fd, &zero, &record, 0) == 0 &&
                 bpf_map_update_elem(bpf_map__fd(skeleton_->maps.controls), &zero, &control_fd,
                                     0) == 0 &&
                 bpf_map_update_elem(bpf_map__fd(skeleton_->maps.rings), &zero, &ring_fd, 0) == 0,
             "fill the reader's slot");
        auto map = pinpipe::Ring::map(std::move(ring), ring_size, "ring");
        must(map.has_value(), "map the ring");
        ring_ = std::move(*map);
    }
    ~Program() { xdp::destroy(skeleton_); }
    Program(const Program &) = delete;
    Program &operator=(const Program &) = delete;

    void ask(bool on) { skeleton_->data_wanted->wanted.readers[STREAM_ICMP] = on ? 1 : 0; }
    // Watches this TCP port as well; 0: none.
    void watch(uint16_t port) {
        skeleton_->data_watching->watching.ports = 1;
        const __u32 index = port;
        const __u64 word = WATCH_ALWAYS;
        must(bpf_map_update_elem(bpf_map__fd(skeleton_->maps.watched), &index, &word, 0) == 0,
             "watch a port");
    }
    int plain() const { return bpf_program__fd(skeleton_->progs.see_packet); }
    int frags() const { return bpf_program__fd(skeleton_->progs.see_frags); }
    pinpipe::Ring &ring() { return ring_; }

    reader_losses losses() const {
        const __u32 zero = 0;
        reader_losses counts{};
        bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.losses), &zero, &counts);
        return counts;
    }

private:
    xdp *skeleton_;
    pinpipe::Ring ring_;
};

} // namespace bench
