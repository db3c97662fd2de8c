// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Socket probes at the exits of kernel functions (fexit), where arguments, with addresses, and the
 * result are all there. The functions are the narrowest places that every byte passes: inet_*msg
 * for streams and datagrams, sock_common_recvmsg for raw sockets and SCTP, packet_*msg, splice and
 * sendpage.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/active_probe_set.h"
#include "bpf/sockets/transfer.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/*
 * How many calls that are counted as a whole the task is in: functions called inside of them are
 * not counted again.
 */
struct nesting {
	__u32 depth;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct nesting);
} nested SEC(".maps");

static __always_inline void enter(void)
{
	struct nesting *n = bpf_task_storage_get(&nested, bpf_get_current_task_btf(), 0,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (n)
		n->depth++;
}

/* depth may be 0: a probe set that became active in the middle of a call has not seen its entry. */
static __always_inline void leave(void)
{
	struct nesting *n = bpf_task_storage_get(&nested, bpf_get_current_task_btf(), 0, 0);

	if (n && n->depth)
		n->depth--;
}

static __always_inline bool is_nested(void)
{
	struct nesting *n = bpf_task_storage_get(&nested, bpf_get_current_task_btf(), 0, 0);

	return n && n->depth;
}

/* Takes the peer from a message: given by the sender, or written by the kernel for the receiver. */
static __always_inline void find_peer(struct msghdr *msg, struct usage_key *key)
{
	struct socket_name name = {};
	void *at = msg->msg_name;
	int length = msg->msg_namelen;

	if (is_stream(key->proto) || key->proto == USAGE_PACKET || !at || length < 8)
		return;
	if (!bpf_probe_read_kernel(&name, length < (int)sizeof(name) ? 16 : sizeof(name), at))
		name_peer(key, &name);
}

static __always_inline void see_sent(struct sock *sk, struct msghdr *msg, long result)
{
	struct message m = {.bytes = result, .flags = SOCKET_OUT};

	if (!is_active() || !name_socket(sk, &m.peer) || is_nested())
		return;
	if (payload_limit && msg)
		look_at_call(bpf_get_current_task_btf(), result, &m.call);
	if (result < 0)
		return;
	if (msg)
		find_peer(msg, &m.peer);
	report_transfer(bpf_get_current_task_btf(), sk, &m);
	charge_transfer(sk, &m, known_owner(sk, m.peer.proto));
}

static __always_inline void see_received(struct sock *sk, struct msghdr *msg, long result,
					 int flags)
{
	struct message m = {.bytes = result};

	if (!is_active() || !name_socket(sk, &m.peer) || is_nested())
		return;
	if (payload_limit && msg)
		look_at_call(bpf_get_current_task_btf(), result, &m.call);
	if (result < 0 || flags & (MSG_PEEK | MSG_ERRQUEUE))
		return;
	if (!result && is_stream(m.peer.proto))
		return;
	if (msg)
		find_peer(msg, &m.peer);
	report_transfer(bpf_get_current_task_btf(), sk, &m);
	charge_transfer(sk, &m, known_owner(sk, m.peer.proto));
}

SEC("fexit/inet_sendmsg")
int BPF_PROG(send4, struct socket *sock, struct msghdr *msg, size_t size, int result)
{
	see_sent(sock->sk, msg, result);
	return 0;
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(send6, struct socket *sock, struct msghdr *msg, size_t size, int result)
{
	see_sent(sock->sk, msg, result);
	return 0;
}

SEC("fexit/packet_sendmsg")
int BPF_PROG(send_packet, struct socket *sock, struct msghdr *msg, size_t size, int result)
{
	see_sent(sock->sk, NULL, result);
	return 0;
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(receive4, struct socket *sock, struct msghdr *msg, size_t size, int flags, int result)
{
	see_received(sock->sk, msg, result, flags);
	return 0;
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(receive6, struct socket *sock, struct msghdr *msg, size_t size, int flags, int result)
{
	see_received(sock->sk, msg, result, flags);
	return 0;
}

SEC("fexit/sock_common_recvmsg")
int BPF_PROG(receive_raw, struct socket *sock, struct msghdr *msg, size_t size, int flags,
	     int result)
{
	see_received(sock->sk, msg, result, flags);
	return 0;
}

SEC("fexit/packet_recvmsg")
int BPF_PROG(receive_packet, struct socket *sock, struct msghdr *msg, size_t size, int flags,
	     int result)
{
	see_received(sock->sk, NULL, result, flags);
	return 0;
}

static __always_inline void tell_bind(struct sock *sk, int result)
{
	__u32 readers = asked(STREAM_BIND);
	struct usage_key key = {};

	if (result || !is_active() || !name_socket(sk, &key) || !protocol_bit(key.proto))
		return;
	if (!is_stream(key.proto))
		claim_port(sk, key.proto);
	if (readers)
		tell_bound(readers, sk, &key, BIND_BIND);
}

/* For sockets other than TCP and MPTCP, which report BIND_CLOSE when they stop listening. */
static __always_inline void tell_release(struct sock *sk)
{
	struct usage_key key = {};

	if (!sk || !is_active() || !name_socket(sk, &key) || is_stream(key.proto))
		return;
	release_port(sk);
	if (asked(STREAM_BIND) && protocol_bit(key.proto) && is_bound(sk, key.proto))
		tell_bound(asked(STREAM_BIND), sk, &key, BIND_CLOSE);
}

SEC("fentry/inet_release")
int BPF_PROG(see_release, struct socket *sock)
{
	tell_release(sock->sk);
	return 0;
}

SEC("fexit/inet_bind")
int BPF_PROG(bind4, struct socket *sock, void *address, int length, int result)
{
	tell_bind(sock->sk, result);
	return 0;
}

SEC("fexit/inet6_bind")
int BPF_PROG(bind6, struct socket *sock, void *address, int length, int result)
{
	tell_bind(sock->sk, result);
	return 0;
}

SEC("fentry/sock_splice_read")
int BPF_PROG(enter_splice, struct file *file)
{
	enter();
	return 0;
}

SEC("fexit/sock_splice_read")
int BPF_PROG(splice, struct file *file, __s64 *offset, struct pipe_inode_info *pipe, size_t size,
	     unsigned int flags, long result)
{
	struct socket *sock = bpf_sock_from_file(file);

	leave();
	if (sock)
		see_received(sock->sk, NULL, result, 0);
	return 0;
}

/* Removed in Linux 6.5: all sending goes through sendmsg since. */
SEC("fentry/inet_sendpage")
int BPF_PROG(enter_sendpage, struct socket *sock)
{
	enter();
	return 0;
}

SEC("fexit/inet_sendpage")
int BPF_PROG(sendpage, struct socket *sock, struct page *page, int offset, size_t size, int flags,
	     long result)
{
	leave();
	see_sent(sock->sk, NULL, result);
	return 0;
}
