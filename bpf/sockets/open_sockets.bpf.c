// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * An iterator over all sockets that processes hold open, found through their file descriptors. The
 * loader runs it once, so that connections older than the load have an owner. Readers run it to
 * list bound sockets: they read a struct bind_record for each holder of each bound socket.
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

/*
 * The record of a TCP socket, made now if it has none: then the first process that holds it is the
 * owner. NULL: no TCP socket, or a closed one.
 */
static __noinline struct owner_record *adopt(struct sock *sk, struct task_struct *task,
					     const struct usage_key *peer)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct owner_record *s;

	if (!tp || sk->__sk_common.skc_state == TCP_CLOSE)
		return NULL;
	s = bpf_sk_storage_get(&owners, sk, 0, 0);
	if (!s) {
		s = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
		/* A listener receives nothing; its children start counting by themselves. */
		if (s && sk->__sk_common.skc_state != TCP_LISTEN)
			count_from(s, tp->copied_seq);
	}
	if (!s || s->key.pid)
		return s;
	s->key = *peer;
	keep_service_port(&s->key);
	read_process(task, &s->process);
	s->flags |= OWNER_FOUND;
	if (sk->__sk_common.skc_state == TCP_LISTEN)
		s->flags |= OWNER_LISTENER;
	else if (was_connected(sk))
		s->flags |= OWNER_CONNECTED;
	identify_user(task, &s->key);
	return s;
}

/* Whether a system call of the task has shown that it owns the socket. */
static __always_inline bool was_seen(const struct owner_record *s, struct task_struct *task)
{
	return s && !(s->flags & OWNER_FOUND) && s->key.pid == (__u32)task->tgid &&
	       s->key.start == task->group_leader->start_boottime;
}

/* When each look began, by the session_id of the iterator. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} looks SEC(".maps");

/*
 * Whether the current process sees the tasks of all pid namespaces: inside a pid namespace the
 * iterator visits only that one.
 */
static __always_inline bool sees_all(void)
{
	return BPF_CORE_READ(bpf_get_current_task_btf(), thread_pid, level) == 0;
}

static __always_inline void begin_look(__u64 session)
{
	__u64 now = bpf_ktime_get_boot_ns();

	if (watching.ports && sees_all())
		bpf_map_update_elem(&looks, &session, &now, BPF_NOEXIST);
}

/* Releases the claims that this look has not seen: no process holds those sockets any more. */
static __noinline int end_look(__u64 session)
{
	const __u64 *began = bpf_map_lookup_elem(&looks, &session);
	struct search s = {};

	if (!began)
		return 0;
	s.start = *began;
	bpf_map_delete_elem(&looks, &session);
	release_over(&s);
	return 0;
}

/* A separate function, since the record is too large for the caller's stack. */
static __noinline int write_bound(struct seq_file *seq, struct sock *sk, struct task_struct *task,
				  const struct usage_key *peer, bool seen)
{
	struct bind_record r = {};

	if (!peer)
		return 0;
	r.socket.stream = STREAM_BIND;
	r.socket.time = bpf_ktime_get_boot_ns();
	fill_socket(&r.socket, sk, peer);
	r.socket.cookie = bpf_get_socket_cookie(sk);
	read_process(task, &r.socket.process);
	if (!seen)
		r.socket.flags |= SOCKET_FOUND;
	r.netns = netns_of(sk);
	r.action = sk->__sk_common.skc_state == TCP_LISTEN ? BIND_LISTEN : BIND_BIND;
	bpf_seq_write(seq, &r, sizeof(r));
	return 0;
}

SEC("iter/task_file")
int list_bound(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct owner_record *owner = NULL;
	struct file *file = ctx->file;
	struct usage_key peer = {};
	struct socket *sock;
	struct sock *sk;
	__u32 index;

	if (!task || !file) {
		end_look(ctx->meta->session_id);
		return 0;
	}
	if (!ctx->meta->seq_num)
		begin_look(ctx->meta->session_id);
	sock = bpf_sock_from_file(file);
	sk = sock ? sock->sk : NULL;
	if (!sk || !name_socket(sk, &peer) || !protocol_bit(peer.proto))
		return 0;
	if (is_tcp(sk))
		owner = adopt(sk, task, &peer);
	if (!is_bound(sk, peer.proto))
		return 0;
	index = watching.ports ? index_of(sk, peer.proto) : NO_PORT;
	if (index != NO_PORT && word_of(index) & WATCH_WAITS)
		claim(sk, task, index);
	return write_bound(ctx->meta->seq, sk, task, &peer, was_seen(owner, task));
}
