/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The parser for XDP programs.
 */
#ifndef PINPIPE_PACKET_XDP_H
#define PINPIPE_PACKET_XDP_H

#include "bpf/packet/parser.h"

/* frags: a constant, whether the program takes packets in several buffers. */
static __always_inline struct cursor xdp_cursor(struct xdp_md *ctx, bool frags)
{
	return (struct cursor){
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.buffer = frags ? BUFFER_XDP_FRAGS : BUFFER_XDP,
	};
}

__noinline __u64 walk_packet(struct xdp_md *ctx, __u64 start, __u32 end)
{
	return walk_from(xdp_cursor(ctx, false), start, end);
}

__noinline __u64 walk_frags(struct xdp_md *ctx, __u64 start, __u32 end)
{
	return walk_from(xdp_cursor(ctx, true), start, end);
}

static __always_inline __u64 walk_apart(const struct cursor *c, __u64 start, __u32 end)
{
	return c->buffer == BUFFER_XDP_FRAGS ? walk_frags(c->ctx, start, end)
					     : walk_packet(c->ctx, start, end);
}

#endif
