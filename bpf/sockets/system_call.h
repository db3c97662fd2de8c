/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The system call that the current task is in, read from its saved registers: no program runs at
 * the entry of system calls. Kernel threads, io_uring's workers and 32-bit callers have none.
 */
#ifndef PINPIPE_SYSTEM_CALL_H
#define PINPIPE_SYSTEM_CALL_H

#include "bpf/common/task.h"
#include "bpf/sockets/socket_key.h"

#define PF_IO_WORKER 0x00000010

#define MESSAGE_STRIDE 64 /* of struct mmsghdr to a 64-bit process */

enum call {
	CALL_OTHER,
	CALL_READ,     /* also write */
	CALL_READV,    /* also writev */
	CALL_SENDTO,   /* also recvfrom */
	CALL_SENDMSG,  /* also recvmsg */
	CALL_SENDMMSG, /* also recvmmsg */
	CALL_SPLICE,   /* also sendfile, and getsockopt for zero-copy receive */
};

struct system_call {
	enum call call;
	__u32 message; /* CALL_SENDMMSG: index of the message */
	__u32 skip;    /* bytes of the buffers that have been reported before */
	__u32 zero;
	__u64 arg[6];
};

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 0x2

static __always_inline enum call call_of_number(__u64 number)
{
	switch (number) {
	case 0:
	case 1:
		return CALL_READ;
	case 19:
	case 20:
		return CALL_READV;
	case 44:
	case 45:
		return CALL_SENDTO;
	case 46:
	case 47:
		return CALL_SENDMSG;
	case 307:
	case 299:
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
	case 63:
	case 64:
		return CALL_READ;
	case 65:
	case 66:
		return CALL_READV;
	case 206:
	case 207:
		return CALL_SENDTO;
	case 211:
	case 212:
		return CALL_SENDMSG;
	case 269:
	case 243:
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

/* Whether file descriptor fd of the task is this socket: if not, the call is about another one. */
static __always_inline bool is_socket(struct task_struct *task, __u32 fd, const struct sock *sk)
{
	struct fdtable *table = task->files->fdt;
	struct file *file = NULL;

	if (fd >= table->max_fds)
		return false;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	return file && sk && BPF_CORE_READ(file, private_data) == GET(sk, sk_socket);
}

/* The next message of a sendmmsg or recvmmsg: the arguments of the call do not say. */
struct message_count {
	__u64 vector; /* address of the messages; 0: none */
	__u32 next;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct message_count);
} messages SEC(".maps");

static __always_inline __u32 next_message(struct task_struct *task, const struct system_call *c,
					  int result)
{
	struct message_count *count =
		bpf_task_storage_get(&messages, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u32 message;

	if (!count)
		return 0;
	if (count->vector != c->arg[1])
		count->next = 0;
	message = count->next++;
	count->vector = c->arg[1];
	if (result < 0 || count->next >= (__u32)c->arg[2])
		count->vector = 0;
	return message;
}

/*
 * Fills c with the system call, and for sendmmsg and recvmmsg the message that has just returned
 * result.
 */
static __always_inline void look_at_call(struct task_struct *task, int result,
					 struct system_call *c)
{
	c->call = current_call(task);
	if (c->call == CALL_OTHER || c->call == CALL_SPLICE)
		return;
	read_arguments(task, c);
	if (c->call == CALL_SENDMMSG)
		c->message = next_message(task, c, result);
}

struct message_head { /* struct user_msghdr */
	__u64 name;
	__u32 name_length;
	__u32 zero;
	__u64 vector;
	__u64 segments;
};

static __always_inline bool read_head(const struct system_call *c, struct message_head *head)
{
	const void *at = (void *)c->arg[1] + c->message * MESSAGE_STRIDE;

	return !bpf_probe_read_user(head, sizeof(*head), at);
}

/* Reads the destination that the process gave to this call. False: none, or for another socket. */
static __always_inline bool read_name(struct task_struct *task, const struct sock *sk,
				      const struct system_call *c, struct socket_name *name)
{
	struct message_head head = {};

	if (c->call == CALL_SENDTO) {
		head.name = c->arg[4];
		head.name_length = c->arg[5];
	} else if (c->call == CALL_SENDMSG || c->call == CALL_SENDMMSG) {
		if (!read_head(c, &head))
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
