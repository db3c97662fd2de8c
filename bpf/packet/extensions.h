/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The walk over the extension headers of IPv6: hop-by-hop and destination options, routing,
 * fragment, AH, mobility, HIP, SHIM6, in any order.
 */
#ifndef PINPIPE_EXTENSIONS_H
#define PINPIPE_EXTENSIONS_H

#include "bpf/packet/header_fields.h"

#define MAX_EXTENSIONS 16 /* a packet with more counts as malformed */

#define IPV6_MORE_FRAGMENTS  0x1
#define IPV6_FRAGMENT_OFFSET 0xfff8

/* The length of an extension header: (length byte & mask) + more, in units of 1 << shift bytes. */
struct extension {
	__u8 shift; /* 0: the protocol is no extension header */
	__u8 more;
	__u8 mask;
	__u8 offset; /* 0xff: this is a fragment header; else 0 */
};

/* A table, so that the walk needs no branch for each kind: the verifier follows every branch. */
static const struct extension extensions[256] = {
	[PROTO_HOPOPTS] = {.shift = 3, .more = 1, .mask = 0xff},
	[PROTO_ROUTING] = {.shift = 3, .more = 1, .mask = 0xff},
	[PROTO_FRAGMENT] = {.shift = 3, .more = 1, .offset = 0xff},
	[PROTO_AH] = {.shift = 2, .more = 2, .mask = 0xff},
	[PROTO_DSTOPTS] = {.shift = 3, .more = 1, .mask = 0xff},
	[PROTO_MOBILITY] = {.shift = 3, .more = 1, .mask = 0xff},
	[PROTO_HIP] = {.shift = 3, .more = 1, .mask = 0xff},
	[PROTO_SHIM6] = {.shift = 3, .more = 1, .mask = 0xff},
};

static __always_inline bool is_extension(__u8 proto)
{
	return extensions[proto].shift;
}

/* Where a walk ended, in one word: a global function can return no more. */
struct walk {
	__u16 offset; /* of the first header that is no extension */
	__u8 proto;   /* protocol of that header */
	__u8 flags;   /* PACKET_* */
	__u32 parsed; /* enum parsed */
};

union walk_word {
	struct walk walk;
	__u64 word;
};

static __always_inline enum parsed walk_extensions(struct cursor *c, struct walk *w, __u32 end)
{
	const struct extension *kind;
	struct frag_hdr *header, room;
	__u16 fragment;
	__u32 bytes;

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		kind = &extensions[w->proto];
		if (!kind->shift)
			return PACKET_WHOLE;
		c->offset = w->offset;
		if (c->offset + sizeof(room) > end)
			return PACKET_MALFORMED;
		header = peek(c, &room, sizeof(room));
		if (!header)
			return PACKET_TRUNCATED;
		bytes = ((header->reserved & kind->mask) + kind->more) << kind->shift;
		if (c->offset + bytes > end)
			return PACKET_MALFORMED;
		fragment = bpf_ntohs(header->frag_off) & (kind->offset << 8 | kind->offset);
		w->proto = header->nexthdr;
		w->offset = c->offset + bytes;
		if (fragment & IPV6_FRAGMENT_OFFSET)
			return PACKET_LATER;
		w->flags |= (fragment & IPV6_MORE_FRAGMENTS) * PACKET_FIRST_FRAGMENT;
	}
	return is_extension(w->proto) ? PACKET_MALFORMED : PACKET_WHOLE;
}

/*
 * Walks from start (a struct walk, as a word) at most to end, the offset behind the IP packet.
 * xdp.h and skb.h each define it by a global function, so that the verifier checks the loop once
 * and not once for each path to it.
 */
static __always_inline __u64 walk_apart(const struct cursor *c, __u64 start, __u32 end);

static __always_inline __u64 walk_from(struct cursor c, __u64 start, __u32 end)
{
	union walk_word at = {.word = start};

	at.walk.parsed = walk_extensions(&c, &at.walk, end);
	return at.word;
}

/* Moves the cursor of an IPv6 packet behind its extension headers. */
static __always_inline enum parsed parse_extensions(struct cursor *c, struct packet *p)
{
	union walk_word at = {.walk = {.offset = c->offset, .proto = p->proto}};

	if (!is_extension(p->proto))
		return PACKET_WHOLE;
	at.word = walk_apart(c, at.word, p->end);
	c->offset = at.walk.offset;
	p->proto = at.walk.proto;
	p->flags |= at.walk.flags;
	return at.walk.parsed;
}

#endif
