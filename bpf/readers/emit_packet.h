/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Packets to the readers that asked. Without a branch in the filters, for the verifier's sake: the
 * loop over the readers is unrolled into the program.
 */
#ifndef PINPIPE_EMIT_PACKET_H
#define PINPIPE_EMIT_PACKET_H

#include "bpf/readers/emit.h"
#include "bpf/readers/filter.h"

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
	if (misses_packet(&control->icmp, r))
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
