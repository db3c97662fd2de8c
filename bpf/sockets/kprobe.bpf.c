// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Socket probes on the entries and returns of kernel functions (kprobe, kretprobe), for kernels
 * that do not grant fentry and lack the tracepoints of Linux 6.3.
 *
 * A return may be missed: the kernel keeps room for a few calls of a function at a time, and
 * threads that wait inside use it up. So receives by TCP and UDP, where threads wait, are counted
 * by what happens inside the call: copied_seq moves, a datagram is consumed. Return probes serve
 * sending, and receiving by other protocols.
 */
#define PROBE_READS

#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/active_probe_set.h"
#include "bpf/sockets/pending_call.h"
#include "bpf/sockets/settle.h"
#include "bpf/sockets/transfer.h"
#include "bpf/sockets/udp_sender.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

extern int LINUX_KERNEL_VERSION __kconfig;

/* Takes the peer from a message: given by the sender, or written by the kernel for the receiver. */
static __always_inline void find_peer(struct msghdr *msg, struct usage_key *key)
{
	void *at = BPF_CORE_READ(msg, msg_name);
	struct socket_name name = {};

	if (is_stream(key->proto) || key->proto == USAGE_PACKET || !at)
		return;
	/*
	 * There is always room for a sockaddr_storage; only for senders does msg_namelen say how
	 * much of it is used.
	 */
	if (!bpf_probe_read_kernel(&name, sizeof(name), at))
		name_peer(key, &name);
}

static __always_inline void see_sent(long result)
{
	struct message m = {.bytes = result, .flags = SOCKET_OUT};
	struct pending_call call;
	struct msghdr *msg;

	if (!take_call(&call) || !name_socket(call.sk, &m.peer))
		return;
	msg = call.msg;
	if (payload_limit && msg)
		look_at_call(bpf_get_current_task_btf(), result, &m.call);
	if (result < 0)
		return;
	if (msg && BPF_CORE_READ(msg, msg_namelen))
		find_peer(msg, &m.peer);
	transfer(bpf_get_current_task_btf(), call.sk, &m, NULL);
}

static __always_inline void see_received(long result)
{
	struct message m = {.bytes = result};
	struct pending_call call;

	if (!take_call(&call) || !name_socket(call.sk, &m.peer))
		return;
	if (payload_limit)
		look_at_call(bpf_get_current_task_btf(), result, &m.call);
	if (result < 0 || call.flags & (MSG_PEEK | MSG_ERRQUEUE))
		return;
	if (!result && is_stream(m.peer.proto))
		return;
	if (call.msg)
		find_peer(call.msg, &m.peer);
	transfer(bpf_get_current_task_btf(), call.sk, &m, NULL);
}

#define SENDS(function) \
	SEC("kprobe/" #function) \
	int BPF_KPROBE(enter_##function, struct socket *sock, struct msghdr *msg) \
	{ \
		note_call(BPF_CORE_READ(sock, sk), msg, 0); \
		return 0; \
	} \
	SEC("kretprobe/" #function) \
	int BPF_KRETPROBE(leave_##function, int result) \
	{ \
		see_sent(result); \
		return 0; \
	}

SENDS(inet_sendmsg)
SENDS(inet6_sendmsg)
SENDS(packet_sendmsg)

/* Removed in Linux 6.5: all sending goes through sendmsg since. */
SEC("kprobe/inet_sendpage")
int BPF_KPROBE(enter_inet_sendpage, struct socket *sock)
{
	note_call(BPF_CORE_READ(sock, sk), NULL, 0);
	return 0;
}

SEC("kretprobe/inet_sendpage")
int BPF_KRETPROBE(leave_inet_sendpage, long result)
{
	see_sent(result);
	return 0;
}

/* The flags of a receive. Before Linux 5.19 a separate argument (nonblock) came before them. */
static __always_inline __u64 flags_of(__u64 fourth, __u64 fifth)
{
	/* Forces both to be loaded: the verifier refuses a load from a chosen context address. */
	asm volatile("" : "+r"(fourth), "+r"(fifth));
	return LINUX_KERNEL_VERSION < KERNEL_VERSION(5, 19, 0) ? fifth : fourth;
}

#define RECEIVES(function) \
	SEC("kprobe/" #function) \
	int BPF_KPROBE(enter_##function, struct sock *sk, struct msghdr *msg, size_t length, \
		       __u64 fourth, __u64 fifth) \
	{ \
		note_call(sk, msg, flags_of(fourth, fifth)); \
		return 0; \
	} \
	SEC("kretprobe/" #function) \
	int BPF_KRETPROBE(leave_##function, int result) \
	{ \
		see_received(result); \
		return 0; \
	}

RECEIVES(raw_recvmsg)
RECEIVES(rawv6_recvmsg)
RECEIVES(ping_recvmsg)
RECEIVES(mptcp_recvmsg)
RECEIVES(sctp_recvmsg)
RECEIVES(tls_sw_recvmsg)

SEC("kprobe/packet_recvmsg")
int BPF_KPROBE(enter_packet_recvmsg, struct socket *sock, struct msghdr *msg, size_t length,
	       int flags)
{
	note_call(BPF_CORE_READ(sock, sk), NULL, flags);
	return 0;
}

SEC("kretprobe/packet_recvmsg")
int BPF_KRETPROBE(leave_packet_recvmsg, int result)
{
	see_received(result);
	return 0;
}

SEC("kprobe/tls_sw_splice_read")
int BPF_KPROBE(enter_tls_sw_splice_read, struct socket *sock)
{
	note_call(BPF_CORE_READ(sock, sk), NULL, 0);
	return 0;
}

SEC("kretprobe/tls_sw_splice_read")
int BPF_KRETPROBE(leave_tls_sw_splice_read, long result)
{
	see_received(result);
	return 0;
}

/* How much of a receive's buffers has been reported. */
struct progress {
	__u64 told; /* bytes */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct progress);
} receiving SEC(".maps");

SEC("kprobe/tcp_recvmsg")
int BPF_KPROBE(enter_tcp_recvmsg)
{
	struct progress *p;

	if (!payload_limit || !is_active())
		return 0;
	p = bpf_task_storage_get(&receiving, bpf_get_current_task_btf(), 0,
				 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (p)
		p->told = 0;
	return 0;
}

/*
 * Runs for each piece that the kernel copies to the process: one receive may give several events.
 */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(see_receive, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct owner_record *owner;
	struct message m = {};
	struct progress *p;

	if (!is_active() || !name_socket(sk, &m.peer))
		return 0;
	owner = count_moved(sk, &m.bytes);
	if (!owner)
		return 0;
	if (payload_limit) {
		p = bpf_task_storage_get(&receiving, task, 0, 0);
		look_at_call(task, 1, &m.call);
		if (p) {
			m.call.skip = p->told;
			p->told += m.bytes;
		}
	}
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

/* A datagram has been copied to the process. A negative length: MSG_PEEK. */
SEC("kprobe/skb_consume_udp")
int BPF_KPROBE(see_datagram, struct sock *sk, struct sk_buff *skb, int length)
{
	struct message m = {.bytes = length};

	if (!is_active() || !name_socket(sk, &m.peer))
		return 0;
	if (payload_limit)
		look_at_call(bpf_get_current_task_btf(), length, &m.call);
	if (length < 0)
		return 0;
	find_sender(skb, &m.peer);
	transfer(bpf_get_current_task_btf(), sk, &m, NULL);
	return 0;
}

/* TCP claims end when the socket stops listening (see_state); this is for the others. */
SEC("kprobe/inet_release")
int BPF_KPROBE(see_release, struct socket *sock)
{
	if (is_active())
		release_port(BPF_CORE_READ(sock, sk));
	return 0;
}

/* A new call begins with its first message, however the previous call ended. */
SEC("kprobe/__sys_recvmmsg")
int BPF_KPROBE(enter_recvmmsg)
{
	struct message_count *count =
		bpf_task_storage_get(&messages, bpf_get_current_task_btf(), 0, 0);

	if (count)
		count->vector = 0;
	return 0;
}
