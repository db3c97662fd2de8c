// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Programs that the benchmarks compare with: they do nothing, or the least that an event costs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} bare_ring SEC(".maps");

SEC("xdp")
int bare_pass(struct xdp_md *ctx) {
    return XDP_PASS;
}

/* Reserve 64 bytes, zero them, read the boot clock, submit. */
SEC("xdp")
int bare_event(struct xdp_md *ctx) {
    __u64 *event = bpf_ringbuf_reserve(&bare_ring, 64, 0);

    if (!event)
        return XDP_PASS;
    __builtin_memset(event, 0, 64);
    event[0] = bpf_ktime_get_boot_ns();
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    return XDP_PASS;
}

/* At the tracepoints of the socket probes; they do nothing. */
SEC("tp_btf/sock_send_length")
int bare_send(void *ctx) {
    return 0;
}

SEC("tp_btf/sock_recv_length")
int bare_receive(void *ctx) {
    return 0;
}
