// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * What no hook of a cgroup sees: sockets that pass to another process, or that are older than a
 * rule; processes that fork, change their name or end; cgroups that are made and removed.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/common/protocols.h"
#include "bpf/common/socket.h"
#include "bpf/rules/descendants.h"
#include "bpf/rules/label.h"

#define MAX_SHARED 16384

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __always_inline void count_open(void)
{
	struct unlabelled_record *count;
	__u32 zero = 0;

	count = bpf_map_lookup_elem(&unlabelled, &zero);
	if (count)
		__sync_fetch_and_add(&count->open, 1);
}

static __always_inline bool is_internet(const struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return family == AF_INET || family == AF_INET6;
}

/* A label that was made in a call which could not see whether other processes have the socket. */
static __always_inline void see_sharers(struct label_record *l, const struct sock *sk, int sent)
{
	__sync_fetch_and_and(&l->flags, ~LABEL_UNSEEN);
	if (is_shared(sk))
		keep_socket(l, sk, sent > 0 ? sent : 0);
}

/*
 * A socket that came from another process (by fork, exec or a unix socket) belongs to the process
 * that uses it, under the name that this process has at that time. sent: how many bytes this call
 * has sent so far; or an error.
 */
static __always_inline void relabel(struct sock *sk, int sent)
{
	struct label_record *l;
	bool keep = false;

	if (!(policy.now & POLICY_HAS_RULES) || !is_internet(sk))
		return;
	l = bpf_sk_storage_get(&labels, sk, 0, 0);
	if (l && is_current(l)) {
		if (l->flags & LABEL_UNSEEN)
			see_sharers(l, sk, sent);
		return;
	}
	if (l) {
		keep = ends_unruled(l, bpf_get_current_task_btf());
	} else if (may_be_ruled()) {
		l = NEW_LABEL(sk, sk->sk_protocol);
		keep = is_shared(sk);
		if (!l)
			count_open();
		else if (sk->sk_protocol == PROTO_TCP && sk->__sk_common.skc_state != TCP_LISTEN &&
			 was_connected(sk))
			l->flags = LABEL_CONNECTS;
	}
	if (!l)
		return;
	if (keep)
		keep_socket(l, sk, sent > 0 ? sent : 0);
	if (identify(l))
		resolve(l, policy.now);
}

/* Where the kernel grants fentry, the label is renewed before the call does anything. */

SEC("fentry/inet_sendmsg")
int BPF_PROG(see_sendmsg, struct socket *sock)
{
	relabel(sock->sk, 0);
	return 0;
}

SEC("fentry/inet6_sendmsg")
int BPF_PROG(see_sendmsg6, struct socket *sock)
{
	relabel(sock->sk, 0);
	return 0;
}

SEC("fentry/inet_sendpage")
int BPF_PROG(see_sendpage, struct socket *sock)
{
	relabel(sock->sk, 0);
	return 0;
}

SEC("fentry/inet_recvmsg")
int BPF_PROG(see_recvmsg, struct socket *sock)
{
	relabel(sock->sk, 0);
	return 0;
}

SEC("fentry/inet6_recvmsg")
int BPF_PROG(see_recvmsg6, struct socket *sock)
{
	relabel(sock->sk, 0);
	return 0;
}

/* Elsewhere it is renewed after the call: the first message may have left by then. */

SEC("tp_btf/sock_send_length")
int BPF_PROG(see_send, struct sock *sk, int result)
{
	relabel(sk, result);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(see_receive, struct sock *sk)
{
	if (sk->sk_protocol != PROTO_TCP) /* else see_read does it */
		relabel(sk, 0);
	return 0;
}

/* A call takes bytes out of a TCP socket: also splice(2), which comes by no other hook. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(see_read, struct sock *sk)
{
	relabel(sk, 0);
	return 0;
}

/* Kin records: copied by fork, kept when the process changes its name, deleted when it ends. */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(see_fork, struct task_struct *parent, struct task_struct *child)
{
	struct process_key who = {.pid = child->tgid, .start = child->start_boottime};
	const __u64 now = policy.now;
	struct cgroup_ids cgroups;
	struct kin_record *k;

	if (!(now & POLICY_HAS_CHILDREN) || child->tgid == parent->tgid)
		return 0;
	read_own_cgroups(&cgroups);
	k = note_kin(parent, &cgroups, now, false);
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
	struct cgroup_ids cgroups;

	if (!(now & POLICY_HAS_CHILDREN) || task->pid != task->tgid)
		return 0;
	read_own_cgroups(&cgroups);
	note_kin(task, &cgroups, now, false);
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
 * A change of rules reads the two iterators below, after it holds: running processes and their open
 * sockets get to know it. Of several processes that hold a socket, one with rules becomes its
 * owner.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct label_record);
} candidate SEC(".maps");

/*
 * Sockets that a process without rules shares: the value is policy.now. By the address of the
 * socket, which a new socket may repeat: it then gets a few packets too many.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_SHARED);
	__type(key, __u64);
	__type(value, __u64);
} shared SEC(".maps");

SEC("iter/task")
int find_kin(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	const __u64 now = policy.now;
	struct cgroup_ids cgroups = {};

	if (!task || task->flags & PF_KTHREAD || !(now & POLICY_HAS_CHILDREN))
		return 0;
	read_cgroups(&cgroups, task);
	note_kin(task, &cgroups, now, true);
	return 0;
}

/* Fills found with what the rules say of the task. */
static __always_inline void judge_task(struct label_record *found, struct task_struct *task)
{
	__builtin_memset(found, 0, sizeof(*found));
	read_owner(found, task);
	read_cgroups(&found->cgroups, task);
	read_kin(found, task);
	resolve(found, policy.now);
}

/* Whether the iterator's file has other descriptors: the iterator has a reference of its own. */
static __always_inline bool has_sharers(const struct file *file)
{
	return references(file) > 2;
}

static __always_inline void note_sharer(struct sock *sk)
{
	__u64 key = (__u64)sk, now = policy.now;

	bpf_map_update_elem(&shared, &key, &now, BPF_ANY);
}

/* Whether the iterator has seen a process without rules that has the socket. */
static __always_inline bool has_unruled(struct sock *sk)
{
	__u64 key = (__u64)sk, *now = bpf_map_lookup_elem(&shared, &key);

	return now && *now == policy.now;
}

/*
 * Keeps the socket for a process without rules that has it too: with what has been sent so far,
 * unless a process with rules may have sent some of it.
 */
static __always_inline void keep_shared(struct label_record *l, struct sock *sk, bool was_ruled)
{
	if (was_ruled)
		keep_for_former(l, l->queued, l->flags & LABEL_QUEUED);
	else
		keep_socket(l, sk, 0);
}

/* Makes the task that found is about the owner of a socket that has a label. */
static __always_inline void take_over(struct label_record *l, const struct label_record *found,
				      struct sock *sk)
{
	const __u32 flags = l->flags & (LABEL_CONNECTS | LABEL_QUEUED), queued = l->queued;
	const bool was_ruled = l->count;

	__builtin_memcpy(l, found, sizeof(*l));
	l->queued = queued;
	if (flags)
		__sync_fetch_and_or(&l->flags, flags);
	if (l->count && has_unruled(sk))
		keep_shared(l, sk, was_ruled);
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

	if (!task || !file)
		return 0;
	sock = bpf_sock_from_file(file);
	if (!sock || !sock->sk)
		return 0;
	sk = sock->sk;
	if (!is_internet(sk))
		return 0;
	found = bpf_map_lookup_elem(&candidate, &zero);
	if (!found)
		return 0;
	judge_task(found, task);
	if (!found->count && has_sharers(file))
		note_sharer(sk);
	l = bpf_sk_storage_get(&labels, sk, 0, 0);
	if (l && l->process.pid && l->process.pid != found->process.pid &&
	    (l->count || !found->count)) {
		if (l->count && !found->count)
			keep_shared(l, sk, true);
		return 0;
	}
	if (l) {
		take_over(l, found, sk);
		return 0;
	}
	if (!found->count)
		return 0;
	if (sk->sk_protocol == PROTO_TCP && sk->__sk_common.skc_state != TCP_LISTEN &&
	    was_connected(sk))
		found->flags |= LABEL_CONNECTS;
	l = NEW_LABEL(sk, sk->sk_protocol);
	if (l) {
		__builtin_memcpy(l, found, sizeof(*l));
		if (has_unruled(sk))
			keep_shared(l, sk, false);
	} else {
		count_open();
	}
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_SCOPES);
	__type(key, struct scope_key);
	__type(value, __u64);
} scopes SEC(".maps");

/* Cgroups of the unified hierarchy: mkdir(2) has not returned yet, so no process can be inside. */

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(see_mkdir, struct cgroup *cgroup, const char *path)
{
	struct scope_key key = {};
	__u64 id, *number;

	if (cgroup->root->hierarchy_id ||
	    bpf_probe_read_kernel_str(key.path, sizeof(key.path), path) >= SCOPE_PATH)
		return 0;
	number = bpf_map_lookup_elem(&scopes, &key);
	if (!number)
		return 0;
	id = cgroup->kn->id;
	bpf_map_update_elem(&scope_ids, &id, number, BPF_ANY);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(see_rmdir, struct cgroup *cgroup)
{
	__u64 id = cgroup->kn->id;

	if (!cgroup->root->hierarchy_id)
		bpf_map_delete_elem(&scope_ids, &id);
	return 0;
}
