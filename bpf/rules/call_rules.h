/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules in the system call: connect(), sendto(), bind(), socket().
 */
#ifndef PINPIPE_CALL_RULES_H
#define PINPIPE_CALL_RULES_H

#include "bpf/rules/ruled_socket.h"

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

/* connect() and sendto(): judges the destination. Returns LET or REFUSE. */
static __always_inline int judge_call(struct bpf_sock_addr *ctx, int family, enum deny_hook hook)
{
	struct attempt a = {.hook = hook, .flags = SOCKET_OUT};
	struct bpf_sock *sk = ctx->sk;
	__u32 protocol = ctx->protocol;
	struct label_record *l;
	__u16 port;

	if (is_covered() || !sk)
		return LET;
	l = label_of_caller(sk);
	if (l && hook == DENY_CONNECT && protocol == PROTO_TCP) {
		if (!l->process.pid)
			l = inherit(sk);
		if (!l)
			return LET;
		if (l->now != policy.now)
			resolve(l, policy.now);
		__sync_fetch_and_or(&l->flags, LABEL_CONNECTS);
	}
	if (!l || !l->count)
		return LET;
	port = bpf_ntohs(ctx->user_port);
	if (is_tcp_kind(protocol) && may_use(l, RULE_TCP, port, true)) {
		l->allowed = l->now;
		return LET;
	}
	if (is_udp(protocol) && may_use(l, RULE_UDP, port, true))
		return LET;
	take_address(ctx, family, &a.remote);
	a.cookie = bpf_get_socket_cookie(ctx);
	a.port = a.remote_port = port;
	a.local_port = sk->src_port;
	if (is_udp(protocol) && may_answer(l, a.cookie, &a.remote, port, a.local_port))
		return LET;
	l->allowed = 0;
	a.proto = proto_of(protocol);
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
	struct label_record *l;

	if (is_covered() || !sk)
		return LET;
	l = label_of_caller(sk);
	a.port = bpf_ntohs(ctx->user_port);
	if (!l || !l->count || !a.port)
		return LET;
	if ((is_tcp_kind(protocol) && may_use(l, RULE_TCP, a.port, true)) ||
	    (is_udp(protocol) && may_use(l, RULE_UDP, a.port, true)))
		return LET;
	take_address(ctx, family, &a.local);
	a.cookie = bpf_get_socket_cookie(ctx);
	a.local_port = a.port;
	a.proto = proto_of(protocol);
	return refuse(l, &a);
}

/* Every socket gets its label here; sockets of types that no rule can allow are refused. */
static __always_inline int judge_create(struct bpf_sock *sk)
{
	struct attempt a = {.hook = DENY_CREATE, .flags = SOCKET_OUT};
	struct label_record *l;

	if (is_covered())
		return LET;
	l = label_of_caller(sk);
	if (!l || !l->count)
		return LET;
	if (sk->type == SOCK_STREAM_TYPE && is_tcp_kind(sk->protocol))
		return LET;
	if (sk->type == SOCK_DGRAM_TYPE && is_udp(sk->protocol))
		return LET;
	a.cookie = bpf_get_socket_cookie(sk);
	a.proto = sk->type == SOCK_RAW_TYPE ? USAGE_RAW : sk->protocol;
	return refuse(l, &a);
}

#endif
