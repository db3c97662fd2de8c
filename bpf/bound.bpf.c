// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * All sockets that processes hold open, found through their descriptors: an iterator. The loader
 * runs it once, so that connections older than the load have an owner. Readers run it to list what
 * is bound: what they read is a struct bind_record for each holder of each bound socket.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "switch.h"
#include "connection.h"
#include "record.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define BOUND_TO_PORT 8	      /* SOCK_BINDPORT_LOCK */
#define BOUND_BY_CALL (4 | 8) /* SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK */

/*
 * Whether the connection was made from here: the kernel chose the port for connect(), or bind()
 * did, which a child of a listener does not inherit.
 */
static __always_inline bool was_connected(struct sock *sk, const struct tcp_sock *tp)
{
	return BPF_CORE_READ(tp, inet_conn.icsk_bind_hash, fastreuse) < 0 ||
	       BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & BOUND_TO_PORT;
}

/* Its record, made now if it has none: it belongs to the first process that holds it. */
static __always_inline struct owner_record *adopt(struct sock *sk, struct task_struct *task,
						  const struct usage_key *peer)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct owner_record *s;

	if (!tp || sk->__sk_common.skc_state == TCP_CLOSE)
		return NULL;
	s = bpf_sk_storage_get(&owners, sk, 0, 0);
	if (!s) {
		s = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
		if (s)
			count_from(s, tp->copied_seq);
	}
	if (!s || s->key.pid)
		return s;
	s->key = *peer;
	keep_service_port(&s->key);
	describe(task, &s->process);
	s->flags |= OWNER_FOUND;
	if (sk->__sk_common.skc_state == TCP_LISTEN)
		s->flags |= OWNER_LISTENER;
	else if (was_connected(sk, tp))
		s->flags |= OWNER_CONNECTED;
	process_of(task, (struct process_key *)&s->key);
	return s;
}

/* Whether it waits for what others send: not a client's socket. */
static __always_inline bool is_bound(const struct sock *sk, __u8 proto)
{
	const __u8 locks = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks);

	if (!sk->__sk_common.skc_num)
		return false;
	if (proto == IPPROTO_TCP_NR || proto == USAGE_MPTCP)
		return sk->__sk_common.skc_state == TCP_LISTEN ||
		       (sk->__sk_common.skc_state == TCP_CLOSE && locks & BOUND_BY_CALL);
	return locks & BOUND_BY_CALL || sk->__sk_common.skc_state != TCP_ESTABLISHED;
}

static __always_inline void fill_task(struct socket_record *r, struct task_struct *task)
{
	struct process_record p = {};

	describe(task, &p);
	r->pid = task->tgid;
	r->start = task->group_leader->start_boottime;
	r->cgroup = p.cgroup;
	r->uid = p.uid;
	r->ppid = p.ppid;
	r->session = p.session;
	r->exe = p.exe;
	__builtin_memcpy(r->comm, p.comm, sizeof(r->comm));
	r->flags |= SOCKET_FOUND;
}

SEC("iter/task_file")
int list_bound(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct bind_record r = {};
	struct usage_key peer = {};
	struct socket *sock;
	struct sock *sk;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	sk = sock ? sock->sk : NULL;
	if (!sk || !name_socket(sk, &peer) || !protocol_bit(peer.proto))
		return 0;
	if (is_tcp(sk))
		adopt(sk, task, &peer);
	if (!is_bound(sk, peer.proto))
		return 0;
	r.socket.stream = STREAM_BIND;
	r.socket.time = bpf_ktime_get_boot_ns();
	fill_socket(&r.socket, sk, &peer);
	r.socket.cookie = bpf_get_socket_cookie(sk);
	fill_task(&r.socket, task);
	r.action = sk->__sk_common.skc_state == TCP_LISTEN ? BIND_LISTEN : BIND_BIND;
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
