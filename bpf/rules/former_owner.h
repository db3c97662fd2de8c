/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The owner that a socket had before a process with rules used it. If the former owner has no rules
 * and still has the socket, it may wait for packets that are denied to the new owner, and never
 * make the call that gives the socket back to it. Therefore a few packets with data still come in,
 * and what the former owner has sent still leaves. A listener is not kept: no hook tells who
 * accepts.
 */
#ifndef PINPIPE_FORMER_OWNER_H
#define PINPIPE_FORMER_OWNER_H

#include "bpf/abi/rules.h"
#include "bpf/common/protocols.h"
#include "bpf/common/socket.h"

/* How many references a file has. */
static __always_inline __s64 references(const struct file *file)
{
	const struct file___old *old = (const struct file___old *)file;

	if (bpf_core_field_exists(old->f_count))
		return BPF_CORE_READ(old, f_count.counter);
	return BPF_CORE_READ(file, f_ref.refcnt.counter) + 1;
}

/* Whether another process, or another descriptor, may have the socket of a call too. */
static __always_inline bool is_shared(const struct sock *sk)
{
	const struct file *file = BPF_CORE_READ(sk, sk_socket, file);

	return file && references(file) > 1;
}

/* queued: sequence number up to which the former owner has sent; flag: LABEL_QUEUED or 0. */
static __always_inline void keep_for_former(struct label_record *l, __u32 queued, __u32 flag)
{
	l->spare = LABEL_SPARE;
	l->queued = queued;
	__sync_fetch_and_and(&l->flags, ~LABEL_QUEUED);
	__sync_fetch_and_or(&l->flags, LABEL_TAKEN | flag);
}

/* sent: how many of the bytes sent on a TCP socket are the new owner's. */
static __always_inline void keep_socket(struct label_record *l, const struct sock *sk, __u32 sent)
{
	if (BPF_CORE_READ(sk, sk_protocol) != PROTO_TCP)
		keep_for_former(l, 0, 0);
	else if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		keep_for_former(l, BPF_CORE_READ((const struct tcp_sock *)sk, write_seq) - sent,
				LABEL_QUEUED);
}

/* The task is about to become the owner. Returns whether the former owner has no rules. */
static __always_inline bool ends_unruled(struct label_record *l, const struct task_struct *task)
{
	if (!l->process.pid || task->flags & PF_KTHREAD)
		return false;
	if (l->process.pid != (__u32)task->tgid ||
	    l->process.start != task->group_leader->start_boottime)
		return l->now && !l->count;
	__sync_fetch_and_and(&l->flags, ~(LABEL_TAKEN | LABEL_QUEUED));
	return false;
}

/* Whether another packet with data may come in for the former owner. */
static __always_inline bool take_spare(struct label_record *l)
{
	const __u32 left = l->spare;

	if (!left)
		return false;
	l->spare = left - 1;
	return true;
}

#endif
