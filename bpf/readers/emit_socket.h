/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Socket events to the readers that asked. A record is built in a scratch area and copied to each
 * reader whose filter matches:
 *
 *   asking(readers, pid, session)  which of them may want it: before anything is gathered
 *   take_scratch()                 the fields that filters look at go there
 *   matching(readers, area)        which of them do want it, and how much payload
 *   emit_socket(readers, area)     with the rest filled in
 *
 * All of these are global functions: the verifier looks at each by itself, once, however often it
 * is called.
 */
#ifndef PINPIPE_EMIT_SOCKET_H
#define PINPIPE_EMIT_SOCKET_H

#include "bpf/readers/emit.h"

#define SCRATCH_AREAS	4
#define SCRATCH_PAYLOAD 4096 /* twice PAYLOAD_MAX and more: offset and length have a mask each */

/*
 * How far the buffers of a message have been read: here and not on the stack, where the verifier
 * would look at every state of it.
 */
struct buffer_walk {
	__u64 vector; /* their address */
	__u32 at;     /* bytes in the payload */
	__u32 most;   /* at most so many */
	__u64 skip;   /* bytes to leave out first */
};

/* Of any record. The payload stands behind a message_record without a gap. */
struct scratch_area {
	union {
		struct socket_record socket;
		struct message_record message;
		struct bind_record bind;
	};
	__u8 payload[SCRATCH_PAYLOAD];
	struct buffer_walk walk;
};

/* The largest record reaches into the room for payload. */
static __always_inline struct conn_record *conn_of(struct scratch_area *s)
{
	return (struct conn_record *)s;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_AREAS);
	__type(key, __u32);
	__type(value, struct scratch_area);
} scratch SEC(".maps");

/* Which areas of this CPU are in use, a bit each. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} scratch_use SEC(".maps");

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

/*
 * An area of this CPU that nobody uses: a program may be interrupted by another one. None is left:
 * the event is counted as lost to those who would have had it.
 */
static __always_inline bool take_scratch(__u32 *area)
{
	__u32 zero = 0;
	__u64 *use = bpf_map_lookup_elem(&scratch_use, &zero);

	if (!use)
		return false;
	for (__u32 i = 0; i < SCRATCH_AREAS; i++) {
		*area = i;
		if (!(__sync_fetch_and_or(use, 1ULL << i) >> i & 1))
			return true;
	}
	return false;
}

static __always_inline void give_back(__u32 area)
{
	__u32 zero = 0;
	__u64 *use = bpf_map_lookup_elem(&scratch_use, &zero);

	if (use)
		__sync_fetch_and_and(use, ~(1ULL << (area & (SCRATCH_AREAS - 1))));
}

static __always_inline struct scratch_area *scratch_of(__u32 area)
{
	return bpf_map_lookup_elem(&scratch, &area);
}

static __always_inline bool has_process(const struct socket_filter *f, __u32 pid, __u32 session)
{
	bool found = !f->pid_count;

	if (f->others_only && f->session == session)
		return false;
	if (found)
		return true;
	for (int i = 0; i < FILTER_PIDS; i++)
		found |= i < f->pid_count && f->pids[i] == pid;
	return found;
}

static __always_inline bool has_comm(const struct socket_filter *f, const struct socket_record *r)
{
	const __u64 *comm = (const __u64 *)r->process.comm;
	bool found = !f->comm_count;

	if (found)
		return true;
	for (int i = 0; i < FILTER_COMMS; i++)
		found |=
			i < f->comm_count && f->comms[i][0] == comm[0] && f->comms[i][1] == comm[1];
	return found;
}

static __always_inline bool in_range(const struct port_range *range, __u16 port)
{
	return port >= range->first && port <= range->last;
}

static __always_inline bool has_port(const struct socket_filter *f, const struct socket_record *r)
{
	bool found = !f->port_count;

	if (found)
		return true;
	for (int i = 0; i < FILTER_PORTS; i++)
		found |= i < f->port_count && (in_range(&f->ports[i], r->local_port) ||
					       in_range(&f->ports[i], r->remote_port));
	return found;
}

static __always_inline bool passes(const struct socket_filter *f, const struct socket_record *r)
{
	if (differs(&r->local, &f->host, &f->host_mask) &
	    differs(&r->remote, &f->host, &f->host_mask))
		return false;
	return f->protocols & r->protocol && f->directions >> (r->flags & SOCKET_OUT) & 1 &&
	       has_process(f, r->process.pid, r->process.session) && has_comm(f, r) &&
	       has_port(f, r);
}

/* 1 if a reader is among readers and its filter lets this process through, else 0. */
__noinline int lets_process(__u32 reader, __u32 pid, __u32 session)
{
	struct reader_control *control = control_of(reader);

	return control && has_process(&control->sockets, pid, session);
}

/* The same of the record. Above bit 0: how much payload it wants. */
__noinline int lets_record(__u32 reader, __u32 area)
{
	struct reader_control *control = control_of(reader);
	struct scratch_area *s = scratch_of(area);

	if (!s || !control || !passes(&control->sockets, &s->socket))
		return 0;
	return (control->sockets.payload & 0xffff) << 1 | 1;
}

/* Those of readers whose filter lets this process through. */
__noinline __u32 asking(__u32 readers, __u32 pid, __u32 session)
{
	__u32 found = 0;

	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (readers >> reader & 1)
			found |= (lets_process(reader, pid, session) & 1) << reader;
	}
	return found;
}

/* Those whose filter lets the record through; above bit 31: at least the payload they want. */
__noinline __u64 matching(__u32 readers, __u32 area)
{
	__u64 found = 0, wants;

	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (!(readers >> reader & 1))
			continue;
		wants = lets_record(reader, area);
		found |= (wants & 1) << reader | wants >> 1 << 32;
	}
	return found;
}

/*
 * Copies the record to one reader, if it is among readers and its filter matches. The generation is
 * read before the filter and written by a claim after it: a record with the new generation has
 * passed the new filter. size: of the record without payload.
 */
__noinline int emit_to(__u32 reader, __u32 area, __u32 size)
{
	struct reader_control *control = control_of(reader);
	struct scratch_area *s = scratch_of(area);
	void *ring = bpf_map_lookup_elem(&rings, &reader);
	struct reader_losses *l = bpf_map_lookup_elem(&losses, &reader);
	__u32 wanted_payload, there;
	struct socket_record *r;
	__u64 flags;
	__u8 stream;

	if (!s || !control || !ring || !l)
		return 0;
	r = &s->socket;
	stream = r->stream & (STREAMS - 1);
	r->generation = *(volatile __u16 *)&control->generation;
	if (!passes(&control->sockets, r))
		return 0;
	r->lost = l->lost[stream];
	there = 0;
	if (stream == STREAM_TCP || stream == STREAM_UDP) {
		there = s->message.payload;
		wanted_payload = control->sockets.payload;
		if (there > wanted_payload)
			s->message.payload = wanted_payload;
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

__noinline int emit_socket(__u32 readers, __u32 area, __u32 size)
{
	for (__u32 reader = 0; reader < reader_slots; reader++) {
		if (readers >> reader & 1)
			emit_to(reader, area, size);
	}
	return 0;
}

#endif
