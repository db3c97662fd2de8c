/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The label of a socket: its owner, noted in system calls of that process, and the rules of that
 * process. Packets are judged by the label, never by the current process.
 */
#ifndef PINPIPE_LABEL_H
#define PINPIPE_LABEL_H

#include "bpf/common/process.h"
#include "bpf/common/protocols.h"
#include "bpf/rules/former_owner.h"
#include "bpf/rules/kin.h"
#include "bpf/rules/match.h"

/* An accepted socket begins with a copy of its listener's label. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct label_record);
} labels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unlabelled_record);
} unlabelled SEC(".maps");

/*
 * The label of a socket that has none yet; NULL: there is no memory. protocol: of the socket.
 */
#define NEW_LABEL(sk, protocol) \
	({ \
		if ((protocol) == PROTO_MPTCP) \
			sieve.mptcp = 1; \
		bpf_sk_storage_get(&labels, sk, 0, BPF_SK_STORAGE_GET_F_CREATE); \
	})

/* Copies the subjects that the task has from itself and its ancestors (POLICY_HAS_CHILDREN). */
static __always_inline void read_kin(struct label_record *l, struct task_struct *task)
{
	const __u64 now = policy.now;
	struct kin_record *k = NULL;

	if (now & POLICY_HAS_CHILDREN)
		k = kin_of(task);
	if (k)
		__builtin_memcpy(l->kin, k->of, sizeof(l->kin));
	else
		__builtin_memset(l->kin, 0, sizeof(l->kin));
	if (k && k->cut)
		__sync_fetch_and_or(&l->flags, LABEL_KIN_CUT);
	else
		__sync_fetch_and_and(&l->flags, ~LABEL_KIN_CUT);
	l->identified = now;
}

/* Notes who owns the socket: the process of a task. */
static __always_inline void read_owner(struct label_record *l, struct task_struct *task)
{
	struct file *file = task->mm->exe_file;

	read_process(task, &l->process);
	l->exe_id = file ? exe_id(file->f_inode) : 0;
}

/* Makes the current process the owner. Returns 0 for a kernel thread: the label stays. */
static __noinline int identify(struct label_record *l)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!l || task->flags & PF_KTHREAD)
		return 0;
	l->now = l->allowed = 0;
	read_owner(l, task);
	read_own_cgroups(&l->cgroups);
	read_kin(l, task);
	l->now = 0;
	return 1;
}

/*
 * Whether the label's owner is the current process, with the name, executable, cgroup and user that
 * it has now, and with its kin of this generation.
 */
static __always_inline bool is_current(const struct label_record *l)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const __u64 *had = (const __u64 *)l->process.comm;
	struct inode *inode;
	__u64 name[2] = {};

	if (l->process.pid != (__u32)task->tgid ||
	    l->process.start != task->group_leader->start_boottime ||
	    l->process.cgroup != task->cgroups->dfl_cgrp->kn->id ||
	    l->process.uid != task->cred->uid.val ||
	    (policy.now & POLICY_HAS_CHILDREN && l->identified != policy.now))
		return false;
	copy_comm(name, task->group_leader);
	if (name[0] != had[0] || name[1] != had[1])
		return false;
	inode = task->mm->exe_file->f_inode;
	return inode->i_ino == l->process.exe.inode && inode->i_sb->s_dev == l->process.exe.device;
}

/*
 * Whether the current process matches a subject; without a label, so that most need none. in_call:
 * the program's type has read_own_cgroups() on every kernel.
 */
static __always_inline int may_have_rules(__u64 now, bool in_call)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cgroup_ids cgroups = {};
	struct identity who = {};

	if (!(now & POLICY_HAS_RULES) || task->flags & PF_KTHREAD)
		return 0;
	if (now & POLICY_HAS_CHILDREN && kin_of(task))
		return 1;
	identify_task(&who, task, now);
	if (!(now & POLICY_HAS_ANY) && !may_be_subject(&who, now))
		return 0;
	if (now & POLICY_HAS_CGROUP) {
		if (in_call)
			read_own_cgroups(&cgroups);
		else
			walk_own_cgroups(&cgroups);
		find_scopes(&who, &cgroups, now);
	}
	for (__u32 kind = SUBJECT_NAME; kind <= SUBJECT_ANY; kind++)
		if (has_kind(now, kind) && matches_kind(&who, kind, now))
			return 1;
	return 0;
}

__noinline int may_be_ruled(void)
{
	return may_have_rules(policy.now, true);
}

static __always_inline void take_matches(struct label_record *l, const struct matches *m)
{
	__u32 flags = m->flags;

	for (int i = 0; i < LABEL_SETS; i++) {
		l->sets[i] = m->sets[i];
		l->numbers[i] = m->numbers[i];
	}
	if (m->all == m->audit)
		flags |= LABEL_AUDIT;
	if (m->all > m->count || l->flags & LABEL_KIN_CUT)
		flags |= LABEL_CUT;
	__sync_fetch_and_and(&l->flags, flags | ~(LABEL_AUDIT | LABEL_ICMP | LABEL_CUT));
	__sync_fetch_and_or(&l->flags, flags);
	l->icmp = m->icmp;
	l->count = m->count;
}

/*
 * Fills the label with the rules as of now. The last store makes them valid: until then other CPUs
 * resolve for themselves.
 */
__noinline int resolve(struct label_record *l, __u64 now)
{
	struct identity who = {};
	struct matches m = {};

	if (!l)
		return 0;
	__builtin_memcpy(who.name, l->process.comm, sizeof(who.name));
	who.exe[0] = l->process.exe.inode;
	who.exe[1] = l->exe_id;
	who.pid[0] = l->process.pid;
	who.pid[1] = l->process.start - l->process.start % CLOCK_TICK;
	who.user = l->process.uid + 1;
	find_scopes(&who, &l->cgroups, now);
	for (__u32 kind = SUBJECT_NAME; kind <= SUBJECT_ANY; kind++)
		if (has_kind(now, kind))
			match_kind(&m, &who, kind, now);
	if (now & POLICY_HAS_CHILDREN)
		match_kin(&m, l, &who, now);
	l->allowed = 0; /* a slower CPU may have allowed it by older sets */
	take_matches(l, &m);
	l->now = now;
	return 0;
}

#endif
