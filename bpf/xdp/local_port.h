/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counts a received packet by its local port. */
#ifndef PINPIPE_LOCAL_PORT_H
#define PINPIPE_LOCAL_PORT_H

#include "bpf/packet/xdp.h"
#include "bpf/ports/count_packet.h"

/* Functions apart for packets that are not plain, which are few. */
__noinline __u32 odd_packet(struct xdp_md *ctx, __u32 told)
{
	struct cursor c = xdp_cursor(ctx, false);

	return parsed_index(&c, 0, 1, told);
}

__noinline __u32 odd_frags(struct xdp_md *ctx, __u32 told)
{
	struct cursor c = xdp_cursor(ctx, true);

	return parsed_index(&c, 0, 1, told);
}

static __always_inline void count_port(struct xdp_md *ctx, __u32 told, bool frags)
{
	struct cursor c = xdp_cursor(ctx, frags);
	__u32 bytes = c.end - c.data;
	__u32 index = plain_index(c.data, c.end, bytes, 0);

	if (index == NO_PORT) {
		index = frags ? odd_frags(ctx, told) : odd_packet(ctx, told);
		if (index == NO_PORT)
			return;
		bytes = packet_bytes(&c, ~0U);
	}
	count_watched(hook_number, 0, index, 1, bytes);
}

#endif
