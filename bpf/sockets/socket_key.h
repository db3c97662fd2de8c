/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Protocol and remote end of a socket, as the keys of usage.h have them. */
#ifndef PINPIPE_SOCKET_KEY_H
#define PINPIPE_SOCKET_KEY_H

#include "bpf/abi/usage.h"
#include "bpf/common/address.h"
#include "bpf/common/protocols.h"
#include "bpf/common/socket.h"

#define EPHEMERAL_PORTS 32768 /* where the default range of ports that Linux chooses begins */

/* The used part of sockaddr_in and sockaddr_in6; network byte order. */
struct socket_name {
	__u16 family; /* host byte order */
	__u16 port;
	__u8 rest[24];
};

/* Linux gives clients ports from EPHEMERAL_PORTS on: such a port names no service. */
static __always_inline void keep_service_port(struct usage_key *key)
{
	if (key->port >= EPHEMERAL_PORTS)
		key->port = 0;
}

/* A stream of bytes, whose receive returns 0 at its end. */
static __always_inline bool is_stream(__u8 proto)
{
	return proto == PROTO_TCP || proto == USAGE_MPTCP;
}

/* The stream for messages of this protocol; STREAMS: none. */
static __always_inline enum stream message_stream(__u8 proto)
{
	if (is_stream(proto))
		return STREAM_TCP;
	return proto == PROTO_UDP || proto == PROTO_UDPLITE ? STREAM_UDP : STREAMS;
}

/*
 * Fills key (all zero before) with protocol and connected peer, its port included, ephemeral or
 * not. False: a socket whose bytes are not counted.
 */
static __always_inline bool name_socket(const struct sock *sk, struct usage_key *key)
{
	__u16 family = GET(sk, __sk_common.skc_family), proto = GET(sk, sk_protocol);

	if (family == AF_PACKET) {
		key->proto = USAGE_PACKET;
		return true;
	}
	if (family != AF_INET && family != AF_INET6)
		return false;
	key->proto = proto == PROTO_MPTCP ? USAGE_MPTCP : proto;
	if (GET(sk, sk_type) == SOCK_RAW_TYPE && proto != PROTO_ICMP && proto != PROTO_ICMPV6)
		key->proto = USAGE_RAW;

	if (family == AF_INET) {
		if (GET(sk, __sk_common.skc_daddr))
			map_ipv4(&key->remote, GET(sk, __sk_common.skc_daddr));
	} else {
		key->remote.words[0] = GET(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[0]);
		key->remote.words[1] = GET(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[1]);
		key->remote.words[2] = GET(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[2]);
		key->remote.words[3] = GET(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[3]);
	}
	key->known = (key->remote.halves[0] | key->remote.halves[1]) != 0;
	if (key->known && key->proto != USAGE_RAW)
		key->port = bpf_ntohs(GET(sk, __sk_common.skc_dport));
	return true;
}

/* Replaces the connected peer by the address given in a call. False: it is no IP address. */
static __always_inline bool name_peer(struct usage_key *key, const struct socket_name *name)
{
	const __u32 *words = (const __u32 *)name->rest;

	if (name->family == AF_INET) {
		map_ipv4(&key->remote, words[0]);
	} else if (name->family == AF_INET6) {
		key->remote.words[0] = words[1]; /* after the flow label */
		key->remote.words[1] = words[2];
		key->remote.words[2] = words[3];
		key->remote.words[3] = words[4];
	} else {
		return false;
	}
	key->known = 1;
	key->port = key->proto == USAGE_RAW ? 0 : bpf_ntohs(name->port);
	return true;
}

#endif
