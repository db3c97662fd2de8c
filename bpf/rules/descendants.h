/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules that hold for descendants: the subjects that a process has from itself and from its
 * ancestors (its kin). A process keeps these subjects when it changes its name or executable, and
 * hands them on when it forks, so its ancestors may end. For a process that is older than the
 * rules, the ancestors are searched once for each generation of the policy.
 */
#ifndef PINPIPE_DESCENDANTS_H
#define PINPIPE_DESCENDANTS_H

#include "bpf/abi/rules.h"
#include "bpf/common/task.h"
#include "bpf/abi/usage.h"

#define KIN_ABOVE 32 /* ancestors that are searched */
#define KIN_BUSY  ~0U

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * MAX_SUBJECTS);
	__type(key, struct subject_key);
	__type(value, struct subject_record);
} subjects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_KIN);
	__type(key, struct process_key);
	__type(value, struct kin_record);
} kin SEC(".maps");

/* All zero: the initial value of a new element, which is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kin_record);
} no_kin SEC(".maps");

static __always_inline bool same_subject(const struct subject_key *a, const struct subject_key *b)
{
	return !((a->kind ^ b->kind) | (a->id[0] ^ b->id[0]) | (a->id[1] ^ b->id[1]) |
		 (a->cgroup ^ b->cgroup));
}

static __always_inline bool sticks(const struct subject_key *key)
{
	const struct subject_record *s = bpf_map_lookup_elem(&subjects, key);

	return s && s->flags & SUBJECT_CHILDREN;
}

/* The kind and the bank of a place as one word: compare-and-swap needs all 64 bits. */
union place_word {
	__u32 halves[2];
	__u64 word;
};

/*
 * Writes key to a place whose kind was kind. Another thread may write too: the place is marked busy
 * first, and counts once its kind is stored. False: the other thread was first.
 */
static __always_inline bool take_place(struct subject_key *place, __u32 kind,
				       const struct subject_key *key)
{
	union place_word was = {.halves[0] = kind}, busy = {.halves[0] = KIN_BUSY};
	union place_word done = {.halves[0] = key->kind};
	__u64 *word = (__u64 *)&place->kind;

	if (__sync_val_compare_and_swap(word, was.word, busy.word) != was.word)
		return false;
	place->id[0] = key->id[0];
	place->id[1] = key->id[1];
	place->cgroup = key->cgroup;
	__sync_lock_test_and_set(word, done.word);
	return true;
}

/* Keeps a subject in a place that is free, or whose subject no longer exists. */
static __noinline int keep_subject(struct kin_record *k, const struct subject_key *key)
{
	struct subject_key old;

	if (!k || !key || !sticks(key))
		return 0;
	for (int i = 0; i < KIN_SUBJECTS; i++) {
		if (same_subject(&k->of[i], key))
			return 0;
	}
	for (int i = 0; i < KIN_SUBJECTS; i++) {
		old = k->of[i];
		old.bank = key->bank;
		if (old.kind != KIN_BUSY && !sticks(&old) && take_place(&k->of[i], old.kind, key))
			break;
	}
	return 0;
}

/*
 * A walk over a process and its ancestors. Each is looked up as a subject of all cgroups and of
 * each cgroup in scopes.
 */
struct kin_walk {
	struct kin_record *k;
	struct task_struct *task;
	const __u64 *scopes; /* ids of cgroups, by level from 1 */
	__u64 now;
	struct subject_key key;
};

static long keep_in_scope(__u32 i, struct kin_walk *w)
{
	w->key.cgroup = w->scopes[i & (LABEL_SCOPES - 1)];
	if (!w->key.cgroup)
		return 1;
	keep_subject(w->k, &w->key);
	return 0;
}

static __always_inline void keep_kind(struct kin_walk *w)
{
	w->key.cgroup = 0;
	keep_subject(w->k, &w->key);
	if (w->now & POLICY_HAS_CGROUP)
		bpf_loop(LABEL_SCOPES, keep_in_scope, w, 0);
}

/* Keeps the subjects that w->task matches by its own name, executable and number. */
static __noinline int keep_own(struct kin_walk *w)
{
	struct task_struct *leader;
	struct inode *inode;

	if (!w)
		return 0;
	leader = w->task->group_leader;
	w->key.kind = SUBJECT_NAME;
	copy_comm(w->key.id, leader);
	keep_kind(w);
	if (w->now & POLICY_HAS_EXE) {
		inode = leader->mm->exe_file->f_inode;
		w->key.kind = SUBJECT_EXE;
		w->key.id[0] = inode->i_ino;
		w->key.id[1] = inode->i_sb->s_dev;
		keep_kind(w);
	}
	if (w->now & POLICY_HAS_PID) {
		w->key.kind = SUBJECT_PID;
		w->key.id[0] = leader->tgid;
		w->key.id[1] = leader->start_boottime - leader->start_boottime % CLOCK_TICK;
		keep_kind(w);
	}
	return 0;
}

static long keep_above(__u32 i, struct kin_walk *w)
{
	struct task_struct *parent = w->task->group_leader->real_parent;

	if (!parent || !parent->tgid)
		return 1;
	w->task = parent;
	keep_own(w);
	return 0;
}

static __noinline struct kin_record *record_of(const struct process_key *who)
{
	struct kin_record *k;
	__u32 zero = 0;

	if (!who)
		return NULL;
	k = bpf_map_lookup_elem(&kin, who);
	if (k)
		return k;
	k = bpf_map_lookup_elem(&no_kin, &zero);
	if (k)
		bpf_map_update_elem(&kin, who, k, BPF_NOEXIST);
	return bpf_map_lookup_elem(&kin, who);
}

/*
 * The kin record of a task, brought up to date. scopes: ids of its cgroup and those above it, by
 * level from 1. now: policy.now. NULL: no subject sticks to the task.
 */
static __noinline struct kin_record *kin_of(struct task_struct *task, const __u64 *scopes,
					    __u64 now)
{
	struct process_key who = {.pid = task->tgid, .start = task->group_leader->start_boottime};
	struct kin_walk w = {.task = task, .scopes = scopes, .now = now};

	w.k = record_of(&who);
	if (!w.k)
		return NULL;
	w.key.bank = now & POLICY_BANK;
	keep_own(&w);
	if (w.k->now != now)
		bpf_loop(KIN_ABOVE, keep_above, &w, 0);
	w.k->now = now;
	if (w.k->of[0].kind)
		return w.k;
	bpf_map_delete_elem(&kin, &who); /* an empty record would only take room */
	return NULL;
}

#endif
