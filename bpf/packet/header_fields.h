/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Reads version, addresses and ports of a packet whose header offsets are known. */
#ifndef PINPIPE_HEADER_FIELDS_H
#define PINPIPE_HEADER_FIELDS_H

#include "bpf/abi/events.h"
#include "bpf/common/address.h"
#include "bpf/common/protocols.h"
#include "bpf/packet/cursor.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

#define ETH_HEADER  14
#define VLAN_TAG    4
#define IPV4_HEADER 20 /* without options */
#define IPV6_HEADER 40
#define TCP_HEADER  20 /* without options */
#define UDP_HEADER  8

/* The result of parsing. Only PACKET_WHOLE fills everything that was asked for. */
enum parsed {
	PACKET_WHOLE,	  /* an IP packet; the cursor is at its payload's header */
	PACKET_LATER,	  /* a later fragment: the payload's header is not here */
	PACKET_OTHER,	  /* not IP; or not a protocol with ports */
	PACKET_MALFORMED, /* headers contradict each other or the standard */
	PACKET_TRUNCATED, /* the packet is shorter than its headers say */
};

/* Offsets count bytes from the packet's first byte, which may belong to a link header. */
struct packet {
	__u32 start; /* offset of the IP header */
	__u32 end;   /* offset behind the IP packet: end - start is its length; 0: no IP header */
	__u32 tags;  /* VLAN tag control words, host order: outer | inner << 16 */
	__u8 proto;  /* protocol of the header at the cursor */
	__u8 flags;  /* PACKET_* of events.h */
};

/* The beginning of each header that has ports. */
struct ports {
	__be16 source;
	__be16 dest;
};

/*
 * The IP version as an ethertype in host order, from the first byte of a packet without a link
 * header. 0: not IP; -1: no byte is there.
 */
static __always_inline int ip_version(struct cursor *c)
{
	__u8 room[1];
	__u8 *first = peek(c, room, sizeof(room));

	if (!first)
		return -1;
	return *first >> 4 == 4 ? ETHERTYPE_IPV4 : *first >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
}

/*
 * Copies the addresses and the TTL of a packet whose start and version (in flags) are known, and
 * moves the cursor to its IP header. False: the header is not there, which cannot happen after
 * parsing.
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
	map_ipv4(src, ip->saddr);
	map_ipv4(dst, ip->daddr);
	*ttl = ip->ttl;
	return true;
}

static __always_inline bool has_ports(__u8 proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_UDPLITE ||
	       proto == PROTO_DCCP || proto == PROTO_SCTP;
}

/*
 * The least length in bytes of a header with ports. Of protocols other than TCP only the first 8
 * bytes are required.
 */
static __always_inline __u32 least_bytes(__u8 proto)
{
	return proto == PROTO_TCP ? TCP_HEADER : UDP_HEADER;
}

/*
 * Reads the ports of a whole packet whose protocol has ports; the cursor is at the header with
 * them.
 */
static __always_inline enum parsed read_ports(struct cursor *c, const struct packet *p,
					      struct ports *ports)
{
	struct ports *there, room;

	if (c->offset + least_bytes(p->proto) > p->end)
		return PACKET_MALFORMED;
	there = peek(c, &room, sizeof(room));
	if (!there)
		return PACKET_TRUNCATED;
	ports->source = there->source;
	ports->dest = there->dest;
	return PACKET_WHOLE;
}

#endif
