/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The owner record of a TCP socket: its owner, and what it has received.
 *
 * Some transfers are no receive call: splice, sendfile from a socket, zero-copy receive, io_uring's
 * splice. The movement of copied_seq shows them: what recv() returned is subtracted, the rest was
 * spliced.
 */
#ifndef PINPIPE_TCP_OWNER_H
#define PINPIPE_TCP_OWNER_H

#include "bpf/sockets/account.h"
#include "bpf/sockets/socket_key.h"

#define SOCK_DEAD_BIT 0 /* of skc_flags: the process has closed the socket */
#define SOCK_DONE_BIT 1 /* the other side's FIN has come */

/* An accepted socket begins with a copy of its listener's record. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner_record);
} owners SEC(".maps");

static __always_inline bool is_tcp(const struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return sk->sk_protocol == PROTO_TCP && (family == AF_INET || family == AF_INET6);
}

static __always_inline void count_from(struct owner_record *s, __u32 seq)
{
	s->start = seq;
	s->counted = 0;
	s->flags |= OWNER_COUNTS;
}

/*
 * The record of a TCP socket. NULL when the socket is new: it then counts from what has been
 * received by now. A socket that TCP Fast Open made may receive before it is established: it counts
 * from its first byte.
 */
static __always_inline struct owner_record *owner_of(struct sock *sk, const struct tcp_sock *tp)
{
	struct owner_record *s = bpf_sk_storage_get(&owners, sk, 0, 0);

	if (s) {
		if (!(s->flags & OWNER_COUNTS))
			count_from(s, tp->rcv_nxt - (__u32)tp->bytes_received);
		return s;
	}
	s = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (s)
		count_from(s, tp->copied_seq);
	return NULL;
}

/* Bytes that copied_seq has moved over and that no process was charged for. */
static __always_inline __u32 uncounted(const struct tcp_sock *tp, const struct owner_record *s)
{
	__u32 seq = tp->copied_seq, moved;

	if (!(s->flags & OWNER_COUNTS) || s->flags & OWNER_UNTOLD || tp->inet_conn.icsk_ulp_ops)
		return 0;
	moved = seq - s->start - s->counted;
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> SOCK_DONE_BIT & 1 &&
	    seq == tp->rcv_nxt)
		moved--; /* the FIN */
	return (__s32)moved > 0 ? moved : 0;
}

static __always_inline void note_owner(struct owner_record *s, const struct usage_key *key)
{
	if (is_same_process(&s->key, key) && !(s->flags & (OWNER_LISTENER | OWNER_FOUND)))
		return;
	read_current(&s->process);
	s->key = *key;
	s->flags &= ~(OWNER_LISTENER | OWNER_FOUND);
}

/* The owner record of a TCP socket, for a receive; NULL: it has none, or is no TCP socket. */
static __always_inline struct owner_record *known_owner(struct sock *sk, __u8 proto)
{
	return proto == PROTO_TCP ? bpf_sk_storage_get(&owners, sk, 0, 0) : NULL;
}

/* After recv(): counts its bytes as charged. NULL: the socket is new. */
static __always_inline struct owner_record *count_received(struct sock *sk, __u32 bytes)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct owner_record *s;

	if (!tp)
		return NULL;
	s = owner_of(sk, tp);
	if (!s)
		return NULL;
	if (tp->inet_conn.icsk_ulp_ops)
		s->flags |= OWNER_UNTOLD;
	__sync_fetch_and_add(&s->counted, bytes);
	return s;
}

/*
 * In a call that receives, of any kind: counts the bytes that copied_seq has moved over since the
 * last count, and stores them in *bytes. NULL: there are none.
 */
static __always_inline struct owner_record *count_moved(struct sock *sk, __u32 *bytes)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct owner_record *s;

	if (!tp || !is_tcp(sk))
		return NULL;
	s = owner_of(sk, tp);
	if (!s)
		return NULL;
	*bytes = uncounted(tp, s);
	if (!*bytes)
		return NULL;
	__sync_fetch_and_add(&s->counted, *bytes);
	return s;
}

#endif
