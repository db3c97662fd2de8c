/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * From an event to the readers that asked for it. A program calls asked() before it parses anything
 * and emit() with what it found.
 *
 * All of it is shared by all programs: the maps below are the pinned ones of control.h.
 */
#ifndef PINPIPE_EMIT_H
#define PINPIPE_EMIT_H

#include "control.h"

/* Mapped by the readers, which set and clear their bits in it: a plain load, no map lookup. */
volatile struct wanted_record wanted SEC(".data.wanted");

struct control_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct reader_control));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_READERS);
	__type(key, __u32);
	__array(values, struct control_map);
} controls SEC(".maps");

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_READERS);
	__type(key, __u32);
	__array(values, struct ring_map);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_READERS);
	__type(key, __u32);
	__type(value, struct reader_losses);
} losses SEC(".maps");

const volatile __u32 ring_size = 4096;
const volatile __u32 reader_slots = MAX_READERS; /* the fewer, the less the verifier has to walk */

/* The readers that ask for a stream, a bit each. */
static __always_inline __u32 asked(enum stream stream)
{
	return wanted.readers[stream];
}

/* 1 if x is not 0, without a branch: eight readers' filters with branches overrun the verifier. */
static __always_inline __u64 nonzero(__u64 x)
{
	return (x | -x) >> 63;
}

static __always_inline __u64 differs(const union address *a, const union address *host,
				     const union address *mask)
{
	return nonzero(((a->halves[0] ^ host->halves[0]) & mask->halves[0]) |
		       ((a->halves[1] ^ host->halves[1]) & mask->halves[1]));
}

/* 1 if the filter leaves this message out, else 0. */
static __always_inline __u64 icmp_misses(const struct packet_filter *f, const struct icmp_record *r)
{
	return (differs(&r->src, &f->host, &f->host_mask) &
		differs(&r->dst, &f->host, &f->host_mask)) |
	       (~(f->hooks >> (r->hook & (MAX_HOOKS - 1))) & 1) |
	       (~(f->versions >> (r->flags & PACKET_IPV6 ? 6 : 4)) & 1);
}

/* Whether this record's arrival is a moment to wake the reader. Racing CPUs may wake it twice. */
static __always_inline __u64 wake_flags(struct reader_losses *l, __u64 now, __u32 bytes)
{
	__u64 unwoken = l->unwoken + bytes;

	if (unwoken < ring_size / WAKE_SHARE && now - l->woken < WAKE_AGE) {
		l->unwoken = unwoken;
		return BPF_RB_NO_WAKEUP;
	}
	l->unwoken = 0;
	l->woken = now;
	return BPF_RB_FORCE_WAKEUP;
}

/*
 * Copies the record to one reader, if its filter matches. The generation is read before the filter
 * and written by a claim after it: a record with the new generation has passed the new filter. A
 * map lookup that misses means a slot that was never made: nobody is there to read.
 */
static __always_inline void emit_icmp_to(__u32 reader, struct icmp_record *r)
{
	struct reader_control *control;
	struct reader_losses *l;
	void *ring, *slot;
	__u32 zero = 0;

	slot = bpf_map_lookup_elem(&controls, &reader);
	if (!slot)
		return;
	control = bpf_map_lookup_elem(slot, &zero);
	ring = bpf_map_lookup_elem(&rings, &reader);
	l = bpf_map_lookup_elem(&losses, &reader);
	if (!control || !ring || !l)
		return;

	r->generation = *(volatile __u16 *)&control->generation;
	if (icmp_misses(&control->icmp, r))
		return;
	if (!r->time)
		r->time = bpf_ktime_get_boot_ns();
	r->lost = l->lost[STREAM_ICMP];

	slot = bpf_ringbuf_reserve(ring, sizeof(*r), 0);
	if (!slot) {
		__sync_fetch_and_add(&l->lost[STREAM_ICMP], 1);
		return;
	}
	__builtin_memcpy(slot, r, sizeof(*r));
	__sync_fetch_and_add(&l->written[STREAM_ICMP], 1);
	bpf_ringbuf_submit(slot, wake_flags(l, r->time, sizeof(*r)));
}

static __always_inline void emit_icmp(__u32 readers, struct icmp_record *r)
{
	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (!(readers >> reader))
			break;
		if (readers >> reader & 1)
			emit_icmp_to(reader, r);
	}
}

#endif
