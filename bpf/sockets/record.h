/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The common beginning of socket records: the socket and its process. */
#ifndef PINPIPE_RECORD_H
#define PINPIPE_RECORD_H

#include "bpf/readers/emit_socket.h"
#include "bpf/abi/usage.h"
#include "bpf/common/process.h"
#include "bpf/sockets/socket_key.h"

#define BOUND_BY_CALL (4 | BOUND_TO_PORT) /* SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK */

/* Whether a socket is there to receive what others send, and is not a client's. */
static __always_inline bool is_bound(const struct sock *sk, __u8 proto)
{
	const __u8 locks = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks);

	if (!GET(sk, __sk_common.skc_num))
		return false;
	if (proto == PROTO_TCP || proto == USAGE_MPTCP)
		return GET(sk, __sk_common.skc_state) == TCP_LISTEN ||
		       (GET(sk, __sk_common.skc_state) == TCP_CLOSE && locks & BOUND_BY_CALL);
	return locks & BOUND_BY_CALL || GET(sk, __sk_common.skc_state) != TCP_ESTABLISHED;
}

static __always_inline void fill_local(struct socket_record *r, const struct sock *sk)
{
	if (GET(sk, __sk_common.skc_family) == AF_INET) {
		if (GET(sk, __sk_common.skc_rcv_saddr))
			map_ipv4(&r->local, GET(sk, __sk_common.skc_rcv_saddr));
	} else {
		r->flags |= SOCKET_IPV6;
		r->local.words[0] = GET(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[0]);
		r->local.words[1] = GET(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[1]);
		r->local.words[2] = GET(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[2]);
		r->local.words[3] = GET(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[3]);
	}
	r->local_port = GET(sk, __sk_common.skc_num);
}

/* peer: as filled by name_socket() or name_peer(). r: all zero. */
static __always_inline void fill_socket(struct socket_record *r, const struct sock *sk,
					const struct usage_key *peer)
{
	r->proto = peer->proto;
	r->protocol = protocol_bit(peer->proto);
	r->cookie = GET(sk, __sk_common.skc_cookie.counter);
	r->remote = peer->remote;
	r->remote_port = peer->port;
	fill_local(r, sk);
}

/* A closed TCP socket has given its port back; inet_sport still has its number. */
static __always_inline void fill_port(struct socket_record *r, struct sock *sk)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp && !r->local_port)
		r->local_port = bpf_ntohs(tp->inet_conn.icsk_inet.inet_sport);
}

/* Fills in the current process. task: its current thread. */
static __always_inline void fill_current(struct socket_record *r, struct task_struct *task)
{
	read_current(&r->process);
	r->tid = task->pid;
	copy_comm(r->thread, task);
}

static __always_inline void fill_owner(struct socket_record *r, const struct owner_record *owner)
{
	if (!owner->key.pid)
		return;
	r->process = owner->process;
	if (owner->flags & OWNER_LISTENER)
		r->flags |= SOCKET_LISTENER;
	if (owner->flags & OWNER_FOUND)
		r->flags |= SOCKET_FOUND;
}

/* Reports to the stream bind, in the system call that binds, listens or closes. */
static __noinline __attribute__((unused)) void
tell_bound(__u32 readers, struct sock *sk, const struct usage_key *key, enum bind_action action)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch_area *s;
	__u32 area;

	readers = asking(readers, task->tgid);
	if (!readers || !key)
		return;
	s = begin_record(readers, STREAM_BIND, &area);
	if (!s)
		return;
	fill_current(&s->socket, task);
	fill_socket(&s->socket, sk, key);
	fill_port(&s->socket, sk);
	s->socket.cookie = bpf_get_socket_cookie(sk);
	s->bind.action = action;
	s->bind.netns = netns_of(sk);
	emit_socket(readers, area, sizeof(struct bind_record));
	give_back(area);
}

#endif
