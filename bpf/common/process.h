/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The process of a task: the only place where struct process and struct process_key are filled. */
#ifndef PINPIPE_COMMON_PROCESS_H
#define PINPIPE_COMMON_PROCESS_H

#include "bpf/abi/process.h"
#include "bpf/common/executable.h"
#include "bpf/common/task.h"

/*
 * Sets start and pid of a process_key, or of another key that begins with them. Threads and
 * io_uring's workers count for the process to whose thread group they belong.
 */
static __always_inline void identify_process(const struct task_struct *task, __u64 *start,
					     __u32 *pid)
{
	*start = task->group_leader->start_boottime;
	*pid = task->tgid;
}

/* Fills p with the process of a task. p is all zero, or holds the same process from before. */
static __always_inline void read_process(struct task_struct *task, struct process *p)
{
	const struct task_struct *leader = task->group_leader;

	p->start = leader->start_boottime;
	p->cgroup = task->cgroups->dfl_cgrp->kn->id;
	name_exe(task, &p->exe);
	p->pid = task->tgid;
	p->ppid = leader->real_parent->tgid;
	p->uid = task->cred->uid.val;
	p->pgid = pgid_of(task);
	copy_comm(p->comm, leader);
}

/*
 * Fills p with the current process. A global function: the verifier checks it once, however often
 * it is called.
 */
__noinline int read_current(struct process *p)
{
	if (p)
		read_process(bpf_get_current_task_btf(), p);
	return 0;
}

/*
 * Whether the last thread of the process is ending: sched_process_exit has moved its usage entries
 * away, or is doing so.
 */
static __always_inline bool has_ended(struct task_struct *task)
{
	return task->signal->live.counter == 0;
}

#endif
