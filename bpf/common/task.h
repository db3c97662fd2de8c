/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Reads a task by plain loads: the verifier knows the type of the tasks that these functions are
 * called with, and a load that faults gives 0.
 */
#ifndef PINPIPE_TASK_H
#define PINPIPE_TASK_H

#define PF_KTHREAD 0x00200000 /* of task_struct.flags */

#define CLOCK_TICK 10000000 /* nanoseconds: the resolution of start times in /proc */

/* The process group of a task, in the initial pid namespace; 0: a kernel thread's. */
static __always_inline __u32 pgid_of(const struct task_struct *task)
{
	return task->signal->pids[PIDTYPE_PGID]->numbers[0].nr;
}

/* Copies the name of a task: 16 bytes, padded with zeros. */
static __always_inline void copy_comm(void *to, const struct task_struct *task)
{
	const __u64 *comm = (const __u64 *)task->comm;
	__u64 *words = to;

	words[0] = comm[0];
	words[1] = comm[1];
}

#endif
