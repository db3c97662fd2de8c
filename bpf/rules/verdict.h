/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The verdict: whether the rules let the owner of a socket use a port. */
#ifndef PINPIPE_VERDICT_H
#define PINPIPE_VERDICT_H

#include "bpf/common/protocols.h"
#include "bpf/rules/label.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_PAGES);
	__type(key, struct page_key);
	__type(value, struct page_record);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_HITS);
	__type(key, struct hit_key);
	__type(value, struct hit_record);
} hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PEERS);
	__type(key, struct peer_key);
	__type(value, __u64);
} peers SEC(".maps");

static __always_inline bool set_has(__u32 set, __u8 proto, __u8 side, __u16 port)
{
	struct page_key key = {.set = set, .page = port / PAGE_PORTS, .proto = proto, .side = side};
	const struct page_record *page = bpf_map_lookup_elem(&ports, &key);

	return page && page->ports[port % PAGE_PORTS / 64] >> port % 64 & 1;
}

/* The number of the first of the label's subjects whose port set has the port; -1: none. */
static __noinline long subject_for(const struct label_record *l, __u8 proto, __u8 side, __u16 port)
{
	if (!l)
		return -1;
	for (__u32 i = 0; i < LABEL_SETS; i++) {
		if (i >= l->count)
			break;
		if (set_has(l->sets[i], proto, side, port))
			return l->numbers[i];
	}
	return -1;
}

static __always_inline void count_hit(__u32 number, __u8 proto, __u8 side, __u16 port)
{
	struct hit_key key = {.number = number, .port = port, .proto = proto, .side = side};
	struct hit_record *hit = bpf_map_lookup_elem(&hits, &key), first = {.count = 1};

	if (!hit && bpf_map_update_elem(&hits, &key, &first, BPF_NOEXIST))
		hit = bpf_map_lookup_elem(&hits, &key); /* another CPU was first; or no room */
	else if (!hit)
		return;
	if (hit)
		__sync_fetch_and_add(&hit->count, 1);
}

/* Whether the rules let the owner use the port on that side. count: add a hit if they do. */
static __always_inline bool may_use(const struct label_record *l, __u8 proto, __u8 side, __u16 port,
				    bool count)
{
	long number = subject_for(l, proto, side, port);

	if (number < 0)
		return false;
	if (count)
		count_hit(number, proto, side, port);
	return true;
}

static __always_inline bool is_icmp(__u32 protocol)
{
	return protocol == PROTO_ICMP || protocol == PROTO_ICMPV6;
}

/* Whether the rules let the owner use sockets of ICMP. */
static __always_inline bool may_use_icmp(const struct label_record *l, __u32 protocol)
{
	return l->flags & LABEL_ICMP && is_icmp(protocol);
}

#endif
