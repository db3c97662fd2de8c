// SPDX-License-Identifier: MIT
// Measures what a packet costs in the XDP program, compared with programs that do nothing or only
// the least.
#include "tests/bench/bench.h"
#include "tests/bench/program.h"

#include "tests/bench/bare.skel.h"

#include <sys/mman.h>

namespace {

constexpr int pairs = 25;
constexpr int idle_runs = 200'000;
constexpr int ring_runs =
    10'000; // as many as the ring holds, so that nothing is lost and timed as cheap

// The ring of bare.bpf.c, emptied by moving its consumer position.
class BareRing {
public:
    explicit BareRing(int fd) {
        consumer_ =
            static_cast<uint64_t *>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
        producer_ = static_cast<uint64_t *>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 4096));
        bench::must(consumer_ != MAP_FAILED && producer_ != MAP_FAILED, "map the bare ring");
    }
    void skip() { *consumer_ = *producer_; }

private:
    uint64_t *consumer_, *producer_;
};

} // namespace

int main() {
    bare *const peer = bare::open_and_load();
    bench::must(peer, "load the bare programs");
    BareRing bare_ring(bpf_map__fd(peer->maps.bare_ring));
    const int pass = bpf_program__fd(peer->progs.bare_pass);
    const int event = bpf_program__fd(peer->progs.bare_event);
    bench::Program ours;
    const auto icmp = bench::frame(), tcp = bench::frame(1, 6), udp = bench::frame(1, 17);

    const auto idle = [&](const char *what, int program, const std::vector<unsigned char> &f,
                          double most = 2.0) {
        bench::tell(what,
                    bench::in_pairs(
                        pairs, [&] { return bench::run(program, f, idle_runs); },
                        [&] { return bench::run(pass, f, idle_runs); }),
                    "ns", most, true);
    };
    const auto one_reader = [&](const char *what, int program) {
        bench::tell(what,
                    bench::in_pairs(
                        pairs,
                        [&] {
                            ours.ring().skip();
                            return bench::run(program, icmp, ring_runs);
                        },
                        [&] {
                            bare_ring.skip();
                            return bench::run(event, icmp, ring_runs);
                        }),
                    "ns", 1.3, true);
    };

    ours.ask(false);
    idle("xdp, TCP, no reader : bare XDP_PASS", ours.frags(), tcp);
    idle("xdp, UDP, no reader : bare XDP_PASS", ours.frags(), udp);
    idle("xdp, ICMP, no reader : bare XDP_PASS", ours.frags(), icmp);
    ours.ask(true);
    idle("xdp, TCP, an ICMP reader : bare XDP_PASS", ours.frags(), tcp);
    one_reader("xdp, ICMP, one reader : bare 64-byte event", ours.plain());
    one_reader("xdp.frags, ICMP, one reader : bare 64-byte event", ours.frags());
    const reader_losses counts = ours.losses();
    if (counts.lost[STREAM_ICMP]) {
        std::printf("the ring overflowed (%llu): these figures are not of whole events\n",
                    static_cast<unsigned long long>(counts.lost[STREAM_ICMP]));
        return 1;
    }
    ours.ask(false);
    ours.watch(1);
    idle("xdp, TCP, another port is watched : bare XDP_PASS", ours.frags(), tcp);
    idle("xdp, UDP, another port is watched : bare XDP_PASS", ours.frags(), udp);
    ours.watch(bench::frame_port);
    idle("xdp, TCP, its port is watched : bare XDP_PASS", ours.frags(), tcp, 2.5);
    bare::destroy(peer);
    return bench::failures ? 1 : 0;
}
