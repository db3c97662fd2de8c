/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a message says: from the buffers that the process gave to its system call. After a send they
 * still hold what was sent (unless another thread has been at them), after a receive what was
 * received. io_uring's requests, splice and 32-bit callers have no such buffers: no payload.
 */
#ifndef PINPIPE_PAYLOAD_H
#define PINPIPE_PAYLOAD_H

#include "emit_socket.h"
#include "syscall.h"

/* Bytes that any reader may see, fixed by the loader. 0: the verifier takes all of this out. */
const volatile __u32 payload_limit;

#define SEGMENTS_MAX 16
#define PAYLOAD_MASK 0x7ff /* above PAYLOAD_MAX */

struct segment { /* struct iovec */
	__u64 base;
	__u64 length;
};

/* Appends up to length bytes to the payload. Returns its new length; 0: that memory is not there.
 */
static __always_inline __u32 append(struct scratch_area *s, __u32 at, const struct segment *from,
				    __u32 most)
{
	__u32 length = most - at;

	if (length > from->length)
		length = from->length;
	asm volatile("%0 &= 0x7ff" : "+r"(at));
	asm volatile("%0 &= 0x7ff" : "+r"(length));
	if (bpf_probe_read_user(s->payload + at, length, (void *)from->base))
		return 0;
	return at + length;
}

/* Up to most bytes of a message that has bytes. Returns how many there are in s->payload now. */
static __noinline __u32 read_payload(struct scratch_area *s, struct task_struct *task,
				     const struct sock *sk, const struct system_call *c, __u32 most)
{
	struct message_head head = {};
	struct segment segment = {};
	__u32 at = 0;

	if (!s || !c || !most || !is_socket(task, c->arg[0], sk))
		return 0;
	switch (c->call) {
	case CALL_READ:
	case CALL_SENDTO:
		segment.base = c->arg[1];
		segment.length = c->arg[2];
		return append(s, 0, &segment, most);
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
	for (__u32 i = 0; i < SEGMENTS_MAX; i++) {
		__u32 now;

		if (i >= head.segments || at >= most)
			break;
		if (bpf_probe_read_user(&segment, sizeof(segment),
					(void *)head.vector + i * sizeof(segment)))
			break;
		if (!segment.length)
			continue;
		now = append(s, at, &segment, most);
		if (!now)
			break;
		at = now;
	}
	return at;
}

#endif
