/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Room for socket records while they are built: too large for a program's stack.
 */
#ifndef PINPIPE_SCRATCH_H
#define PINPIPE_SCRATCH_H

#include "bpf/abi/control.h"

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

/* What a reader's claim wants of the record. */
struct wish {
	__u16 generation; /* of the claim, read before its filter */
	__u16 payload;	  /* bytes of it at most */
	__u32 own;	  /* 1: of the reader's own pipeline, to be left out */
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
	struct wish wishes[MAX_READERS]; /* of those that matching() has found */
	__u32 most;			 /* payload that one of them wants at most */
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

#endif
