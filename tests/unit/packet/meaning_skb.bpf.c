// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The parser as tc and cgroup programs use it. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/packet/skb.h"
#include "tests/unit/packet/tell.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("tc")
int tell_sent(struct __sk_buff *skb) {
    struct cursor c = skb_cursor(skb);

    tell_meaning(&c, raw_ip);
    return 0;
}

SEC("cgroup_skb/egress")
int tell_out(struct __sk_buff *skb) {
    struct cursor c = skb_cursor(skb);

    tell_meaning(&c, true);
    return 1;
}

SEC("cgroup_skb/ingress")
int tell_in(struct __sk_buff *skb) {
    struct cursor c = skb_cursor(skb);

    tell_meaning(&c, true);
    return 1;
}
