/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The system call that the current task is in, from its saved registers: no program runs at the
 * entry of any call. Kernel threads, io_uring's workers and 32-bit callers have none.
 */
#ifndef PINPIPE_SYSCALL_H
#define PINPIPE_SYSCALL_H

#include "socket.h"

#define PF_IO_WORKER 0x00000010
#define PF_KTHREAD   0x00200000

#define MESSAGE_STRIDE 64 /* of struct mmsghdr to a 64-bit process */

enum call {
	CALL_OTHER,
	CALL_SENDTO,
	CALL_SENDMSG,
	CALL_SENDMMSG,
	CALL_SPLICE, /* also sendfile, and getsockopt for zero-copy receive */
};

struct system_call {
	enum call call;
	__u64 arg[6];
};

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 0x2

static __always_inline enum call call_of_number(__u64 number)
{
	switch (number) {
	case 44:
		return CALL_SENDTO;
	case 46:
		return CALL_SENDMSG;
	case 307:
		return CALL_SENDMMSG;
	case 275:
	case 40:
	case 55:
		return CALL_SPLICE;
	}
	return CALL_OTHER;
}

static __always_inline enum call current_call(struct task_struct *task)
{
	if (task->flags & (PF_KTHREAD | PF_IO_WORKER) || task->thread_info.status & TS_COMPAT)
		return CALL_OTHER;
	return call_of_number(((struct pt_regs *)bpf_task_pt_regs(task))->orig_ax);
}

static __always_inline void read_arguments(struct task_struct *task, struct system_call *c)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	c->arg[0] = regs->di;
	c->arg[1] = regs->si;
	c->arg[2] = regs->dx;
	c->arg[3] = regs->r10;
	c->arg[4] = regs->r8;
	c->arg[5] = regs->r9;
}
#elif defined(__TARGET_ARCH_arm64)
#define TIF_32BIT 22

static __always_inline enum call call_of_number(__u64 number)
{
	switch (number) {
	case 206:
		return CALL_SENDTO;
	case 211:
		return CALL_SENDMSG;
	case 269:
		return CALL_SENDMMSG;
	case 76:
	case 71:
	case 209:
		return CALL_SPLICE;
	}
	return CALL_OTHER;
}

static __always_inline enum call current_call(struct task_struct *task)
{
	if (task->flags & (PF_KTHREAD | PF_IO_WORKER) || task->thread_info.flags >> TIF_32BIT & 1)
		return CALL_OTHER;
	return call_of_number(((struct pt_regs *)bpf_task_pt_regs(task))->syscallno);
}

static __always_inline void read_arguments(struct task_struct *task, struct system_call *c)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

	c->arg[0] = regs->orig_x0;
	for (int i = 1; i < 6; i++)
		c->arg[i] = regs->user_regs.regs[i];
}
#else
static __always_inline enum call current_call(struct task_struct *task)
{
	return CALL_OTHER;
}

static __always_inline void read_arguments(struct task_struct *task, struct system_call *c)
{
}
#endif

/* Whether descriptor number fd of the task is this socket: else the call is about another one. */
static __always_inline bool is_socket(struct task_struct *task, __u32 fd, const struct sock *sk)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **slot = BPF_CORE_READ(table, fd), *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return false;
	bpf_core_read(&file, sizeof(file), slot + fd);
	return file && sk && BPF_CORE_READ(file, private_data) == sk->sk_socket;
}

struct message_head { /* struct user_msghdr, its beginning */
	__u64 name;
	__u32 name_length;
	__u32 zero;
};

/* The destination that the process gave to this call. message: of sendmmsg, which one it is. */
static __always_inline bool read_name(struct task_struct *task, const struct sock *sk,
				      const struct system_call *c, __u32 message,
				      struct socket_name *name)
{
	struct message_head head = {};

	if (c->call == CALL_SENDTO) {
		head.name = c->arg[4];
		head.name_length = c->arg[5];
	} else if (c->call == CALL_SENDMSG || c->call == CALL_SENDMMSG) {
		const void *at = (void *)c->arg[1] + message * MESSAGE_STRIDE;

		if (bpf_probe_read_user(&head, sizeof(head), at))
			return false;
	}
	if (!head.name || !is_socket(task, c->arg[0], sk))
		return false;
	if (bpf_probe_read_user(name, head.name_length < sizeof(*name) ? 16 : sizeof(*name),
				(void *)head.name))
		return false;
	return true;
}

#endif
