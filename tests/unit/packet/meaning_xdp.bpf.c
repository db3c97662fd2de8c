// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The parser as XDP programs use it. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/packet/xdp.h"
#include "tests/unit/packet/tell.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("xdp")
int tell_packet(struct xdp_md *ctx) {
    struct cursor c = xdp_cursor(ctx, false);

    tell_meaning(&c, raw_ip);
    return XDP_PASS;
}

SEC("xdp.frags")
int tell_frags(struct xdp_md *ctx) {
    struct cursor c = xdp_cursor(ctx, true);

    tell_meaning(&c, raw_ip);
    return XDP_PASS;
}
