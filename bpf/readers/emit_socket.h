/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Socket events to the readers that asked. A record is built in a scratch area and copied to each
 * reader whose filter matches:
 *
 *   asking(readers, pid)            which of them may want it: before anything is gathered
 *   begin_record(readers, stream)   the fields that filters look at go there
 *   emit_socket(readers, area, size)  to those that want it, or, where there is payload:
 *   matching(readers, area)         which of them want it; and how much payload, in the area
 *   emit_found(readers, area, size) to those, with the payload filled in
 *
 * All of these but begin_record() are global functions: the verifier looks at each by itself, once,
 * however often it is called.
 */
#ifndef PINPIPE_EMIT_SOCKET_H
#define PINPIPE_EMIT_SOCKET_H

#include "bpf/abi/usage.h"
#include "bpf/common/protocols.h"
#include "bpf/readers/emit.h"
#include "bpf/readers/filter.h"
#include "bpf/readers/scratch.h"

static __always_inline struct reader_control *control_of(__u32 reader)
{
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&controls, &reader);

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

__noinline int count_lost(__u32 readers, __u32 stream)
{
	for (__u32 reader = 0; reader < reader_slots; reader++) {
		struct reader_losses *l;
		__u32 key = reader;

		if (!(readers >> reader & 1))
			continue;
		l = bpf_map_lookup_elem(&losses, &key);
		if (l)
			__sync_fetch_and_add(&l->lost[stream & (STREAMS - 1)], 1);
	}
	return 0;
}

/* A scratch area with an all-zero record in it. NULL: none is left. */
static __always_inline struct scratch_area *begin_record(__u32 readers, enum stream stream,
							 __u32 *area)
{
	struct scratch_area *s;

	if (!take_scratch(area)) {
		count_lost(readers, stream);
		return NULL;
	}
	s = scratch_of(*area);
	if (!s)
		return NULL;
	__builtin_memset(s, 0, sizeof(struct conn_record));
	s->most = 0;
	s->socket.stream = stream;
	s->socket.time = bpf_ktime_get_boot_ns();
	return s;
}

/* One of PROTOCOL_*; 0: events of this protocol are not told. */
static __always_inline __u8 protocol_bit(__u8 proto)
{
	switch (proto) {
	case PROTO_TCP:
		return PROTOCOL_TCP;
	case PROTO_UDP:
		return PROTOCOL_UDP;
	case PROTO_UDPLITE:
		return PROTOCOL_UDPLITE;
	case USAGE_MPTCP:
		return PROTOCOL_MPTCP;
	}
	return 0;
}

/* 1 if a reader's filter lets this process through, else 0. */
__noinline int lets_process(__u32 reader, __u32 pid)
{
	struct reader_control *control = control_of(reader);

	return control && wants_process(&control->sockets, pid);
}

/* An event of a reader's own pipeline is left out. Returns 0. */
static __always_inline int count_own(__u32 reader, __u8 stream)
{
	struct reader_losses *l = bpf_map_lookup_elem(&losses, &reader);

	if (l)
		__sync_fetch_and_add(&l->own[stream & (STREAMS - 1)], 1);
	return 0;
}

/*
 * The same of the record in an area, and what of it the reader wants: its wish. The generation is
 * read before the filter and written by a claim after it: a record with the new generation has
 * passed the new filter.
 */
__noinline int lets_record(__u32 reader, __u32 area)
{
	struct reader_control *control = control_of(reader);
	struct scratch_area *s = scratch_of(area);
	struct wish *wish;

	if (!s || !control)
		return 0;
	wish = &s->wishes[reader & (MAX_READERS - 1)];
	/* Before the branches of the filter, and in memory: the verifier follows each of them. */
	*(volatile __u32 *)&wish->own = is_own(&control->sockets, &s->socket.process);
	wish->generation = *(volatile __u16 *)&control->generation;
	wish->payload = control->sockets.payload;
	if (!wants_event(&control->sockets, &s->socket))
		return 0;
	if (*(volatile __u32 *)&wish->own)
		return count_own(reader, s->socket.stream);
	if (s->most < wish->payload)
		s->most = wish->payload;
	return 1;
}

/* Those of readers whose filter lets this process through. */
__noinline __u32 asking(__u32 readers, __u32 pid)
{
	__u32 found = 0;

	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (readers >> reader & 1)
			found |= (lets_process(reader, pid) & 1) << reader;
	}
	return found;
}

/* Those whose filter lets the record through. */
__noinline __u32 matching(__u32 readers, __u32 area)
{
	__u32 found = 0;

	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (readers >> reader & 1)
			found |= (lets_record(reader, area) & 1) << reader;
	}
	return found;
}

/* Copies the record to one reader that matching() has found. size: without payload. */
__noinline int emit_to(__u32 reader, __u32 area, __u32 size)
{
	struct reader_losses *l = bpf_map_lookup_elem(&losses, &reader);
	void *ring = bpf_map_lookup_elem(&rings, &reader);
	struct scratch_area *s = scratch_of(area);
	struct socket_record *r;
	const struct wish *wish;
	__u32 there = 0;
	__u64 flags;
	__u8 stream;

	if (!s || !ring || !l)
		return 0;
	r = &s->socket;
	wish = &s->wishes[reader & (MAX_READERS - 1)];
	stream = r->stream & (STREAMS - 1);
	r->generation = wish->generation;
	r->lost = l->lost[stream];
	if (stream == STREAM_TCP || stream == STREAM_UDP) {
		there = s->message.payload;
		if (there > wish->payload)
			s->message.payload = wish->payload;
		size += s->message.payload;
	}
	if (size > sizeof(struct message_record) + PAYLOAD_MAX)
		return 0;
	flags = wake_flags(l, r->time, size);
	asm volatile("%0 &= 0xfff" : "+r"(size)); /* no change; the verifier has lost its bound */
	if (bpf_ringbuf_output(ring, s, size, flags))
		__sync_fetch_and_add(&l->lost[stream], 1);
	else
		__sync_fetch_and_add(&l->written[stream], 1);
	if (there)
		s->message.payload = there;
	return 0;
}

/* readers: that matching() has found. */
__noinline int emit_found(__u32 readers, __u32 area, __u32 size)
{
	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (readers >> reader & 1)
			emit_to(reader, area, size);
	}
	return 0;
}

/* A record without payload, to those of readers whose filter lets it through. */
__noinline int emit_socket(__u32 readers, __u32 area, __u32 size)
{
	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (readers >> reader & 1 && lets_record(reader, area))
			emit_to(reader, area, size);
	}
	return 0;
}

#endif
