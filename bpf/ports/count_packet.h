/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The local port of a packet: of one that was received the destination, of one that is sent the
 * source. What has none and cannot be counted by it is counted apart.
 */
#ifndef PINPIPE_COUNT_PACKET_H
#define PINPIPE_COUNT_PACKET_H

#include "bpf/packet/plain.h"
#include "bpf/ports/port_counts.h"

const volatile __u8 hook_number;
const volatile bool raw_ip; /* frames begin with the IP header */

/* The index of a port's word in watched. way: COUNT_SENT or 0. */
static __always_inline __u32 local_index(__u8 proto, const struct ports *ports, __u32 way)
{
	return word_index(proto, bpf_ntohs(way == COUNT_SENT ? ports->source : ports->dest));
}

/*
 * What cannot be parsed is counted of received packets alone: the kernel sends no such packets by
 * itself. A miss of the map cannot happen, since hook_number is below MAX_HOOKS.
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

/* Of a plain packet: as of plain_ports(). NO_PORT: it is not plain. */
static __always_inline __u32 plain_index(const void *data, const void *end, __u32 bytes, __u32 way)
{
	struct ports ports;
	__u8 proto;

	if (raw_ip || !plain_ports(data, end, bytes, &proto, &ports))
		return NO_PORT;
	return local_index(proto, &ports, way);
}

/*
 * Of any packet, c at its beginning. NO_PORT: it has none, or is counted apart, as so many packets.
 * told: one that cannot be parsed has been counted already.
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
