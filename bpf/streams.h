/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a TCP socket has received and nobody was seen to receive: splice, sendfile from a socket,
 * zero-copy receive, io_uring's splice. None of them is a receive call; the movement of copied_seq
 * tells. What recv() returned is taken off; what is left was spliced.
 */
#ifndef PINPIPE_STREAMS_H
#define PINPIPE_STREAMS_H

#include "account.h"
#include "socket.h"

#define SOCK_DONE_BIT	1
#define TCP_CLOSE	7
#define TCP_ESTABLISHED 1

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct stream_record);
} streams SEC(".maps");

static __always_inline bool is_tcp(const struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return sk->sk_protocol == IPPROTO_TCP_NR && (family == AF_INET || family == AF_INET6);
}

/* The record of a TCP socket; a new one counts from what has been received by now. */
static __always_inline struct stream_record *stream_of(struct sock *sk, const struct tcp_sock *tp)
{
	struct stream_record *s = bpf_sk_storage_get(&streams, sk, 0, 0);

	if (s)
		return s;
	s = bpf_sk_storage_get(&streams, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (s)
		s->start = tp->copied_seq;
	return NULL;
}

/* Bytes that copied_seq has moved over and nobody was charged for. */
static __always_inline __u32 uncounted(const struct tcp_sock *tp, const struct stream_record *s)
{
	__u32 seq = tp->copied_seq, moved;

	if (s->flags & STREAM_UNTOLD || tp->inet_conn.icsk_ulp_ops)
		return 0;
	moved = seq - s->start - s->counted;
	if (tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> SOCK_DONE_BIT & 1 &&
	    seq == tp->rcv_nxt)
		moved--; /* the FIN */
	return (__s32)moved > 0 ? moved : 0;
}

static __always_inline void note_owner(struct stream_record *s, const struct usage_key *key)
{
	if (s->key.pid == key->pid && s->key.start == key->start)
		return;
	describe(bpf_get_current_task_btf(), &s->process);
	s->key = *key;
}

/* After recv(): those bytes are charged. */
static __always_inline void note_received(struct sock *sk, const struct usage_key *key, __u32 bytes)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct stream_record *s;

	if (!tp)
		return;
	s = stream_of(sk, tp);
	if (!s)
		return;
	if (tp->inet_conn.icsk_ulp_ops)
		s->flags |= STREAM_UNTOLD;
	__sync_fetch_and_add(&s->counted, bytes);
	note_owner(s, key);
}

/* Closing happens in the call of whoever holds it: the owner, where nobody was seen to receive. */
static __always_inline void note_closer(struct sock *sk)
{
	struct stream_record *s = bpf_sk_storage_get(&streams, sk, 0, 0);
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_key key = {};

	if (!s || s->key.pid || !name_socket(sk, &key))
		return;
	process_of(task, (struct process_key *)&key);
	describe(task, &s->process);
	s->key = key;
}

/*
 * When the socket is gone for its process and for the peer, no receive is under way any more: what
 * was moved out without a call of the owner's. (Not at the change to TCP_CLOSE: a reset may come in
 * the middle of a receive, and what is queued can be received after it.) It may run in softirq.
 */
static __always_inline void settle(struct sock *sk)
{
	struct stream_record *s = bpf_sk_storage_get(&streams, sk, 0, 0);
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct usage_sums sums = {};
	struct usage_sums *entry;
	__u32 bytes;

	if (!s || !s->key.pid || !tp || tp->urg_seq)
		return;
	bytes = uncounted(tp, s);
	if (!bytes)
		return;
	s->counted += bytes;
	sums.bytes_received = bytes;
	sums.calls_received = 1;
	entry = bpf_map_lookup_elem(&usage, &s->key);
	if (entry)
		add_atomic(entry, &sums);
	else
		write_dead(&s->key, &sums, &s->process);
}

#endif
