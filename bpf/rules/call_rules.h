/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules in the system call: connect(), sendto(), bind(), socket().
 */
#ifndef PINPIPE_CALL_RULES_H
#define PINPIPE_CALL_RULES_H

#include "bpf/rules/spare_label.h"

#define SOCK_STREAM_TYPE 1
#define SOCK_DGRAM_TYPE	 2

/* The verifier refuses a program for one family that reads the other family's fields. */
static __always_inline void take_address(struct bpf_sock_addr *ctx, int family, union address *to)
{
	if (family == AF_INET) {
		map_ipv4(to, ctx->user_ip4);
	} else {
		to->words[0] = ctx->user_ip6[0];
		to->words[1] = ctx->user_ip6[1];
		to->words[2] = ctx->user_ip6[2];
		to->words[3] = ctx->user_ip6[3];
	}
}

static __always_inline __u8 proto_of(__u32 protocol)
{
	return protocol == PROTO_MPTCP ? USAGE_MPTCP : protocol;
}

/* Whether any rule can be about the current call. */
static __always_inline bool is_judged(void)
{
	return policy.now & POLICY_HAS_RULES && !is_covered();
}

static __always_inline bool may_call(struct label_record *l, struct attempt *a, __u32 protocol)
{
	if (is_tcp_kind(protocol))
		return may_use(l, RULE_TCP, SIDE_CONNECT, a->port, &a->remote, true);
	if (is_udp(protocol))
		return may_use(l, RULE_UDP, SIDE_CONNECT, a->port, &a->remote, true) ||
		       may_answer(l, a->cookie, &a->remote, a->port, a->local_port);
	return may_use_icmp(l, protocol); /* counted when the socket was made */
}

/* connect() and sendto(): judges the destination. Returns LET or REFUSE. */
static __always_inline int judge_call(struct bpf_sock_addr *ctx, int family, enum deny_hook hook)
{
	struct attempt a = {.hook = hook, .flags = SOCKET_OUT};
	struct bpf_sock *sk = ctx->sk;
	__u32 protocol = ctx->protocol;
	struct label_record *l = NULL;
	enum labelled state;

	if (!is_judged() || !sk)
		return LET;
	state = label_of_caller(sk, &l, LABEL_UNSEEN);
	if (state == NOT_RULED)
		return LET;
	take_address(ctx, family, &a.remote);
	a.cookie = bpf_get_socket_cookie(ctx);
	a.port = a.remote_port = bpf_ntohs(ctx->user_port);
	a.local_port = sk->src_port;
	a.proto = proto_of(protocol);
	if (state == NO_MEMORY || !l)
		return refuse_unlabelled(&a);
	if (hook == DENY_CONNECT && protocol == PROTO_TCP) {
		if (!l->process.pid)
			state = inherit(sk, &l);
		if (state != LABELLED || !l)
			return LET;
		if (l->now != policy.now)
			resolve(l, policy.now);
		__sync_fetch_and_or(&l->flags, LABEL_CONNECTS);
	}
	if (!l->count)
		return LET;
	if (may_call(l, &a, protocol)) {
		l->allowed = l->now;
		return LET;
	}
	l->allowed = 0;
	return refuse_once(l, &a, is_tcp_kind(protocol));
}

/*
 * Port 0, where the kernel chooses, is let through: nobody knows the port beforehand, and packets
 * are judged.
 */
static __always_inline int judge_bind(struct bpf_sock_addr *ctx, int family)
{
	struct attempt a = {.hook = DENY_BIND, .flags = family == AF_INET6 ? SOCKET_IPV6 : 0};
	struct bpf_sock *sk = ctx->sk;
	__u32 protocol = ctx->protocol;
	struct label_record *l = NULL;
	enum labelled state;

	if (!is_judged() || !sk)
		return LET;
	state = label_of_caller(sk, &l, LABEL_UNSEEN);
	if (state == NOT_RULED)
		return LET;
	take_address(ctx, family, &a.local);
	a.cookie = bpf_get_socket_cookie(ctx);
	a.port = a.local_port = bpf_ntohs(ctx->user_port);
	a.proto = proto_of(protocol);
	if (state == NO_MEMORY || !l)
		return refuse_unlabelled(&a);
	if (!l->count || !a.port || may_use_icmp(l, protocol))
		return LET;
	if ((is_tcp_kind(protocol) && may_use(l, RULE_TCP, SIDE_SERVE, a.port, NULL, true)) ||
	    (is_udp(protocol) && may_use(l, RULE_UDP, SIDE_SERVE, a.port, NULL, true)))
		return LET;
	return refuse(l, &a);
}

/*
 * Sockets of processes with rules get their labels here; those of types that no rule allows are
 * refused.
 */
static __always_inline int judge_create(struct bpf_sock *sk)
{
	struct attempt a = {.hook = DENY_CREATE, .flags = SOCKET_OUT};
	struct label_record *l = NULL;
	enum labelled state;

	if (!is_judged())
		return LET;
	state = label_of_caller(sk, &l, 0);
	if (state == NOT_RULED)
		return LET;
	a.cookie = bpf_get_socket_cookie(sk);
	a.proto = sk->type == SOCK_RAW_TYPE ? USAGE_RAW : proto_of(sk->protocol);
	if (state == NO_MEMORY || !l)
		return refuse_unlabelled(&a);
	if (!l->count)
		return LET;
	if (sk->type == SOCK_STREAM_TYPE && is_tcp_kind(sk->protocol))
		return LET;
	if (sk->type == SOCK_DGRAM_TYPE && is_udp(sk->protocol))
		return LET;
	if (may_use_icmp(l, sk->protocol)) {
		count_hit(l->icmp, RULE_ICMP, SIDE_CONNECT, 0, 0);
		return LET;
	}
	return refuse(l, &a);
}

#endif
