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
#include "streams.h"
#include "syscall.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Which message of a sendmmsg is next: the call does not say. */
struct message_count {
	__u64 vector; /* the messages' address; 0: none */
	__u32 next;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct message_count);
} messages SEC(".maps");

static __always_inline __u32 next_message(struct task_struct *task, const struct system_call *c,
					  int result)
{
	struct message_count *count =
		bpf_task_storage_get(&messages, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u32 message;

	if (!count)
		return 0;
	if (count->vector != c->arg[1])
		count->next = 0;
	message = count->next++;
	count->vector = c->arg[1];
	if (result < 0 || count->next >= (__u32)c->arg[2])
		count->vector = 0;
	return message;
}

/* A message without a connection, or one that was given another destination. */
static __always_inline void find_destination(struct task_struct *task, const struct sock *sk,
					     int result, struct usage_key *key)
{
	struct socket_name name = {};
	struct system_call c = {.call = current_call(task)};
	__u32 message = 0;

	if (c.call == CALL_OTHER)
		return;
	read_arguments(task, &c);
	if (c.call == CALL_SENDMMSG)
		message = next_message(task, &c, result);
	if (read_name(task, sk, &c, message, &name))
		name_peer(key, &name);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(see_send, struct sock *sk, int result, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_sums sums = {};
	struct usage_key key = {};

	if (!is_active() || !name_socket(sk, &key))
		return 0;
	if (!is_stream(key.proto) && key.proto != USAGE_PACKET)
		find_destination(task, sk, result, &key);
	if (result < 0)
		return 0;
	process_of(task, (struct process_key *)&key);
	sums.bytes_sent = result;
	sums.calls_sent = 1;
	charge(&key, &sums);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(see_receive, struct sock *sk, int result, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_sums sums = {};
	struct usage_key key = {};

	if (result < 0 || flags & (MSG_PEEK | MSG_ERRQUEUE) || !is_active() ||
	    !name_socket(sk, &key))
		return 0;
	if (!result && is_stream(key.proto))
		return 0;
	process_of(task, (struct process_key *)&key);
	sums.bytes_received = result;
	sums.calls_received = 1;
	if (key.proto == IPPROTO_TCP_NR)
		note_received(sk, &key, result);
	charge(&key, &sums);
	return 0;
}

/* Also part of every recv(): only calls that are none are looked at. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(see_splice, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct usage_sums sums = {};
	struct usage_key key = {};
	const struct tcp_sock *tp;
	struct stream_record *s;

	if (current_call(task) != CALL_SPLICE || !is_active() || !is_tcp(sk) ||
	    !name_socket(sk, &key))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	s = stream_of(sk, tp);
	if (!s)
		return 0;
	sums.bytes_received = uncounted(tp, s);
	if (!sums.bytes_received)
		return 0;
	__sync_fetch_and_add(&s->counted, sums.bytes_received);
	process_of(task, (struct process_key *)&key);
	note_owner(s, &key);
	sums.calls_received = 1;
	charge(&key, &sums);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(see_state, struct sock *sk, int before, int now)
{
	const struct tcp_sock *tp;

	if (!is_active() || !is_tcp(sk))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (now == TCP_ESTABLISHED && tp)
		stream_of(sk, tp);
	else if (now == TCP_FIN_WAIT1 || now == TCP_LAST_ACK)
		note_closer(sk);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(see_destroy, struct sock *sk)
{
	if (is_active())
		settle(sk);
	return 0;
}
