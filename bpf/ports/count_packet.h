/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Finds the local port of a packet: the destination port of a received packet, the source port of a
 * sent one. Packets that cannot be parsed and later fragments are counted in hook_counters instead.
 */
#ifndef PINPIPE_COUNT_PACKET_H
#define PINPIPE_COUNT_PACKET_H

#include "bpf/packet/plain.h"
#include "bpf/ports/port_counts.h"

const volatile __u8 hook_number;
const volatile __u8 raw_ip; /* frames begin with the IP header */

/* The index in watched of the local port's word. way: COUNT_SENT or 0. */
static __always_inline __u32 local_index(__u8 proto, const struct ports *ports, __u32 way)
{
	return word_index(proto, bpf_ntohs(way == COUNT_SENT ? ports->source : ports->dest));
}

/*
 * Adds to hook_counters. Malformed and truncated packets are counted only on receive: the kernel
 * does not send any by itself. The lookup cannot miss, since hook_number is below MAX_HOOKS.
 */
static __always_inline void count_apart(enum parsed parsed, __u32 way, __u32 packets)
{
	__u32 hook = hook_number;
	struct hook_counters *c = bpf_map_lookup_elem(&counters, &hook);

	if (!c)
		return;
	if (parsed == PACKET_LATER && way == COUNT_SENT)
		c->sent_fragments += packets;
	else if (parsed == PACKET_LATER)
		c->port_fragments += packets;
	else if (parsed == PACKET_MALFORMED && way != COUNT_SENT)
		c->malformed += packets;
	else if (way != COUNT_SENT)
		c->truncated += packets;
}

/* The index for a plain packet; parameters as of plain_ports(). NO_PORT: it is not plain. */
static __always_inline __u32 plain_index(const void *data, const void *end, __u32 bytes, __u32 way)
{
	struct ports ports;
	__u8 proto;

	if (raw_ip || !plain_ports(data, end, bytes, &proto, &ports))
		return NO_PORT;
	return local_index(proto, &ports, way);
}

/*
 * The index for any packet, with c at its beginning. NO_PORT: it has no port, or was counted in
 * hook_counters, as `packets` packets. told: a packet that cannot be parsed has already been
 * counted there.
 */
static __always_inline __u32 parsed_index(struct cursor *c, __u32 way, __u32 packets, bool told)
{
	struct ports ports = {};
	struct packet p = {};
	enum parsed parsed = parse_packet(c, &p, raw_ip);

	if (parsed == PACKET_WHOLE || parsed == PACKET_LATER) {
		if (!is_tcp_or_udp(p.proto))
			return NO_PORT;
		told = false;
	}
	if (parsed == PACKET_WHOLE)
		parsed = read_ports(c, &p, &ports);
	if (parsed == PACKET_WHOLE)
		return local_index(p.proto, &ports, way);
	if (parsed != PACKET_OTHER && !told)
		count_apart(parsed, way, packets);
	return NO_PORT;
}

#endif
