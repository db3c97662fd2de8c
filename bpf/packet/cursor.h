/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A cursor: a position in a packet, in any kind of buffer. Every access to a packet's bytes goes
 * through peek(), which checks bounds.
 */
#ifndef PINPIPE_CURSOR_H
#define PINPIPE_CURSOR_H

#include "bpf/packet/headers.h"

#define MAX_HEADERS 0x9000 /* bytes: no header lies behind; a bound for the verifier */

/* What holds the packet: a constant in each program, so that the compiler drops the other cases. */
enum buffer {
	BUFFER_XDP,	  /* the single buffer of an XDP program */
	BUFFER_XDP_FRAGS, /* the first buffer of an XDP program, perhaps more */
	BUFFER_SKB,	  /* an skb: bytes are copied out of it */
	BUFFER_KERNEL,	  /* kernel memory, from data on: copied too */
};

struct cursor {
	void *ctx;    /* context of the program: struct xdp_md or __sk_buff; else NULL */
	void *data;   /* the packet's first byte; NULL for an skb */
	void *end;    /* XDP: behind the last byte of the first buffer */
	__u32 offset; /* of the next header, from the packet's first byte */
	enum buffer buffer;
};

/* Copies len bytes at offset to room. False: the packet ends before. */
static __always_inline bool copy_bytes(const struct cursor *c, __u32 offset, void *room, __u32 len)
{
	switch (c->buffer) {
	case BUFFER_XDP_FRAGS:
		return !bpf_xdp_load_bytes(c->ctx, offset, room, len);
	case BUFFER_SKB:
		return !bpf_skb_load_bytes(c->ctx, offset, room, len);
	case BUFFER_KERNEL:
		return !bpf_probe_read_kernel(room, len, c->data + offset);
	default:
		return false;
	}
}

/*
 * The next len bytes of the packet: in place, or copied to room (len bytes) where they do not all
 * lie in the first buffer. NULL: the packet ends before. The cursor stays.
 */
static __always_inline void *peek(struct cursor *c, void *room, __u32 len)
{
	__u32 offset = c->offset;

	barrier_var(offset); /* the verifier must see the register itself checked */
	if (offset > MAX_HEADERS)
		return NULL;
	if ((c->buffer == BUFFER_XDP || c->buffer == BUFFER_XDP_FRAGS) &&
	    c->data + offset + len <= c->end)
		return c->data + offset;
	return copy_bytes(c, offset, room, len) ? room : NULL;
}

/*
 * The length of the packet with its link header, in bytes. If at least `enough` bytes lie in the
 * first buffer, any value >= enough may be returned, which is cheap.
 */
static __always_inline __u32 packet_bytes(struct cursor *c, __u32 enough)
{
	__u32 first;

	if (c->buffer == BUFFER_SKB)
		return ((struct __sk_buff *)c->ctx)->len;
	first = c->end - c->data;
	barrier_var(first); /* the verifier refuses other code for this difference */
	if (c->buffer == BUFFER_XDP_FRAGS && first < enough)
		return bpf_xdp_get_buff_len(c->ctx);
	return first;
}

#endif
