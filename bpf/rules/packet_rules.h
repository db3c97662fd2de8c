/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Rules packet by packet, for what no hook in a system call has decided. */
#ifndef PINPIPE_PACKET_RULES_H
#define PINPIPE_PACKET_RULES_H

#include "bpf/packet/skb.h"
#include "bpf/rules/ruled_socket.h"

#define TCP_FLAGS 13 /* offset in the header */
#define SYN	  0x02
#define ACK	  0x10

static __always_inline __u16 remote_port_of(struct bpf_sock *sk)
{
	return bpf_ntohs(sk->dst_port);
}

/* The addresses and ports of a packet; ports and transport are 0 where they cannot be found. */
struct flow {
	union address src;
	union address dst;
	__u32 transport; /* offset of its header */
	__u16 src_port;	 /* host byte order */
	__u16 dst_port;
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

static __always_inline bool judge_tcp(struct __sk_buff *skb, struct bpf_sock *sk,
				      struct label_record *l, const struct flow *f, bool out,
				      __u16 *port)
{
	const __u64 now = l->now;

	if (sk->state == TCP_LISTEN) {
		if (l->flags & LABEL_CONNECTS)
			__sync_fetch_and_and(&l->flags, ~LABEL_CONNECTS);
		*port = sk->src_port;
		return may_use(l, RULE_TCP, *port, !out && is_syn(skb, f));
	}
	*port = l->flags & LABEL_CONNECTS ? remote_port_of(sk) : sk->src_port;
	if (!may_use(l, RULE_TCP, *port, false))
		return false;
	l->allowed = now;
	return true;
}

static __always_inline bool judge_udp(struct bpf_sock *sk, struct label_record *l,
				      const struct flow *f, __u64 cookie, bool out, __u16 *port)
{
	__u16 local = sk->src_port;

	if (out) {
		*port = f->dst_port;
		return may_use(l, RULE_UDP, *port, false) ||
		       may_answer(l, cookie, &f->dst, *port, local);
	}
	*port = local;
	if (may_use(l, RULE_UDP, local, false)) {
		note_peer(l, cookie, &f->src, f->src_port, local);
		return true;
	}
	return may_use(l, RULE_UDP, f->src_port, false);
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
	else if (is_udp(protocol) && known)
		let = judge_udp(sk, l, &f, a.cookie, out, &a.port);
	if (let)
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

static __always_inline int judge_packet(struct __sk_buff *skb, bool out)
{
	struct bpf_sock *sk = skb->sk;
	struct label_record *l;
	const __u64 now = policy.now;

	if (!sk || is_covered())
		return LET;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return LET;
	l = bpf_sk_storage_get(&labels, sk, 0, 0);
	if (!l) {
		if (sk->protocol != PROTO_TCP)
			return LET;
		l = inherit(sk);
		if (!l)
			return LET;
	}
	if (l->now != now)
		resolve(l, now);
	if (!l->count)
		return LET;
	if (l->allowed == now && sk->state != TCP_LISTEN)
		return LET;
	return judge_ruled(skb, sk, l, out);
}

#endif
