/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A short cut for plain packets: Ethernet, IP without options, TCP or UDP, not a fragment. Most
 * packets are plain, and a few loads are enough for them; all others go through parse_packet(). For
 * a plain packet both give the same answer.
 */
#ifndef PINPIPE_PLAIN_H
#define PINPIPE_PLAIN_H

#include "bpf/packet/parser.h"

/* The frame up to the ports; aligned to 2 bytes, as frames are. */
struct plain_ipv4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct ports ports;
} __attribute__((packed, aligned(2)));

struct plain_ipv6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct ports ports;
} __attribute__((packed, aligned(2)));

static __always_inline bool is_tcp_or_udp(__u8 proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

/*
 * Stores the ports and the protocol of a plain packet. False: it is not plain. data, end: the part
 * that can be read directly. bytes: the length of the whole packet.
 */
static __always_inline bool plain_ports(const void *data, const void *end, __u32 bytes, __u8 *proto,
					struct ports *ports)
{
	const struct plain_ipv4 *v4 = data;
	const struct plain_ipv6 *v6 = data;
	__u32 length;

	if (data + sizeof(*v4) > end)
		return false;
	if (v4->eth.h_proto == bpf_htons(ETHERTYPE_IPV4)) {
		*proto = v4->ip.protocol;
		*ports = v4->ports;
		length = bpf_ntohs(v4->ip.tot_len);
		return *(const __u8 *)&v4->ip == 0x45 && is_tcp_or_udp(*proto) &&
		       !(v4->ip.frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) &&
		       length >= IPV4_HEADER + least_bytes(*proto) && ETH_HEADER + length <= bytes;
	}
	if (v4->eth.h_proto != bpf_htons(ETHERTYPE_IPV6) || data + sizeof(*v6) > end)
		return false;
	*proto = v6->ip.nexthdr;
	*ports = v6->ports;
	length = bpf_ntohs(v6->ip.payload_len);
	return v6->ip.version == 6 && is_tcp_or_udp(*proto) && length >= least_bytes(*proto) &&
	       ETH_HEADER + IPV6_HEADER + length <= bytes;
}

#endif
