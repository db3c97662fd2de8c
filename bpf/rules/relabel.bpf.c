// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Labels of sockets that pass to another process, or that are older than the rules: no hook of a
 * cgroup sees these.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/protocols.h"
#include "bpf/common/socket.h"
#include "bpf/rules/label.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/*
 * A socket that came from another process (by fork, exec or a unix socket) belongs to the process
 * that uses it, under the name that this process has at that time.
 */
static __always_inline void relabel(struct sock *sk)
{
	struct label_record *l = bpf_sk_storage_get(&labels, sk, 0, 0);

	if (!l || is_current(l))
		return;
	if (identify(l))
		resolve(l, policy.now);
}

/* Where the kernel grants fentry, the label is renewed before the call does anything. */

SEC("fentry/inet_sendmsg")
int BPF_PROG(see_sendmsg, struct socket *sock)
{
	relabel(sock->sk);
	return 0;
}

SEC("fentry/inet6_sendmsg")
int BPF_PROG(see_sendmsg6, struct socket *sock)
{
	relabel(sock->sk);
	return 0;
}

SEC("fentry/inet_sendpage")
int BPF_PROG(see_sendpage, struct socket *sock)
{
	relabel(sock->sk);
	return 0;
}

SEC("fentry/inet_recvmsg")
int BPF_PROG(see_recvmsg, struct socket *sock)
{
	relabel(sock->sk);
	return 0;
}

SEC("fentry/inet6_recvmsg")
int BPF_PROG(see_recvmsg6, struct socket *sock)
{
	relabel(sock->sk);
	return 0;
}

/* Elsewhere it is renewed after the call: the first message may have left by then. */

SEC("tp_btf/sock_send_length")
int BPF_PROG(see_send, struct sock *sk)
{
	relabel(sk);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(see_receive, struct sock *sk)
{
	relabel(sk);
	return 0;
}

/* Kin records: copied by fork, kept when the process changes its name, deleted when it ends. */

static __always_inline void read_own_scopes(__u64 *scopes)
{
	for (int i = 0; i < LABEL_SCOPES; i++)
		scopes[i] = bpf_get_current_ancestor_cgroup_id(i + 1);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(see_fork, struct task_struct *parent, struct task_struct *child)
{
	struct process_key who = {.pid = child->tgid, .start = child->start_boottime};
	const __u64 now = policy.now;
	__u64 scopes[LABEL_SCOPES];
	struct kin_record *k;

	if (!(now & POLICY_HAS_CHILDREN) || child->tgid == parent->tgid)
		return 0;
	read_own_scopes(scopes);
	k = kin_of(parent, scopes, now);
	if (k)
		bpf_map_update_elem(&kin, &who, k, BPF_ANY);
	return 0;
}

/*
 * Runs before the process has the new name. In exec the process has the new executable by then:
 * subjects that match it are kept too.
 */
SEC("tp_btf/task_rename")
int BPF_PROG(see_rename, struct task_struct *task)
{
	const __u64 now = policy.now;
	__u64 scopes[LABEL_SCOPES];

	if (!(now & POLICY_HAS_CHILDREN) || task->pid != task->tgid)
		return 0;
	read_own_scopes(scopes);
	kin_of(task, scopes, now);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(see_exit, struct task_struct *task)
{
	struct process_key who = {.pid = task->tgid, .start = task->group_leader->start_boottime};

	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&kin, &who);
	return 0;
}

/*
 * Sockets that exist when the rules are loaded get their labels from this iterator, which the
 * loader reads once. Of several processes that hold a socket, one with rules becomes its owner.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct label_record);
} candidate SEC(".maps");

#define DEEPEST 32 /* ancestors of a cgroup that are visited */

static __always_inline void read_scopes(struct label_record *l, struct task_struct *task)
{
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u32 level;

	for (int i = 0; i < DEEPEST; i++) {
		level = BPF_CORE_READ(cgroup, level);
		if (!level)
			break;
		if (level <= LABEL_SCOPES)
			l->scopes[(level - 1) & (LABEL_SCOPES - 1)] = BPF_CORE_READ(cgroup, kn, id);
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
}

SEC("iter/task_file")
int find_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct label_record *l, *found;
	__u32 zero = 0;
	struct socket *sock;
	struct sock *sk;
	__u16 family;

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock || !sock->sk)
		return 0;
	sk = sock->sk;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	found = bpf_map_lookup_elem(&candidate, &zero);
	if (!found)
		return 0;
	__builtin_memset(found, 0, sizeof(*found));
	read_process(task, &found->process);
	read_scopes(found, task);
	read_kin(found, task);
	resolve(found, policy.now);
	l = bpf_sk_storage_get(&labels, sk, 0, 0);
	if (l && l->process.pid && (l->count || !found->count))
		return 0;
	if (sk->sk_protocol == PROTO_TCP && was_connected(sk))
		found->flags |= LABEL_CONNECTS;
	if (!l)
		l = bpf_sk_storage_get(&labels, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (l)
		__builtin_memcpy(l, found, sizeof(*l));
	return 0;
}
