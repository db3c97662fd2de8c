/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The sender of a datagram, read from the packet as the kernel holds it. */
#ifndef PINPIPE_UDP_SENDER_H
#define PINPIPE_UDP_SENDER_H

#include "bpf/abi/usage.h"
#include "bpf/packet/header_fields.h"

/* Fills key with the source of a UDP packet whose header offsets are in skb. */
static __always_inline void find_sender(const struct sk_buff *skb, struct usage_key *key)
{
	const __u16 ip = BPF_CORE_READ(skb, network_header);
	const __u16 udp = BPF_CORE_READ(skb, transport_header);
	struct cursor c = {.data = BPF_CORE_READ(skb, head) + ip, .buffer = BUFFER_KERNEL};
	struct packet p = {.proto = PROTO_UDP, .end = udp - ip + UDP_HEADER};
	struct ports ports = {};
	union address dst;
	__u8 ttl;

	if (ip_version(&c) == ETHERTYPE_IPV6)
		p.flags = PACKET_IPV6;
	if (!copy_addresses(&c, &p, &key->remote, &dst, &ttl))
		return;
	c.offset = udp - ip;
	if (read_ports(&c, &p, &ports) != PACKET_WHOLE)
		return;
	key->known = 1;
	key->port = bpf_ntohs(ports.source);
}

#endif
