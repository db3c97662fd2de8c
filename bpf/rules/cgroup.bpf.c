// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Rules at hooks of a cgroup: in the system call where there is a hook for it, else packet by
 * packet.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/rules/call_rules.h"
#include "bpf/rules/packet_rules.h"
#include "bpf/rules/packet_socket.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET, DENY_CONNECT);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET6, DENY_CONNECT);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET, DENY_SENDMSG);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET6, DENY_SENDMSG);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	return judge_bind(ctx, AF_INET);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	return judge_bind(ctx, AF_INET6);
}

SEC("cgroup/sock_create")
int create(struct bpf_sock *sk)
{
	return judge_create(sk);
}

/*
 * AF_PACKET and AF_XDP sockets, whose frames bypass all other hooks. Attached only where the kernel
 * grants LSM programs at cgroups.
 */
SEC("lsm_cgroup/socket_create")
int BPF_PROG(create_packet, int family, int type, int protocol, int kern)
{
	if (is_covered() || kern || (family != AF_PACKET && family != AF_XDP))
		return LET;
	return judge_packet_socket();
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	return judge_packet(skb, true);
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	return judge_packet(skb, false);
}
