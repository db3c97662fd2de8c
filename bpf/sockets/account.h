/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The usage sums. charge() adds one transfer to the entry of its process; what finds no room is
 * counted in totals.full. When a process ends, or replaces its image, bury() moves its entries to
 * the dead ring. A process with another user or cgroup has other entries, beside those of before.
 */
#ifndef PINPIPE_ACCOUNT_H
#define PINPIPE_ACCOUNT_H

#include "bpf/abi/usage.h"
#include "bpf/common/process.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, USAGE_ENTRIES);
	__type(key, struct usage_key);
	__type(value, struct usage_sums);
} usage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, USAGE_PROCESSES);
	__type(key, struct process_key);
	__type(value, struct process_record);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, USAGE_PLACES);
	__type(key, struct entry_key);
	__type(value, struct usage_key);
} entries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DEAD_ENTRIES);
	__type(key, __u32);
	__type(value, struct dead_record);
} dead SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dead_state);
} dead_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct usage_totals);
} totals SEC(".maps");

/* Fills the fields of key that say which process it is. */
static __always_inline void identify_user(const struct task_struct *task, struct usage_key *key)
{
	const struct task_struct *leader = task->group_leader;

	identify_process(task, &key->start, &key->pid);
	key->cgroup = leader->cgroups->dfl_cgrp->kn->id;
	key->uid = leader->cred->uid.val;
	key->execs = leader->self_exec_id;
}

static __always_inline void copy_user(struct usage_key *to, const struct usage_key *from)
{
	to->start = from->start;
	to->pid = from->pid;
	to->cgroup = from->cgroup;
	to->uid = from->uid;
	to->execs = from->execs;
}

static __always_inline bool is_same_process(const struct usage_key *a, const struct usage_key *b)
{
	return a->start == b->start && a->pid == b->pid && a->cgroup == b->cgroup &&
	       a->uid == b->uid && a->execs == b->execs;
}

static __always_inline void add_atomic(struct usage_sums *to, const struct usage_sums *s)
{
	if (s->calls_sent) {
		__sync_fetch_and_add(&to->bytes_sent, s->bytes_sent);
		__sync_fetch_and_add(&to->calls_sent, s->calls_sent);
	}
	if (s->calls_received) {
		__sync_fetch_and_add(&to->bytes_received, s->bytes_received);
		__sync_fetch_and_add(&to->calls_received, s->calls_received);
	}
}

/*
 * Writes a record to the dead ring. An element is used again only after a whole turn of the ring,
 * so no two CPUs write it at once.
 */
static __noinline void write_dead(const struct usage_key *key, const struct usage_sums *sums,
				  const struct process *process)
{
	struct dead_record *slot;
	struct dead_state *state;
	__u32 zero = 0, index;
	__u64 number;

	state = bpf_map_lookup_elem(&dead_state, &zero);
	if (!state)
		return;
	number = __sync_fetch_and_add(&state->last, 1) + 1;
	index = number & (DEAD_ENTRIES - 1);
	slot = bpf_map_lookup_elem(&dead, &index);
	if (!slot)
		return;
	if (slot->number) {
		add_atomic(&state->forgotten, &slot->sums);
		__sync_fetch_and_add(&state->forgotten_entries, 1);
	}
	__sync_lock_test_and_set(&slot->number, 0);
	slot->key = *key;
	slot->sums = *sums;
	slot->process = *process;
	slot->process.cgroup = key->cgroup;
	slot->process.uid = key->uid;
	__sync_lock_test_and_set(&slot->number, number);
	add_atomic(&state->written, sums);
}

/*
 * Makes an entry with these sums for the current process; if the process has ended, the sums go to
 * the dead ring instead. False: no room.
 */
static __noinline bool add_entry(const struct usage_key *key, const struct usage_sums *sums)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process_key who = {.start = key->start, .pid = key->pid};
	struct entry_key place = {.start = key->start, .pid = key->pid};
	struct process_record *process, fresh = {.execs = key->execs};
	const bool ended = has_ended(task);
	struct usage_sums *entry;

	process = ended ? NULL : bpf_map_lookup_elem(&processes, &who);
	if (!process) {
		read_current(&fresh.process);
		if (ended) {
			write_dead(key, sums, &fresh.process);
			return true;
		}
		bpf_map_update_elem(&processes, &who, &fresh, BPF_NOEXIST);
		process = bpf_map_lookup_elem(&processes, &who);
		if (!process)
			return false;
	}
	if (bpf_map_update_elem(&usage, key, sums, BPF_NOEXIST)) {
		entry = bpf_map_lookup_elem(&usage, key); /* another thread was first */
		if (!entry)
			return false;
		add_atomic(entry, sums);
		return true;
	}
	place.number = __sync_fetch_and_add(&process->entries, 1);
	/* entries is never full before usage: each of its elements has one there, or just had. */
	bpf_map_update_elem(&entries, &place, key, BPF_ANY);
	return true;
}

static __always_inline void charge(const struct usage_key *key, const struct usage_sums *sums)
{
	struct usage_sums *entry = bpf_map_lookup_elem(&usage, key);
	struct usage_totals *total;
	__u32 zero = 0;

	if (entry) {
		add_atomic(entry, sums);
		return;
	}
	if (add_entry(key, sums))
		return;
	total = bpf_map_lookup_elem(&totals, &zero);
	if (total)
		add_atomic(&total->full, sums);
}

struct burial {
	struct process_key who;
	struct process process;
};

static long bury_entry(__u32 number, struct burial *b)
{
	struct entry_key place = {.start = b->who.start, .pid = b->who.pid, .number = number};
	struct usage_sums *entry;
	struct usage_key *key;

	key = bpf_map_lookup_elem(&entries, &place);
	if (!key)
		return 0;
	entry = bpf_map_lookup_elem(&usage, key);
	if (entry) {
		write_dead(key, entry, &b->process);
		bpf_map_delete_elem(&usage, key);
	}
	bpf_map_delete_elem(&entries, &place);
	return 0;
}

/*
 * Moves the entries of a process to the dead ring. Of two threads that end last at the same time,
 * the one that deletes the process moves all of them.
 */
static __always_inline void bury(const struct process_key *who)
{
	struct burial b = {.who = *who};
	struct process_record *process = bpf_map_lookup_elem(&processes, who);
	__u32 entries_made;

	if (!process)
		return;
	b.process = process->process;
	entries_made = process->entries;
	if (bpf_map_delete_elem(&processes, who))
		return;
	bpf_loop(entries_made, bury_entry, &b, 0);
}

#endif
