// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Packets of watched ports as an interface sends them. Always on to the next program: a look, never
 * a decision.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/packet/flow.h"
#include "bpf/ports/port_counts.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define TCX_NEXT -1

#define ETH_HEADER 14
#define VLAN_TAG   4
#define MAX_VLANS  2

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

const volatile __u8 hook_number;
const volatile bool raw_ip; /* frames begin with the IP header */

/* Offset of the IP header; 0: it is none, unless frames begin with it. */
static __always_inline __u32 find_ip(struct __sk_buff *skb)
{
	__u32 start = ETH_HEADER;
	__be16 type = 0;

	for (int i = 0; i <= MAX_VLANS; i++) {
		if (bpf_skb_load_bytes(skb, start - sizeof(type), &type, sizeof(type)))
			return 0;
		if (type != bpf_htons(ETHERTYPE_VLAN) && type != bpf_htons(ETHERTYPE_QINQ))
			break;
		start += VLAN_TAG;
	}
	return type == bpf_htons(ETHERTYPE_IPV4) || type == bpf_htons(ETHERTYPE_IPV6) ? start : 0;
}

/* What the device makes one packet of each: so many are sent. */
static __always_inline __u32 segments(const struct __sk_buff *skb)
{
	return skb->gso_segs ? skb->gso_segs : 1;
}

static __always_inline void count_fragment(__u32 packets)
{
	__u32 hook = hook_number;
	struct hook_counters *c = bpf_map_lookup_elem(&counters, &hook);

	if (c)
		c->sent_fragments += packets;
}

static __always_inline bool has_ports(__u8 proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

SEC("tc")
int see_sent(struct __sk_buff *skb)
{
	struct flow f = {};
	__u32 start = 0;
	int known;

	if (!watching.ports)
		return TCX_NEXT;
	if (!raw_ip) {
		start = find_ip(skb);
		if (!start)
			return TCX_NEXT;
	}
	known = read_flow(skb, start, &f);
	if (!has_ports(f.proto))
		return TCX_NEXT;
	if (known)
		count_watched(hook_number, COUNT_SENT, word_index(f.proto, f.src_port),
			      segments(skb), skb->wire_len);
	else if (f.later)
		count_fragment(segments(skb));
	return TCX_NEXT;
}
