/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counts packets of watched ports, for programs that see packets. */
#ifndef PINPIPE_PORT_COUNTS_H
#define PINPIPE_PORT_COUNTS_H

#include "bpf/common/protocols.h"
#include "bpf/ports/watched_ports.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_HOOKS);
	__type(key, __u32);
	__type(value, struct hook_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_COUNTS);
	__type(key, __u32);
	__type(value, struct count_record);
} port_counts SEC(".maps");

static __always_inline __u32 word_index(__u8 proto, __u16 port)
{
	return (proto == PROTO_UDP ? RULE_UDP << 16 : RULE_TCP << 16) | port;
}

/* Counts the first packet of a port. Without memory for an element it is added to uncounted. */
static __noinline int count_first(__u32 key, __u64 packets, __u64 bytes)
{
	struct count_record first = {};
	struct count_record *count;
	struct hook_counters *c;
	__u32 hook = key >> 24;

	bpf_map_update_elem(&port_counts, &key, &first, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&port_counts, &key);
	if (count) {
		count->packets += packets;
		count->bytes += bytes;
		return 0;
	}
	c = bpf_map_lookup_elem(&counters, &hook);
	if (c) {
		c->uncounted += packets;
		c->uncounted_bytes += bytes;
	}
	return 0;
}

/*
 * Counts packets of a port that the hook watches. hook: number of the program's hook. way:
 * COUNT_SENT or 0. index: below WATCHED_WORDS.
 */
static __always_inline void count_watched(__u8 hook, __u32 way, __u32 index, __u64 packets,
					  __u64 bytes)
{
	const __u64 *word = bpf_map_lookup_elem(&watched, &index);
	__u32 key = COUNT_KEY(hook, way, index);
	struct count_record *count;

	if (!word || !(*word >> (hook & 63) & 1))
		return;
	count = bpf_map_lookup_elem(&port_counts, &key);
	if (!count) {
		count_first(key, packets, bytes);
		return;
	}
	count->packets += packets;
	count->bytes += bytes;
}

#endif
