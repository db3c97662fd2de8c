// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Socket probes on tracepoints alone (Linux 6.3), for kernels that grant neither fentry nor
 * kprobes. sock_send_length and sock_recv_length run inside the system call, once the number of
 * bytes is known.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/active_probe_set.h"
#include "bpf/sockets/settle.h"
#include "bpf/sockets/transfer.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Whether a call may name the destination of a message. */
static __always_inline bool has_destination(__u8 proto)
{
	return !is_stream(proto) && proto != USAGE_PACKET;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(see_send, struct sock *sk, int result, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct message m = {.flags = SOCKET_OUT};
	struct socket_name name = {};

	if (!is_active() || !name_socket(sk, &m.peer))
		return 0;
	if (payload_limit || has_destination(m.peer.proto))
		look_at_call(task, result, &m.call);
	if (result < 0)
		return 0;
	if (has_destination(m.peer.proto) && read_name(task, sk, &m.call, &name))
		name_peer(&m.peer, &name);
	m.bytes = result;
	transfer(task, sk, &m, known_owner(sk, m.peer.proto));
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(see_receive, struct sock *sk, int result, int flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct owner_record *owner = NULL;
	struct message m = {};

	if (!is_active() || !name_socket(sk, &m.peer))
		return 0;
	if (payload_limit)
		look_at_call(task, result, &m.call);
	if (result < 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return 0;
	if (!result && is_stream(m.peer.proto))
		return 0;
	if (m.peer.proto == PROTO_TCP)
		owner = count_received(sk, result);
	m.bytes = result;
	transfer(task, sk, &m, owner);
	return 0;
}

/* Every recv() passes here too, and see_receive counts it: this counts only splice and the like. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(see_splice, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct owner_record *owner;
	struct message m = {};

	if (current_call(task) != CALL_SPLICE || !is_active() || !name_socket(sk, &m.peer))
		return 0;
	owner = count_moved(sk, &m.bytes);
	if (owner)
		transfer(task, sk, &m, owner);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(see_destroy, struct sock *sk)
{
	if (is_active())
		settle(sk);
	return 0;
}
