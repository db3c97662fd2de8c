/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Whose a socket is: who does the I/O, in the words of usage.h.
 * For programs in process context, where `current` is that process or a worker of its own.
 */
#ifndef PINPIPE_OWNER_H
#define PINPIPE_OWNER_H

#include "bpf/common/executable.h"
#include "bpf/common/task.h"
#include "bpf/abi/usage.h"

/* Threads and io_uring's workers count for the process whose group they are in. */
static __always_inline void process_of(const struct task_struct *task, struct process_key *key)
{
	key->pid = task->tgid;
	key->start = task->group_leader->start_boottime;
}

static __always_inline void describe(struct task_struct *task, struct process_record *p)
{
	struct task_struct *leader = task->group_leader;

	p->cgroup = task->cgroups->dfl_cgrp->kn->id;
	p->uid = task->cred->uid.val;
	p->session = session_of(task);
	p->ppid = leader->real_parent->tgid;
	name_exe(task, &p->exe);
	copy_comm(p->comm, leader);
}

/* Its last thread is past the point where its entries move away (sched_process_exit). */
static __always_inline bool has_ended(struct task_struct *task)
{
	return task->signal->live.counter == 0;
}

#endif
