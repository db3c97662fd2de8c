/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Keeps the kin of processes: the subjects that they have from themselves and from their ancestors
 * by allow --children. They are noted when it forks, and before it changes its name or executable,
 * so its ancestors may end. The iterator find_kin notes them for processes that are older than a
 * rule.
 */
#ifndef PINPIPE_DESCENDANTS_H
#define PINPIPE_DESCENDANTS_H

#include "bpf/rules/kin.h"

#define KIN_ABOVE 32 /* ancestors that are searched */
#define KIN_BUSY  0xffff

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
		 (a->scope ^ b->scope) | (a->user ^ b->user));
}

static __always_inline bool sticks(const struct subject_key *key)
{
	const struct subject_record *s = bpf_map_lookup_elem(&subjects, key);

	return s && s->flags & SUBJECT_CHILDREN;
}

/* The last members of a place as one word: compare-and-swap needs all 64 bits. */
union place_word {
	struct {
		__u16 kind;
		__u16 bank; /* 0 */
		__u32 user;
	};
	__u64 word;
};

/*
 * Writes key to a place that was old. Another thread may write too: the place is marked busy first,
 * and counts once its kind is stored. False: the other thread was first.
 */
static __always_inline bool take_place(struct subject_key *place, const struct subject_key *old,
				       const struct subject_key *key)
{
	union place_word was = {.kind = old->kind, .user = old->user}, busy = {.kind = KIN_BUSY};
	union place_word done = {.kind = key->kind, .user = key->user};
	__u64 *word = (__u64 *)&place->kind;

	if (__sync_val_compare_and_swap(word, was.word, busy.word) != was.word)
		return false;
	place->id[0] = key->id[0];
	place->id[1] = key->id[1];
	place->scope = key->scope;
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
		if (old.kind != KIN_BUSY && !sticks(&old) && take_place(&k->of[i], &old, key))
			return 0;
	}
	k->cut = 1;
	return 0;
}

/*
 * A walk over a process and its ancestors. Each is looked up as a subject of all cgroups and of
 * the scopes of the process where the walk begins.
 */
struct kin_walk {
	struct kin_record *k;
	struct task_struct *task;
	__u64 now;
	struct subject_key key;
	struct identity who;
};

static long keep_in_scope(__u32 i, struct kin_walk *w)
{
	w->key.scope = w->who.scopes[i & (LABEL_SCOPES - 1)];
	if (w->key.scope)
		keep_subject(w->k, &w->key);
	return 0;
}

/* Keeps the subjects of this kind, id and user. */
static __always_inline void keep_scopes(struct kin_walk *w)
{
	w->key.scope = 0;
	keep_subject(w->k, &w->key);
	if (w->now & POLICY_HAS_CGROUP)
		bpf_loop(LABEL_SCOPES, keep_in_scope, w, 0);
}

static __always_inline void keep_kind(struct kin_walk *w, __u32 kind)
{
	if (!has_kind(w->now, kind))
		return;
	set_kind(&w->key, kind, &w->who);
	w->key.user = 0;
	keep_scopes(w);
	w->key.user = w->who.user;
	if (w->now & POLICY_HAS_USER)
		keep_scopes(w);
}

/* Keeps the subjects that w->task matches by its own name, executable, number and user. */
static __noinline int keep_own(struct kin_walk *w)
{
	if (!w)
		return 0;
	identify_task(&w->who, w->task, ~0ULL); /* all: each branch doubles the verifier's work */
	keep_kind(w, SUBJECT_NAME);
	keep_kind(w, SUBJECT_EXE);
	keep_kind(w, SUBJECT_PID);
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
 * Brings the kin record of a task up to date: adds its own subjects, and those of its ancestors if
 * above. cgroups: those of the task. NULL: no subject sticks to the task.
 */
static __noinline struct kin_record *
note_kin(struct task_struct *task, const struct cgroup_ids *cgroups, __u64 now, bool above)
{
	struct process_key who = {.pid = task->tgid, .start = task->group_leader->start_boottime};
	struct kin_walk w = {.task = task, .now = now};

	w.k = record_of(&who);
	if (!w.k)
		return NULL;
	find_scopes(&w.who, cgroups, now);
	w.key.bank = now & POLICY_BANK;
	keep_own(&w);
	if (above)
		bpf_loop(KIN_ABOVE, keep_above, &w, 0);
	if (w.k->of[0].kind)
		return w.k;
	bpf_map_delete_elem(&kin, &who); /* an empty record would only take room */
	return NULL;
}

#endif
