// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * TCP connections and listeners: their owners, and the streams conn and bind. The same for all
 * kinds of socket probes.
 *
 * A state changes in a system call of the owner, or when a packet arrives: then `current` is any
 * process. Only connect(), listen(), shutdown() and close() are sure to be system calls: SYN_SENT,
 * LISTEN, FIN_WAIT1, LAST_ACK. The owner is noted there.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/active_probe_set.h"
#include "bpf/sockets/port_claims.h"
#include "bpf/sockets/tcp_owner.h"
#include "bpf/sockets/record.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define ECONNABORTED_NR 103
#define ECONNRESET_NR	104
#define ETIMEDOUT_NR	110
#define ECONNREFUSED_NR 111
#define EPIPE_NR	32

static __always_inline void take_owner(struct owner_record *s, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_key key = {};

	if (task->flags & PF_KTHREAD || !name_socket(sk, &key))
		return;
	keep_service_port(&key);
	identify_user(task, &key);
	note_owner(s, &key);
}

static __always_inline struct owner_record *record_of(struct sock *sk)
{
	return bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
}

static __always_inline bool has_flag(const struct tcp_sock *tp, int bit)
{
	return tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> bit & 1;
}

/*
 * Why a connection ends without an error. In FIN_WAIT2 this side has said that it is done: it is an
 * end as usual once the other side has, or when the kernel waits for that after the process's
 * close(). Else the close sends a reset.
 */
static __always_inline __u8 reason_of_state(int before, const struct tcp_sock *tp)
{
	switch (before) {
	case TCP_SYN_SENT:
		return CONN_UNANSWERED;
	case TCP_LAST_ACK:
	case TCP_CLOSING:
		return CONN_CLOSED;
	case TCP_FIN_WAIT2:
		return has_flag(tp, SOCK_DONE_BIT) ||
				       (has_flag(tp, SOCK_DEAD_BIT) && tp->linger2 >= 0)
			       ? CONN_CLOSED
			       : CONN_ABORTED;
	default:
		return CONN_ABORTED;
	}
}

static __always_inline __u8 reason_of(__u32 error)
{
	switch (error) {
	case ECONNREFUSED_NR:
		return CONN_REFUSED;
	case ECONNRESET_NR:
	case EPIPE_NR:
		return CONN_RESET;
	case ETIMEDOUT_NR:
		return CONN_TIMEOUT;
	default:
		return CONN_ERROR;
	}
}

/* How a connection ended: reason and error. */
static __always_inline void find_reason(struct conn_record *what, const struct sock *sk,
					const struct tcp_sock *tp, int before)
{
	__u32 error = sk->sk_err;

	if (!error && before == TCP_SYN_SENT)
		error = sk->sk_err_soft; /* ICMP's answer to connect() */
	if (error == ECONNABORTED_NR)	 /* another process has destroyed the socket */
		error = 0;
	what->error = error;
	what->reason = error ? reason_of(error) : reason_of_state(before, tp);
}

/* Bytes of payload received in order, without the FIN, which tp->bytes_received includes. */
static __always_inline __u64 received_by(const struct tcp_sock *tp)
{
	__u64 bytes = tp->bytes_received;

	if (bytes && has_flag(tp, SOCK_DONE_BIT))
		bytes--;
	return bytes;
}

static __noinline void tell_conn(__u32 readers, struct sock *sk, const struct tcp_sock *tp,
				 const struct owner_record *s, const struct conn_record *what)
{
	struct scratch_area *area_;
	struct usage_key key = {};
	struct conn_record *r;
	__u32 area;

	if (!tp || !s || !what || !name_socket(sk, &key))
		return;
	readers = asking(readers, s->key.pid);
	if (!readers)
		return;
	area_ = begin_record(readers, STREAM_CONN, &area);
	if (!area_)
		return;
	r = conn_of(area_);
	fill_socket(&r->socket, sk, &key);
	fill_owner(&r->socket, s);
	fill_port(&r->socket, sk);
	if (s->flags & OWNER_CONNECTED)
		r->socket.flags |= SOCKET_OUT;
	r->action = what->action;
	r->reason = what->reason;
	r->state = what->state;
	r->error = what->error;
	if (s->since) {
		r->duration = r->socket.time - s->since;
		r->state |= CONN_TIMED;
	}
	if (s->flags & OWNER_PEER_FIRST)
		r->state |= CONN_PEER_FIRST;
	r->retransmits = tp->total_retrans;
	r->srtt = tp->srtt_us >> 3;
	r->bytes_sent = tp->bytes_sent - tp->bytes_retrans;
	r->bytes_received = received_by(tp);
	emit_socket(readers, area, sizeof(*r));
	give_back(area);
}

static __always_inline void see_connecting(struct sock *sk)
{
	struct owner_record *s = record_of(sk);

	if (!s)
		return;
	s->flags = OWNER_CONNECTED;
	s->key.pid = 0;
	take_owner(s, sk);
	s->since = bpf_ktime_get_boot_ns();
}

static __always_inline void see_listening(struct sock *sk)
{
	struct owner_record *s = record_of(sk);
	struct usage_key key = {};

	if (s) {
		s->key.pid = 0;
		take_owner(s, sk);
		s->flags = OWNER_LISTENER;
	}
	/* A socket without a port gets one after this; list_bound will then claim it. */
	claim_port(sk, PROTO_TCP);
	if (asked(STREAM_BIND) && sk->__sk_common.skc_num && name_socket(sk, &key))
		tell_bound(asked(STREAM_BIND), sk, &key, BIND_LISTEN);
}

static __always_inline void see_unlistening(struct sock *sk)
{
	struct usage_key key = {};

	release_port(sk);
	if (asked(STREAM_BIND) && name_socket(sk, &key))
		tell_bound(asked(STREAM_BIND), sk, &key, BIND_CLOSE);
}

/*
 * From here on the socket receives. A child of a listener has a copy of the listener's record, of
 * which the process stays.
 */
static __always_inline void see_established(struct sock *sk, const struct tcp_sock *tp)
{
	struct conn_record what = {.action = CONN_CONNECT};
	struct owner_record *s = record_of(sk);
	struct usage_key key = {};

	if (!s || !name_socket(sk, &key))
		return;
	if (!(s->flags & OWNER_CONNECTED)) {
		what.action = CONN_ACCEPT;
		s->flags |= OWNER_ACCEPTED;
		s->since = 0;
	}
	keep_service_port(&key);
	copy_user(&key, &s->key);
	s->key = key;
	if (!(s->flags & OWNER_COUNTS))
		count_from(s, tp->copied_seq);
	if (asked(STREAM_CONN))
		tell_conn(asked(STREAM_CONN), sk, tp, s, &what);
	s->since = bpf_ktime_get_boot_ns();
}

static __always_inline void see_closed(struct sock *sk, const struct tcp_sock *tp, int before)
{
	struct conn_record what = {.action = CONN_CLOSE};
	struct owner_record *s = bpf_sk_storage_get(&owners, sk, 0, 0);

	if (!s)
		return;
	s->owed = uncounted(tp, s);
	if (!asked(STREAM_CONN))
		return;
	if (before == TCP_SYN_SENT || (before == TCP_SYN_RECV && s->flags & OWNER_CONNECTED)) {
		what.action = CONN_CONNECT;
		what.state = CONN_FAILED;
	} else if (before == TCP_SYN_RECV) {
		return; /* no event has reported it */
	}
	find_reason(&what, sk, tp, before);
	tell_conn(asked(STREAM_CONN), sk, tp, s, &what);
}

/* In the closing call: its process becomes the owner, where no better one is known. */
static __always_inline void see_closing(struct sock *sk)
{
	struct owner_record *s = bpf_sk_storage_get(&owners, sk, 0, 0);

	if (s && (!s->key.pid || s->flags & (OWNER_LISTENER | OWNER_FOUND)))
		take_owner(s, sk);
}

static __always_inline void see_peer_done(struct sock *sk)
{
	struct owner_record *s = bpf_sk_storage_get(&owners, sk, 0, 0);

	if (s)
		s->flags |= OWNER_PEER_FIRST;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(see_state, struct sock *sk, int before, int now)
{
	const struct tcp_sock *tp;

	if (!is_active() || !is_tcp(sk))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	if (now == TCP_SYN_SENT)
		see_connecting(sk);
	else if (now == TCP_LISTEN)
		see_listening(sk);
	else if (now == TCP_ESTABLISHED)
		see_established(sk, tp);
	else if (now == TCP_CLOSE_WAIT)
		see_peer_done(sk);
	else if (now == TCP_FIN_WAIT1 || now == TCP_LAST_ACK)
		see_closing(sk);
	else if (now == TCP_CLOSE && before == TCP_LISTEN)
		see_unlistening(sk);
	else if (now == TCP_CLOSE && before != TCP_CLOSE)
		see_closed(sk, tp, before);
	return 0;
}
