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

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_PREFIXES);
	__type(key, struct prefix_key);
	__type(value, __u64);
} prefixes SEC(".maps");

static __always_inline bool page_has(const struct page_record *page, __u16 port)
{
	return page->ports[port % PAGE_PORTS / 64] >> port % 64 & 1;
}

static __always_inline bool is_on_list(__u32 list, const union address *remote)
{
	struct prefix_key key = {.bits = 32 + 128, .list = list, .address = *remote};
	const __u64 *in = bpf_map_lookup_elem(&prefixes, &key);

	return in && *in;
}

#define NOT_ALLOWED (-1L)

/* The first list with this page that has the port and the remote end. */
static __noinline long list_for(struct page_key *key, const struct page_record *all, __u16 port,
				const union address *remote)
{
	const struct page_record *page;

	if (!key || !all)
		return NOT_ALLOWED;
	for (int i = 0; i < PAGE_LISTS; i++) {
		key->list = all->lists[i];
		if (!key->list)
			break;
		page = bpf_map_lookup_elem(&ports, key);
		if (page && page_has(page, port) && (!remote || is_on_list(key->list, remote)))
			return key->list;
	}
	return NOT_ALLOWED;
}

/* The number of the list by which a set has the port; 0: it has it with every remote end. */
static __always_inline long list_of_set(__u32 set, __u8 proto, __u8 side, __u16 port,
					const union address *remote)
{
	struct page_key key = {.set = set, .page = port / PAGE_PORTS, .proto = proto, .side = side};
	const struct page_record *page = bpf_map_lookup_elem(&ports, &key);

	if (!page)
		return NOT_ALLOWED;
	if (page_has(page, port))
		return 0;
	return page->lists[0] ? list_for(&key, page, port, remote) : NOT_ALLOWED;
}

/*
 * The number of the first of the label's subjects whose port set has the port with this remote end,
 * and in the upper half the list that has it; without a remote end, with any. Global, as resolve()
 * is.
 */
__noinline long subject_for(const struct label_record *l, __u8 proto, __u8 side, __u16 port,
			    const union address *remote)
{
	long list;

	if (!l)
		return NOT_ALLOWED;
	for (__u32 i = 0; i < LABEL_SETS; i++) {
		if (i >= l->count)
			break;
		list = list_of_set(l->sets[i], proto, side, port, remote);
		if (list >= 0)
			return list << 32 | l->numbers[i];
	}
	return NOT_ALLOWED;
}

static __always_inline void count_hit(__u32 number, __u8 proto, __u8 side, __u16 port, __u32 list)
{
	struct hit_key key = {
		.number = number, .port = port, .proto = proto, .side = side, .list = list};
	struct hit_record *hit = bpf_map_lookup_elem(&hits, &key), first = {.count = 1};

	if (!hit && bpf_map_update_elem(&hits, &key, &first, BPF_NOEXIST))
		hit = bpf_map_lookup_elem(&hits, &key); /* another CPU was first; or no room */
	else if (!hit)
		return;
	if (hit)
		__sync_fetch_and_add(&hit->count, 1);
}

/*
 * Whether the rules let the owner use the port on that side with this remote end; NULL: with some
 * remote end. count: add a hit if they do.
 */
static __always_inline bool may_use(const struct label_record *l, __u8 proto, __u8 side, __u16 port,
				    const union address *remote, bool count)
{
	long found = subject_for(l, proto, side, port, remote);

	if (found < 0)
		return false;
	if (count)
		count_hit(found, proto, side, port, found >> 32);
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
