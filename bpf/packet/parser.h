/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The one packet parser: Ethernet or bare IP, up to two VLAN tags, IPv4 with options, IPv6 with
 * extension headers in any order, up to the header that the IP packet carries.
 *
 * One cursor walks the frame; every access goes through peek(), which checks bounds against the
 * frame. A frame may lie in several buffers: what is beyond the first is copied out of them.
 */
#ifndef PINPIPE_PACKET_H
#define PINPIPE_PACKET_H

#include "bpf/abi/events.h"
#include "bpf/packet/headers.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

#define PROTO_HOPOPTS  0
#define PROTO_ICMP     1
#define PROTO_ROUTING  43
#define PROTO_FRAGMENT 44
#define PROTO_AH       51
#define PROTO_ICMPV6   58
#define PROTO_DSTOPTS  60
#define PROTO_MOBILITY 135
#define PROTO_HIP      139
#define PROTO_SHIM6    140

#define MAX_VLANS      2
#define MAX_EXTENSIONS 16     /* IPv6 extension headers; a packet with more counts as malformed */
#define MAX_HEADERS    0x9000 /* offset that no header reaches: a bound for the verifier */
#define ETH_HEADER     14
#define VLAN_TAG       4
#define IPV4_HEADER    20
#define IPV6_HEADER    40

#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff
#define IPV6_MORE_FRAGMENTS  0x1
#define IPV6_FRAGMENT_OFFSET 0xfff8

struct vlan_tag {
	__u16 control;
	__u16 ethertype; /* of what follows */
};

/* What a look at a frame came to. Only PACKET_WHOLE fills all of struct packet. */
enum parsed {
	PACKET_WHOLE,	  /* an IP packet; the cursor is at the header it carries */
	PACKET_LATER,	  /* a later fragment of one: that header is not here */
	PACKET_OTHER,	  /* not IP */
	PACKET_MALFORMED, /* headers contradict each other or the standard */
	PACKET_TRUNCATED, /* the frame is shorter than its headers say */
};

struct cursor {
	struct xdp_md *ctx;
	void *data;
	void *end;    /* of the first buffer */
	__u32 offset; /* of the next header */
	bool frags;   /* constant: there may be more buffers than the first */
};

/* All offsets count bytes from the frame's start. */
struct packet {
	__u32 start; /* offset of the IP header */
	__u32 end;   /* offset behind the IP packet: end - start is its length */
	__u32 tags;  /* the VLAN tags' control words, host order: outer | inner << 16 */
	__u8 proto;  /* of the header at the cursor */
	__u8 flags;  /* PACKET_* of events.h */
};

/*
 * The next len bytes of the frame: in place, or copied to room (len bytes) where they are not all
 * in the first buffer. NULL: the frame ends before. The cursor stays.
 */
static __always_inline void *peek(struct cursor *c, void *room, __u32 len)
{
	__u32 offset = c->offset;

	barrier_var(offset); /* the verifier must see this very register checked */
	if (offset > MAX_HEADERS)
		return NULL;
	if (c->data + offset + len <= c->end)
		return c->data + offset;
	if (c->frags && !bpf_xdp_load_bytes(c->ctx, offset, room, len))
		return room;
	return NULL;
}

/* Bytes of the frame. Cheap when bytes up to enough lie in the first buffer, then any value >=
 * enough. */
static __always_inline __u32 frame_bytes(struct cursor *c, __u32 enough)
{
	__u32 first = c->end - c->data;

	if (c->frags && first < enough)
		return bpf_xdp_get_buff_len(c->ctx);
	return first;
}

/* Steps over the link header. Returns the ethertype in host order, or -1 where the frame ends. */
static __always_inline int parse_link(struct cursor *c, struct packet *p, bool raw_ip)
{
	__u8 room[ETH_HEADER];
	struct vlan_tag *tag, tag_room;
	struct ethhdr *eth;
	__u16 ethertype;
	__u8 *first;

	if (raw_ip) {
		first = peek(c, room, 1);
		if (!first)
			return -1;
		return *first >> 4 == 4 ? ETHERTYPE_IPV4 : *first >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
	}

	eth = peek(c, room, ETH_HEADER);
	if (!eth)
		return -1;
	ethertype = bpf_ntohs(eth->h_proto);
	c->offset += ETH_HEADER;

#pragma unroll
	for (int i = 0; i < MAX_VLANS; i++) {
		if (ethertype != ETHERTYPE_VLAN && ethertype != ETHERTYPE_QINQ)
			break;
		tag = peek(c, &tag_room, VLAN_TAG);
		if (!tag)
			return -1;
		p->tags |= (__u32)bpf_ntohs(tag->control) << 16 * i;
		p->flags++; /* PACKET_VLANS */
		ethertype = bpf_ntohs(tag->ethertype);
		c->offset += VLAN_TAG;
	}
	return ethertype;
}

/* Bytes from offset start on, if they are too many for a 16-bit length (BIG TCP); else 0. */
static __always_inline __u32 jumbo_bytes(struct cursor *c, __u32 start)
{
	__u32 bytes = frame_bytes(c, ~0U) - start;

	return bytes > 0xffff ? bytes : 0;
}

static __always_inline enum parsed parse_ipv4(struct cursor *c, struct packet *p)
{
	__u32 header, length;
	struct iphdr *ip, room;
	__u16 fragment;

	ip = peek(c, &room, IPV4_HEADER);
	if (!ip)
		return PACKET_TRUNCATED;
	header = ip->ihl * 4;
	length = bpf_ntohs(ip->tot_len);
	if (!length)
		length = jumbo_bytes(c, c->offset);
	if (ip->version != 4 || header < IPV4_HEADER || length < header)
		return PACKET_MALFORMED;
	p->proto = ip->protocol;
	fragment = bpf_ntohs(ip->frag_off);

	p->start = c->offset;
	p->end = p->start + length;
	if (frame_bytes(c, p->end) < p->end)
		return PACKET_TRUNCATED;
	if (fragment & IPV4_FRAGMENT_OFFSET)
		return PACKET_LATER;
	if (fragment & IPV4_MORE_FRAGMENTS)
		p->flags |= PACKET_FIRST_FRAGMENT;
	c->offset += header;
	return PACKET_WHOLE;
}

/* Bit n of these words: header n is an extension header (0 to 63; 128 to 191), with a length byte.
 */
#define EXTENSIONS_LOW (1ULL << PROTO_HOPOPTS | 1ULL << PROTO_ROUTING | 1ULL << PROTO_DSTOPTS)
#define EXTENSIONS_HIGH \
	(1ULL << (PROTO_MOBILITY - 128) | 1ULL << (PROTO_HIP - 128) | 1ULL << (PROTO_SHIM6 - 128))

/* Bytes of extension header proto whose second byte is length; 0 if proto is none. */
static __always_inline __u32 extension_bytes(__u8 proto, __u8 length)
{
	__u64 set = proto < 64 ? EXTENSIONS_LOW : proto & 64 ? 0 : EXTENSIONS_HIGH;

	if (set >> (proto & 63) & 1)
		return (length + 1) * 8;
	if (proto == PROTO_AH)
		return (length + 2) * 4;
	if (proto == PROTO_FRAGMENT)
		return 8;
	return 0;
}

/* Where a walk over extension headers ended, in one word: what a function of its own can return. */
struct walk {
	__u16 offset; /* of the header that is no extension */
	__u8 proto;   /* of it */
	__u8 flags;   /* PACKET_* */
	__u32 parsed; /* enum parsed */
};

union walk_word {
	struct walk walk;
	__u64 word;
};

static __always_inline enum parsed walk_extensions(struct cursor *c, struct walk *w, __u32 end)
{
	struct frag_hdr *extension, room;
	__u16 fragment;
	__u32 bytes;

	for (int i = 0; i < MAX_EXTENSIONS; i++) {
		if (!extension_bytes(w->proto, 0))
			return PACKET_WHOLE;
		c->offset = w->offset;
		if (c->offset + sizeof(room) > end)
			return PACKET_MALFORMED;
		extension = peek(c, &room, sizeof(room));
		if (!extension)
			return PACKET_TRUNCATED;
		bytes = extension_bytes(w->proto, extension->reserved);
		if (c->offset + bytes > end)
			return PACKET_MALFORMED;
		fragment = w->proto == PROTO_FRAGMENT ? bpf_ntohs(extension->frag_off) : 0;
		w->proto = extension->nexthdr;
		w->offset = c->offset + bytes;
		if (fragment & IPV6_FRAGMENT_OFFSET)
			return PACKET_LATER;
		if (fragment & IPV6_MORE_FRAGMENTS)
			w->flags = PACKET_FIRST_FRAGMENT;
	}
	return extension_bytes(w->proto, 0) ? PACKET_MALFORMED : PACKET_WHOLE;
}

/*
 * Global functions, so that the verifier walks over the loop once and not once for each way that
 * leads to it. start: a struct walk; end: offset behind the IP packet.
 */
static __always_inline __u64 walk_from(struct xdp_md *ctx, __u64 start, __u32 end, bool frags)
{
	union walk_word at = {.word = start};
	struct cursor c = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.frags = frags,
	};

	at.walk.parsed = walk_extensions(&c, &at.walk, end);
	return at.word;
}

__noinline __u64 walk_packet(struct xdp_md *ctx, __u64 start, __u32 end)
{
	return walk_from(ctx, start, end, false);
}

__noinline __u64 walk_frags(struct xdp_md *ctx, __u64 start, __u32 end)
{
	return walk_from(ctx, start, end, true);
}

static __always_inline enum parsed parse_extensions(struct cursor *c, struct packet *p)
{
	union walk_word at = {.walk = {.offset = c->offset, .proto = p->proto}};

	if (!extension_bytes(p->proto, 0))
		return PACKET_WHOLE;
	at.word = c->frags ? walk_frags(c->ctx, at.word, p->end)
			   : walk_packet(c->ctx, at.word, p->end);
	c->offset = at.walk.offset;
	p->proto = at.walk.proto;
	p->flags |= at.walk.flags;
	return at.walk.parsed;
}

static __always_inline enum parsed parse_ipv6(struct cursor *c, struct packet *p)
{
	struct ipv6hdr *ip, room;
	__u32 length;

	ip = peek(c, &room, IPV6_HEADER);
	if (!ip)
		return PACKET_TRUNCATED;
	if (ip->version != 6)
		return PACKET_MALFORMED;
	length = bpf_ntohs(ip->payload_len) + IPV6_HEADER;
	if (length == IPV6_HEADER && jumbo_bytes(c, c->offset))
		length = jumbo_bytes(c, c->offset);
	p->flags |= PACKET_IPV6;
	p->proto = ip->nexthdr;

	p->start = c->offset;
	p->end = p->start + length;
	if (frame_bytes(c, p->end) < p->end)
		return PACKET_TRUNCATED;
	c->offset += IPV6_HEADER;
	return parse_extensions(c, p);
}

/* Walks c from the frame's start to the header that the IP packet carries. p: all zero. */
static __always_inline enum parsed parse_packet(struct cursor *c, struct packet *p, bool raw_ip)
{
	switch (parse_link(c, p, raw_ip)) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(c, p);
	case ETHERTYPE_IPV6:
		return parse_ipv6(c, p);
	case -1:
		return PACKET_TRUNCATED;
	default:
		return PACKET_OTHER;
	}
}

/*
 * Copies the addresses and the TTL of a parsed packet; the cursor comes to its IP header. false:
 * the header is not there, which cannot be once it has been parsed.
 */
static __always_inline bool copy_addresses(struct cursor *c, const struct packet *p,
					   union address *src, union address *dst, __u8 *ttl)
{
	struct ipv6hdr *ip6, room6;
	struct iphdr *ip, room;

	c->offset = p->start;
	if (p->flags & PACKET_IPV6) {
		ip6 = peek(c, &room6, IPV6_HEADER);
		if (!ip6)
			return false;
		__builtin_memcpy(src, &ip6->saddr, sizeof(*src));
		__builtin_memcpy(dst, &ip6->daddr, sizeof(*dst));
		*ttl = ip6->hop_limit;
		return true;
	}
	ip = peek(c, &room, IPV4_HEADER);
	if (!ip)
		return false;
	src->halves[0] = dst->halves[0] = 0;
	src->words[2] = dst->words[2] = bpf_htonl(0xffff);
	src->words[3] = ip->saddr;
	dst->words[3] = ip->daddr;
	*ttl = ip->ttl;
	return true;
}

#endif
