/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The only packet parser: Ethernet or bare IP, up to two VLAN tags, IPv4 with options, IPv6 with
 * extension headers, up to the header that the IP packet carries. Programs include xdp.h or skb.h,
 * which make the cursor, so all programs interpret a packet in the same way.
 */
#ifndef PINPIPE_PARSER_H
#define PINPIPE_PARSER_H

#include "bpf/packet/extensions.h"

#define MAX_VLANS 2

#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

struct vlan_tag {
	__u16 control;
	__u16 ethertype; /* of the header that follows */
};

/* Steps over the link header. Returns the ethertype in host order, or -1 where the frame ends. */
static __always_inline int parse_link(struct cursor *c, struct packet *p, bool raw_ip)
{
	struct vlan_tag *tag, tag_room;
	struct ethhdr *eth, room;
	__u16 ethertype;

	if (raw_ip)
		return ip_version(c);

	eth = peek(c, &room, ETH_HEADER);
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

/*
 * The number of bytes from offset start on, if it does not fit a 16-bit length (BIG TCP); else 0.
 */
static __always_inline __u32 jumbo_bytes(struct cursor *c, __u32 start)
{
	__u32 bytes = packet_bytes(c, ~0U) - start;

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
	if (packet_bytes(c, p->end) < p->end)
		return PACKET_TRUNCATED;
	if (fragment & IPV4_FRAGMENT_OFFSET)
		return PACKET_LATER;
	if (fragment & IPV4_MORE_FRAGMENTS)
		p->flags |= PACKET_FIRST_FRAGMENT;
	c->offset += header;
	return PACKET_WHOLE;
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
	if (packet_bytes(c, p->end) < p->end)
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

#endif
