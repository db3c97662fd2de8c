// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Socket probes on tracepoints alone (Linux 6.3), for kernels that grant neither fentry nor
 * kprobes. sock_send_length and sock_recv_length run in the call, after it is known how much went.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "switch.h"
#include "connection.h"
#include "message.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Messages go to their peer, or where the call says. */
static __always_inline bool has_destination(__u8 proto)
{
	return !is_stream(proto) && proto != USAGE_PACKET;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(see_send, struct sock *sk, int result, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct message m = {.flags = SOCKET_OUT};
	struct usage_sums sums = {};
	struct socket_name name = {};
	__u32 readers;

	if (!is_active() || !name_socket(sk, &m.peer))
		return 0;
	if (payload_limit || has_destination(m.peer.proto))
		look_at_call(task, result, &m.call);
	if (result < 0)
		return 0;
	if (has_destination(m.peer.proto) && read_name(task, sk, &m.call, &name))
		name_peer(&m.peer, &name);
	readers = message_readers(m.peer.proto);
	m.bytes = result;
	if (readers)
		tell_message(readers, task, sk, &m);
	keep_service_port(&m.peer);
	process_of(task, (struct process_key *)&m.peer);
	sums.bytes_sent = result;
	sums.calls_sent = 1;
	charge(&m.peer, &sums);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(see_receive, struct sock *sk, int result, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_sums sums = {};
	struct message m = {};
	__u32 readers;

	if (!is_active() || !name_socket(sk, &m.peer))
		return 0;
	if (payload_limit)
		look_at_call(task, result, &m.call);
	if (result < 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	if (!result && is_stream(m.peer.proto))
		return 0;
	readers = message_readers(m.peer.proto);
	m.bytes = result;
	if (readers)
		tell_message(readers, task, sk, &m);
	keep_service_port(&m.peer);
	process_of(task, (struct process_key *)&m.peer);
	sums.bytes_received = result;
	sums.calls_received = 1;
	if (m.peer.proto == IPPROTO_TCP_NR)
		note_received(sk, &m.peer, result);
	charge(&m.peer, &sums);
	return 0;
}

/* Also part of every recv(): only calls that are none are looked at. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(see_splice, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_sums sums = {};
	const struct tcp_sock *tp;
	struct owner_record *s;
	struct message m = {};
	__u32 readers;

	if (current_call(task) != CALL_SPLICE || !is_active() || !is_tcp(sk) ||
	    !name_socket(sk, &m.peer))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	s = owner_of(sk, tp);
	if (!s)
		return 0;
	m.bytes = uncounted(tp, s);
	if (!m.bytes)
		return 0;
	__sync_fetch_and_add(&s->counted, m.bytes);
	readers = message_readers(m.peer.proto);
	if (readers)
		tell_message(readers, task, sk, &m);
	keep_service_port(&m.peer);
	process_of(task, (struct process_key *)&m.peer);
	note_owner(s, &m.peer);
	sums.bytes_received = m.bytes;
	sums.calls_received = 1;
	charge(&m.peer, &sums);
	return 0;
}

/* Received by nobody's call that was seen: the owner's. */
static __noinline void tell_settled(__u32 readers, struct sock *sk,
				    const struct owner_record *owner, __u32 bytes)
{
	struct usage_key peer = {};
	struct scratch_area *s;
	__u32 area;

	if (!owner || !name_socket(sk, &peer))
		return;
	readers = asking(readers, owner->key.pid, owner->process.session);
	if (!readers)
		return;
	s = begin_record(readers, STREAM_TCP, &area);
	if (!s)
		return;
	fill_socket(&s->socket, sk, &peer);
	fill_port(&s->socket, sk);
	fill_owner(&s->socket, owner);
	s->message.bytes = bytes;
	emit_socket(readers, area, sizeof(struct message_record));
	give_back(area);
}

/*
 * When the socket is gone for its process and for the peer, no receive is under way any more: what
 * was moved out without a call of the owner's. (Not at the change to TCP_CLOSE: a reset may come in
 * the middle of a receive, and what is queued can be received after it.) It may run in softirq.
 */
static __always_inline void settle(struct sock *sk)
{
	struct owner_record *s = bpf_sk_storage_get(&owners, sk, 0, 0);
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
	if (asked(STREAM_TCP))
		tell_settled(asked(STREAM_TCP), sk, s, bytes);
	sums.bytes_received = bytes;
	sums.calls_received = 1;
	entry = bpf_map_lookup_elem(&usage, &s->key);
	if (entry)
		add_atomic(entry, &sums);
	else
		write_dead(&s->key, &sums, &s->process);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(see_destroy, struct sock *sk)
{
	if (is_active())
		settle(sk);
	return 0;
}
