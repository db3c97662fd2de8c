/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The label of a socket: its owner, noted in system calls of that process, and the rules of that
 * process. Packets are judged by the label, never by the current process.
 */
#ifndef PINPIPE_LABEL_H
#define PINPIPE_LABEL_H

#include "bpf/common/process.h"
#include "bpf/rules/descendants.h"

/* Written by ebpf-ctl. A mapped variable: programs read it by a plain load. */
volatile struct policy_record policy SEC(".data.policy");

/* An accepted socket begins with a copy of its listener's label. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct label_record);
} labels SEC(".maps");

/* Copies the subjects that the task has from itself and its ancestors (POLICY_HAS_CHILDREN). */
static __always_inline void read_kin(struct label_record *l, struct task_struct *task)
{
	const __u64 now = policy.now;
	struct kin_record *k = NULL;

	if (now & POLICY_HAS_CHILDREN)
		k = kin_of(task, l->scopes, now);
	if (k)
		__builtin_memcpy(l->kin, k->of, sizeof(l->kin));
	else
		__builtin_memset(l->kin, 0, sizeof(l->kin));
	l->identified = now;
}

/* Makes the current process the owner. Returns 0 for a kernel thread: the label stays. */
static __noinline int identify(struct label_record *l)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!l || task->flags & PF_KTHREAD)
		return 0;
	l->now = l->allowed = 0;
	read_process(task, &l->process);
	for (int i = 0; i < LABEL_SCOPES; i++)
		l->scopes[i] = bpf_get_current_ancestor_cgroup_id(i + 1);
	read_kin(l, task);
	l->now = 0;
	return 1;
}

/*
 * Whether the label's owner is the current process, with the name and executable that it has now,
 * and with its kin of this generation.
 */
static __always_inline bool is_current(const struct label_record *l)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const __u64 *had = (const __u64 *)l->process.comm;
	__u64 name[2] = {};
	struct inode *inode;

	if (l->process.pid != (__u32)task->tgid ||
	    (policy.now & POLICY_HAS_CHILDREN && l->identified != policy.now))
		return false;
	copy_comm(name, task->group_leader);
	if (name[0] != had[0] || name[1] != had[1])
		return false;
	if (!(policy.now & POLICY_HAS_EXE))
		return true;
	inode = task->mm->exe_file->f_inode;
	return inode->i_ino == l->process.exe.inode && inode->i_sb->s_dev == l->process.exe.device;
}

/* The subjects that a process matches. */
struct matches {
	__u32 count;
	__u32 audit; /* how many of them are only audited */
	__u32 sets[LABEL_SETS];
	__u32 numbers[LABEL_SETS];
};

static __always_inline void add_match(struct matches *m, const struct subject_record *s)
{
	__u32 at = m->count;

	if (at >= LABEL_SETS)
		return;
	m->sets[at] = s->set;
	m->numbers[at] = s->number;
	m->audit += s->flags & SUBJECT_AUDIT;
	m->count = at + 1;
}

static __always_inline void match(struct matches *m, const struct subject_key *key)
{
	const struct subject_record *s = bpf_map_lookup_elem(&subjects, key);

	if (s)
		add_match(m, s);
}

static __always_inline void match_kind(struct matches *m, struct subject_key *key,
				       const struct label_record *l, __u64 now)
{
	key->cgroup = 0;
	match(m, key);
	if (!(now & POLICY_HAS_CGROUP))
		return;
	for (int i = 0; i < LABEL_SCOPES; i++) {
		key->cgroup = l->scopes[i];
		if (!key->cgroup)
			break;
		match(m, key);
	}
}

static __always_inline bool has_scope(const struct label_record *l, __u64 cgroup)
{
	bool found = !cgroup;

	for (int i = 0; i < LABEL_SCOPES; i++)
		found |= l->scopes[i] == cgroup;
	return found;
}

/* Adds the owner's kin, without the subjects that it matches by itself. */
static __always_inline void match_kin(struct matches *m, const struct label_record *l, __u64 now)
{
	const struct subject_record *s;
	struct subject_key key;

	for (int i = 0; i < KIN_SUBJECTS; i++) {
		bool there = false;

		key = l->kin[i];
		key.bank = now & POLICY_BANK;
		if (!key.kind || !has_scope(l, key.cgroup))
			continue;
		s = bpf_map_lookup_elem(&subjects, &key);
		if (!s || !(s->flags & SUBJECT_CHILDREN))
			continue;
		for (__u32 j = 0; j < LABEL_SETS; j++)
			there |= j < m->count && m->numbers[j] == s->number;
		if (!there)
			add_match(m, s);
	}
}

/*
 * Fills the label with the rules as of now. The last store makes them valid: until then other CPUs
 * resolve for themselves.
 */
static __noinline int resolve(struct label_record *l, __u64 now)
{
	struct subject_key key = {.bank = now & POLICY_BANK};
	struct matches m = {};

	if (!l)
		return 0;
	key.kind = SUBJECT_NAME;
	__builtin_memcpy(key.id, l->process.comm, sizeof(key.id));
	match_kind(&m, &key, l, now);
	if (now & POLICY_HAS_EXE) {
		key.kind = SUBJECT_EXE;
		key.id[0] = l->process.exe.inode;
		key.id[1] = l->process.exe.device;
		match_kind(&m, &key, l, now);
	}
	if (now & POLICY_HAS_PID) {
		key.kind = SUBJECT_PID;
		key.id[0] = l->process.pid;
		key.id[1] = l->process.start - l->process.start % CLOCK_TICK;
		match_kind(&m, &key, l, now);
	}
	if (now & POLICY_HAS_CHILDREN)
		match_kin(&m, l, now);
	l->allowed = 0; /* a slower CPU may have allowed it by older sets */
	for (int i = 0; i < LABEL_SETS; i++) {
		l->sets[i] = m.sets[i];
		l->numbers[i] = m.numbers[i];
	}
	if (m.count == m.audit)
		__sync_fetch_and_or(&l->flags, LABEL_AUDIT);
	else
		__sync_fetch_and_and(&l->flags, ~LABEL_AUDIT);
	l->count = m.count;
	l->now = now;
	return 0;
}

#endif
