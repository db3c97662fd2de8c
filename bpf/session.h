/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#ifndef PINPIPE_SESSION_H
#define PINPIPE_SESSION_H

/* Its number in the initial pid namespace; 0: who it descends from never began one (setsid(2)). */
static __always_inline __u32 session_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, pids[PIDTYPE_SID], numbers[0].nr);
}

#endif
