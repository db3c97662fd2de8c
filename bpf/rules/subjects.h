/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Subjects: which processes rules are about. A process matches a subject by its name, its
 * executable, its number, its user, or by a cgroup that it is in.
 */
#ifndef PINPIPE_SUBJECTS_H
#define PINPIPE_SUBJECTS_H

#include "bpf/abi/rules.h"
#include "bpf/common/executable.h"
#include "bpf/common/task.h"

/* Written by ebpf-ctl. A mapped variable: programs read it by a plain load. */
volatile struct policy_record policy SEC(".data.policy");

volatile struct sieve_record sieve SEC(".data.sieve");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * MAX_SUBJECTS);
	__type(key, struct subject_key);
	__type(value, struct subject_record);
} subjects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SCOPES);
	__type(key, __u64); /* id of a cgroup */
	__type(value, __u64);
} scope_ids SEC(".maps");

/* What subjects say of a process. */
struct identity {
	__u64 name[2];
	__u64 exe[2];
	__u64 pid[2];
	__u64 scopes[LABEL_SCOPES]; /* numbers; 0: no rule is limited to the cgroup of that level */
	__u32 user;		    /* user id + 1 */
	__u32 zero;
};

static __always_inline bool has_kind(__u64 now, __u32 kind)
{
	return kind == SUBJECT_NAME  ? now & POLICY_HAS_NAME
	       : kind == SUBJECT_EXE ? now & POLICY_HAS_EXE
	       : kind == SUBJECT_PID ? now & POLICY_HAS_PID
				     : now & POLICY_HAS_ANY;
}

/* Sets the key's kind and id. */
static __always_inline void set_kind(struct subject_key *key, __u32 kind,
				     const struct identity *who)
{
	key->kind = kind;
	key->id[0] = key->id[1] = 0;
	if (kind == SUBJECT_NAME) {
		key->id[0] = who->name[0];
		key->id[1] = who->name[1];
	} else if (kind == SUBJECT_EXE) {
		key->id[0] = who->exe[0];
		key->id[1] = who->exe[1];
	} else if (kind == SUBJECT_PID) {
		key->id[0] = who->pid[0];
		key->id[1] = who->pid[1];
	}
}

/*
 * Fills who->scopes. This function, matches_kind(), match_kind(), match_kin() and resolve() are
 * global: the verifier checks each once, however often it is called.
 */
__noinline int find_scopes(struct identity *who, const struct cgroup_ids *ids, __u64 now)
{
	if (!who || !ids)
		return 0;
	for (int i = 0; i < LABEL_SCOPES; i++) {
		__u64 id = now & POLICY_HAS_CGROUP ? ids->level[i] : 0;
		const __u64 *number = id ? bpf_map_lookup_elem(&scope_ids, &id) : NULL;

		who->scopes[i] = number ? *number : 0;
	}
	return 0;
}

/* The cgroups of the current process. */
static __always_inline void read_own_cgroups(struct cgroup_ids *ids)
{
	for (int i = 0; i < LABEL_SCOPES; i++)
		ids->level[i] = bpf_get_current_ancestor_cgroup_id(i + 1);
}

#define DEEPEST_CGROUP 32 /* ancestors of a cgroup that are visited */

/* The cgroups of a task. ids must be all zero. */
static __always_inline void read_cgroups(struct cgroup_ids *ids, struct task_struct *task)
{
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	__u32 level;

	for (int i = 0; i < DEEPEST_CGROUP; i++) {
		level = BPF_CORE_READ(cgroup, level);
		if (!level)
			break;
		if (level <= LABEL_SCOPES)
			ids->level[(level - 1) & (LABEL_SCOPES - 1)] =
				BPF_CORE_READ(cgroup, kn, id);
		cgroup = BPF_CORE_READ(cgroup, self.parent, cgroup);
	}
}

/*
 * The cgroups of the current process, for programs of packets: before Linux 6.5 they lack the
 * helper of read_own_cgroups(). Global. ids must be all zero.
 */
__noinline int walk_own_cgroups(struct cgroup_ids *ids)
{
	if (ids)
		read_cgroups(ids, bpf_get_current_task_btf());
	return 0;
}

/* Fills name, exe, pid and user, as far as subjects are about them. */
static __always_inline void identify_task(struct identity *who, struct task_struct *task, __u64 now)
{
	struct task_struct *leader = task->group_leader;
	struct inode *inode;

	copy_comm(who->name, leader);
	if (now & POLICY_HAS_EXE) {
		inode = task->mm->exe_file->f_inode;
		who->exe[0] = inode->i_ino;
		who->exe[1] = exe_id(inode);
	}
	if (now & POLICY_HAS_PID) {
		who->pid[0] = task->tgid;
		who->pid[1] = leader->start_boottime - leader->start_boottime % CLOCK_TICK;
	}
	if (now & POLICY_HAS_USER)
		who->user = task->cred->uid.val + 1;
}

static __always_inline bool is_in_sieve(__u32 kind, const __u64 *id)
{
	const __u32 bit = sieve_bit(kind, id);

	return sieve.bits[bit / 64 % (SIEVE_BITS / 64)] >> bit % 64 & 1;
}

/* False: no subject has the name, executable or number of the process. */
static __always_inline bool may_be_subject(const struct identity *who, __u64 now)
{
	return !sieve.complete || (now & POLICY_HAS_NAME && is_in_sieve(SUBJECT_NAME, who->name)) ||
	       (now & POLICY_HAS_EXE && is_in_sieve(SUBJECT_EXE, who->exe)) ||
	       (now & POLICY_HAS_PID && is_in_sieve(SUBJECT_PID, who->pid));
}

#endif
