/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Rules packet by packet, for what no hook in a system call has decided. */
#ifndef PINPIPE_PACKET_RULES_H
#define PINPIPE_PACKET_RULES_H

#include "bpf/packet/skb.h"
#include "bpf/rules/sender.h"

#define TCP_SEQ	  4 /* offsets in the header */
#define TCP_DOFF  12
#define TCP_FLAGS 13
#define SYN	  0x02
#define ACK	  0x10

static __always_inline __u16 remote_port_of(struct bpf_sock *sk)
{
	return bpf_ntohs(sk->dst_port);
}

static __always_inline void remote_address_of(struct bpf_sock *sk, union address *to)
{
	if (sk->family == AF_INET) {
		map_ipv4(to, sk->dst_ip4);
		return;
	}
	to->words[0] = sk->dst_ip6[0];
	to->words[1] = sk->dst_ip6[1];
	to->words[2] = sk->dst_ip6[2];
	to->words[3] = sk->dst_ip6[3];
}

/* The addresses and ports of a packet; ports and transport are 0 where they cannot be found. */
struct flow {
	union address src;
	union address dst;
	__u32 transport; /* offset of its header */
	__u16 src_port;	 /* host byte order */
	__u16 dst_port;
	__u32 proto; /* of the IP header, behind extension headers */
};

/* Fills f, which must be all zero. Returns 0 where the ports cannot be found. */
static __noinline int read_flow(struct __sk_buff *skb, struct flow *f)
{
	struct cursor c = skb_cursor(skb);
	struct ports ports = {};
	struct packet p = {};
	enum parsed parsed;
	__u8 ttl;

	if (!f)
		return 0;
	parsed = parse_packet(&c, &p, true);
	f->proto = p.proto;
	if (parsed == PACKET_WHOLE)
		parsed = has_ports(p.proto) ? read_ports(&c, &p, &ports) : PACKET_OTHER;
	if (parsed == PACKET_WHOLE) {
		f->transport = c.offset;
		f->src_port = bpf_ntohs(ports.source);
		f->dst_port = bpf_ntohs(ports.dest);
	}
	if (p.end)
		copy_addresses(&c, &p, &f->src, &f->dst, &ttl);
	return parsed == PACKET_WHOLE;
}

static __always_inline bool is_syn(struct __sk_buff *skb, const struct flow *f)
{
	__u8 flags = 0;

	return f->transport &&
	       !bpf_skb_load_bytes(skb, f->transport + TCP_FLAGS, &flags, sizeof(flags)) &&
	       (flags & (SYN | ACK)) == SYN;
}

/*
 * Whether a packet of TCP is for the former owner, or by it: one without data, or with data that it
 * has sent, or one of the few that still come in.
 */
static __always_inline bool is_tcp_of_former(struct __sk_buff *skb, struct label_record *l,
					     const struct flow *f, bool out)
{
	__u32 seq = 0, length;
	__u8 words = 0;

	if (!f->transport || is_syn(skb, f) ||
	    bpf_skb_load_bytes(skb, f->transport + TCP_DOFF, &words, sizeof(words)) ||
	    bpf_skb_load_bytes(skb, f->transport + TCP_SEQ, &seq, sizeof(seq)))
		return false;
	length = skb->len - f->transport - (words >> 4) * 4;
	if (!length)
		return true;
	if (!out)
		return take_spare(l);
	return l->flags & LABEL_QUEUED && (__s32)(bpf_ntohl(seq) + length - l->queued) <= 0;
}

/* Whether a packet that the owner may not have is let through for the former owner. */
static __noinline int is_of_former(struct __sk_buff *skb, struct bpf_sock *sk,
				   struct label_record *l, const struct flow *f, bool out)
{
	if (!sk || !l || !f)
		return 0;
	if (sk->protocol == PROTO_TCP)
		return sk->state != TCP_LISTEN && is_tcp_of_former(skb, l, f, out);
	return !out && take_spare(l);
}

static __always_inline bool judge_tcp(struct __sk_buff *skb, struct bpf_sock *sk,
				      struct label_record *l, const struct flow *f, bool out,
				      __u16 *port)
{
	const __u64 now = l->now;
	union address remote = {};
	__u8 side = SIDE_SERVE;

	if (sk->state == TCP_LISTEN) {
		if (l->flags & (LABEL_CONNECTS | LABEL_QUEUED))
			__sync_fetch_and_and(&l->flags, ~(LABEL_CONNECTS | LABEL_QUEUED));
		*port = sk->src_port;
		return may_use(l, RULE_TCP, SIDE_SERVE, *port, out ? &f->dst : &f->src,
			       !out && is_syn(skb, f));
	}
	if (l->flags & LABEL_CONNECTS) {
		*port = remote_port_of(sk);
		side = SIDE_CONNECT;
	} else {
		*port = sk->src_port;
	}
	remote_address_of(sk, &remote);
	if (!may_use(l, RULE_TCP, side, *port, &remote, false))
		return false;
	l->allowed = now;
	return true;
}

/*
 * On its way out the packet may have been translated: a connected socket is judged by its own
 * remote port. Datagrams that name a destination were judged by it in the call, which noted in
 * l->allowed under which rules; only where these have changed since, the packet is judged.
 */
static __always_inline bool judge_udp_out(struct bpf_sock *sk, struct label_record *l,
					  const struct flow *f, __u64 cookie, __u16 *port)
{
	const __u64 now = l->now;

	union address remote = f->dst;

	*port = remote_port_of(sk);
	if (*port)
		remote_address_of(sk, &remote);
	else
		*port = f->dst_port;
	if (!may_use(l, RULE_UDP, SIDE_CONNECT, *port, &remote, false) &&
	    !may_answer(l, cookie, &remote, *port, sk->src_port))
		return false;
	l->allowed = now;
	return true;
}

static __always_inline bool judge_udp_in(struct bpf_sock *sk, struct label_record *l,
					 const struct flow *f, __u64 cookie, __u16 *port)
{
	const __u16 local = sk->src_port;

	*port = local;
	if (may_use(l, RULE_UDP, SIDE_SERVE, local, &f->src, false)) {
		note_peer(l, cookie, &f->src, f->src_port, local);
		return true;
	}
	return may_use(l, RULE_UDP, SIDE_CONNECT, f->src_port, &f->src, false);
}

static __noinline int judge_ruled(struct __sk_buff *skb, struct bpf_sock *sk,
				  struct label_record *l, bool out)
{
	struct attempt a = {};
	struct flow f = {};
	__u32 protocol;
	bool let = false;
	int known;

	if (!l || !sk)
		return LET;
	known = read_flow(skb, &f);
	protocol = sk->protocol;
	a.cookie = bpf_get_socket_cookie(skb);
	if (protocol == PROTO_TCP)
		let = judge_tcp(skb, sk, l, &f, out, &a.port);
	else if (is_udp(protocol) && known && out)
		let = judge_udp_out(sk, l, &f, a.cookie, &a.port);
	else if (is_udp(protocol) && known)
		let = judge_udp_in(sk, l, &f, a.cookie, &a.port);
	else if (is_icmp(protocol))
		let = l->flags & LABEL_ICMP && is_icmp(f.proto);
	if (let || (l->flags & LABEL_TAKEN && is_of_former(skb, sk, l, &f, out)))
		return LET;
	a.hook = out ? DENY_EGRESS : DENY_INGRESS;
	if (out || l->flags & LABEL_CONNECTS)
		a.flags = SOCKET_OUT;
	a.local = out ? f.src : f.dst;
	a.remote = out ? f.dst : f.src;
	a.local_port = out ? f.src_port : f.dst_port;
	a.remote_port = out ? f.dst_port : f.src_port;
	a.proto = sk->type == SOCK_RAW_TYPE ? USAGE_RAW : protocol;
	return refuse_once(l, &a, protocol == PROTO_TCP && sk->state != TCP_LISTEN);
}

/* Whether the packets of a socket need no verdict of their own once l->allowed holds. */
static __always_inline bool is_settled(struct bpf_sock *sk, bool out)
{
	if (sk->protocol == PROTO_TCP)
		return sk->state != TCP_LISTEN;
	return out && is_udp(sk->protocol) && !sk->dst_port;
}

static __always_inline int judge_packet(struct __sk_buff *skb, bool out)
{
	struct bpf_sock *sk = skb->sk;
	struct label_record *l;
	const __u64 now = policy.now;
	enum labelled state;

	if (!(now & POLICY_HAS_RULES) || !sk || is_covered())
		return LET;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return LET;
	l = bpf_sk_storage_get(&labels, sk, 0, 0);
	if (out && sk->protocol == PROTO_TCP &&
	    (is_looked_at(skb) || (l && l->count && l->allowed != now)))
		l = look_at_sender(sk, l);
	if (!l) {
		if (sk->protocol != PROTO_TCP)
			return LET;
		state = inherit(sk, &l);
		if (state == NO_MEMORY)
			return REFUSE;
		if (state != LABELLED || !l)
			return LET;
	}
	if (l->now != now)
		resolve(l, now);
	if (!l->count)
		return LET;
	if (l->allowed == now && is_settled(sk, out))
		return LET;
	return judge_ruled(skb, sk, l, out);
}

#endif
