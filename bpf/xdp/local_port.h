/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The local port of a packet that was received, and its count.
 *
 * Most packets are plain: Ethernet, IP without options, TCP or UDP, not a fragment. For those a few
 * loads are enough. All others go through the parser.
 */
#ifndef PINPIPE_PORT_H
#define PINPIPE_PORT_H

#include "bpf/packet/parser.h"
#include "bpf/ports/port_counts.h"

#define TCP_HEADER 20
#define UDP_HEADER 8

const volatile __u8 hook_number;
const volatile bool raw_ip; /* frames begin with the IP header */

struct ports {
	__be16 source;
	__be16 dest;
};

struct plain_ipv4 {
	struct ethhdr eth;
	struct iphdr ip;
	struct ports ports;
} __attribute__((packed));

struct plain_ipv6 {
	struct ethhdr eth;
	struct ipv6hdr ip;
	struct ports ports;
} __attribute__((packed));

static __always_inline bool has_ports(__u8 proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

static __always_inline __u32 least_bytes(__u8 proto)
{
	return proto == PROTO_TCP ? TCP_HEADER : UDP_HEADER;
}

/*
 * The index of its word in watched; NO_PORT: it is not plain. bytes: of the first buffer, which
 * holds all of a plain packet.
 */
static __always_inline __u32 plain_index(const void *data, const void *end, __u32 bytes)
{
	const struct plain_ipv4 *v4 = data;
	const struct plain_ipv6 *v6 = data;
	__u32 length;

	if (data + sizeof(*v4) > end)
		return NO_PORT;
	if (v4->eth.h_proto == bpf_htons(ETHERTYPE_IPV4)) {
		length = bpf_ntohs(v4->ip.tot_len);
		if (*(const __u8 *)&v4->ip != 0x45 || !has_ports(v4->ip.protocol) ||
		    v4->ip.frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET) ||
		    length < IPV4_HEADER + least_bytes(v4->ip.protocol) ||
		    ETH_HEADER + length > bytes)
			return NO_PORT;
		return word_index(v4->ip.protocol, bpf_ntohs(v4->ports.dest));
	}
	if (v4->eth.h_proto != bpf_htons(ETHERTYPE_IPV6) || data + sizeof(*v6) > end)
		return NO_PORT;
	length = bpf_ntohs(v6->ip.payload_len);
	if (v6->ip.version != 6 || !has_ports(v6->ip.nexthdr) ||
	    length < least_bytes(v6->ip.nexthdr) || ETH_HEADER + IPV6_HEADER + length > bytes)
		return NO_PORT;
	return word_index(v6->ip.nexthdr, bpf_ntohs(v6->ports.dest));
}

/* What came of a look through the parser. told: what cannot be parsed has been counted already. */
static __always_inline void count_apart(enum parsed parsed, const struct packet *p, bool told)
{
	__u32 hook = hook_number;
	struct hook_counters *c;

	if (parsed == PACKET_OTHER || (parsed == PACKET_LATER && !has_ports(p->proto)) ||
	    (parsed != PACKET_LATER && told))
		return;
	c = bpf_map_lookup_elem(&counters, &hook);
	if (!c)
		return;
	if (parsed == PACKET_LATER)
		c->port_fragments++;
	else if (parsed == PACKET_MALFORMED)
		c->malformed++;
	else
		c->truncated++;
}

static __always_inline int count_parsed(struct xdp_md *ctx, __u32 told, bool frags)
{
	struct cursor c = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.frags = frags,
	};
	struct ports *ports, room;
	struct packet p = {};
	enum parsed parsed = parse_packet(&c, &p, raw_ip);

	if (parsed == PACKET_WHOLE) {
		if (!has_ports(p.proto))
			return 0;
		if (c.offset + least_bytes(p.proto) > p.end) {
			count_apart(PACKET_MALFORMED, &p, false);
			return 0;
		}
		ports = peek(&c, &room, sizeof(room));
		if (ports) {
			count_watched(hook_number, 0, word_index(p.proto, bpf_ntohs(ports->dest)),
				      1, frame_bytes(&c, ~0U));
			return 0;
		}
		count_apart(PACKET_TRUNCATED, &p, false);
		return 0;
	}
	count_apart(parsed, &p, told);
	return 0;
}

/* Functions of their own: most packets do not come here. */
__noinline int count_odd_packet(struct xdp_md *ctx, __u32 told)
{
	return count_parsed(ctx, told, false);
}

__noinline int count_odd_frags(struct xdp_md *ctx, __u32 told)
{
	return count_parsed(ctx, told, true);
}

static __always_inline void count_port(struct xdp_md *ctx, __u32 told, bool frags)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u32 bytes = end - data;
	const __u32 index = raw_ip ? NO_PORT : plain_index(data, end, bytes);

	if (index != NO_PORT)
		count_watched(hook_number, 0, index, 1, bytes);
	else if (frags)
		count_odd_frags(ctx, told);
	else
		count_odd_packet(ctx, told);
}

#endif
