// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Counts packets of watched ports as an interface sends them. It always passes the packet on to the
 * next program. It reads only packet formats, so it has no relocation against a kernel.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/packet/skb.h"
#include "bpf/ports/count_packet.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define TCX_NEXT -1

/* The number of packets that the device sends for this skb (segmentation offload). */
static __always_inline __u32 segments(const struct __sk_buff *skb)
{
	return skb->gso_segs ? skb->gso_segs : 1;
}

/* A function apart for packets that are not plain, which are few. */
static __noinline __u32 odd_skb(struct __sk_buff *skb)
{
	struct cursor c = skb_cursor(skb);

	return parsed_index(&c, COUNT_SENT, segments(skb), false);
}

SEC("tc")
int see_sent(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 index;

	if (!watching.ports)
		return TCX_NEXT;
	index = plain_index(data, end, skb->len, COUNT_SENT);
	if (index == NO_PORT)
		index = odd_skb(skb);
	if (index != NO_PORT)
		count_watched(hook_number, COUNT_SENT, index, segments(skb), skb->wire_len);
	return TCX_NEXT;
}
