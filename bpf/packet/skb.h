/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The parser for programs whose packet is an skb: at a cgroup, where the packet begins with its IP
 * header, or at an interface that sends it.
 */
#ifndef PINPIPE_PACKET_SKB_H
#define PINPIPE_PACKET_SKB_H

#include "bpf/packet/parser.h"

static __always_inline struct cursor skb_cursor(struct __sk_buff *skb)
{
	return (struct cursor){.ctx = skb, .buffer = BUFFER_SKB};
}

__noinline __u64 walk_skb(struct __sk_buff *skb, __u64 start, __u32 end)
{
	return walk_from(skb_cursor(skb), start, end);
}

static __always_inline __u64 walk_apart(const struct cursor *c, __u64 start, __u32 end)
{
	return walk_skb(c->ctx, start, end);
}

#endif
