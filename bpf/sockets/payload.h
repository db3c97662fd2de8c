/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The payload of a message, read from the buffers that the process gave to its system call. After a
 * send they still hold what was sent (unless another thread has changed them), after a receive what
 * was received. Requests of io_uring, splice and 32-bit callers have no such buffers, hence no
 * payload.
 */
#ifndef PINPIPE_PAYLOAD_H
#define PINPIPE_PAYLOAD_H

#include "bpf/readers/emit_socket.h"
#include "bpf/sockets/system_call.h"

/*
 * Bytes of a message that readers may see, set by the loader. 0: the verifier removes the code
 * below.
 */
const volatile __u32 payload_limit;

#define SEGMENTS_MAX 128

struct segment { /* struct iovec */
	__u64 base;
	__u64 length;
};

/*
 * Appends a segment to the payload, without the bytes that are to be skipped. False: nothing more
 * fits, or the memory cannot be read.
 */
static __always_inline bool append(struct scratch_area *s, const struct segment *from)
{
	struct buffer_walk *w = &s->walk;
	__u64 over = w->skip < from->length ? w->skip : from->length;
	__u64 rest = from->length - over;
	__u32 at = w->at, length = w->most - at;

	w->skip -= over;
	if (length > rest)
		length = rest;
	asm volatile("%0 &= 0x7ff" : "+r"(at));
	asm volatile("%0 &= 0x7ff" : "+r"(length));
	if (bpf_probe_read_user(s->payload + at, length, (void *)(from->base + over)))
		return false; /* not mapped, or paged out */
	w->at = at + length;
	return w->at < w->most;
}

static long append_segment(__u32 number, struct scratch_area **area)
{
	struct scratch_area *s = *area;
	struct segment segment = {};

	if (bpf_probe_read_user(&segment, sizeof(segment),
				(void *)s->walk.vector + number * sizeof(segment)))
		return 1;
	return !append(s, &segment);
}

/* Reads up to most bytes of a message into s->payload. Returns how many were read. */
static __noinline __u32 read_payload(struct scratch_area *s, struct task_struct *task,
				     const struct sock *sk, const struct system_call *c, __u32 most)
{
	struct message_head head = {};
	struct segment segment = {};

	if (!s || !c || !most || !is_socket(task, c->arg[0], sk))
		return 0;
	s->walk.at = 0;
	s->walk.most = most;
	s->walk.skip = c->skip;
	switch (c->call) {
	case CALL_READ:
	case CALL_SENDTO:
		segment.base = c->arg[1];
		segment.length = c->arg[2];
		append(s, &segment);
		return s->walk.at;
	case CALL_READV:
		head.vector = c->arg[1];
		head.segments = c->arg[2];
		break;
	case CALL_SENDMSG:
	case CALL_SENDMMSG:
		if (!read_head(c, &head))
			return 0;
		break;
	default:
		return 0;
	}
	s->walk.vector = head.vector;
	if (head.segments > SEGMENTS_MAX)
		head.segments = SEGMENTS_MAX;
	bpf_loop(head.segments, append_segment, &s, 0);
	return s->walk.at;
}

#endif
