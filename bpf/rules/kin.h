/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The kin of a process: the subjects that stick to it, from itself or from an ancestor. */
#ifndef PINPIPE_KIN_H
#define PINPIPE_KIN_H

#include "bpf/abi/usage.h"
#include "bpf/rules/subjects.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_KIN);
	__type(key, struct process_key);
	__type(value, struct kin_record);
} kin SEC(".maps");

/* NULL: no subject sticks to the task. */
static __always_inline struct kin_record *kin_of(struct task_struct *task)
{
	struct process_key who = {.pid = task->tgid, .start = task->group_leader->start_boottime};

	return bpf_map_lookup_elem(&kin, &who);
}

#endif
