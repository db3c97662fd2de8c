/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The call that a task is in: noted by the kprobe at a function's entry, taken by the kretprobe at
 * its return.
 */
#ifndef PINPIPE_PENDING_CALL_H
#define PINPIPE_PENDING_CALL_H

#include "bpf/common/active_probe_set.h"

/* Only the innermost call counts: what it moves is what the outer one moves. */
struct pending_call {
	struct sock *sk; /* NULL: none */
	struct msghdr *msg;
	__u64 flags; /* MSG_*, of a receive */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pending_call);
} pending SEC(".maps");

static __always_inline void note_call(struct sock *sk, struct msghdr *msg, __u64 flags)
{
	struct pending_call *call;

	if (!is_active())
		return;
	call = bpf_task_storage_get(&pending, bpf_get_current_task_btf(), 0,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!call)
		return;
	call->sk = sk;
	call->msg = msg;
	call->flags = flags;
}

/* Takes the call that returns now. False: there is none, or a call inside of it has taken it. */
static __always_inline bool take_call(struct pending_call *call)
{
	struct pending_call *noted;

	if (!is_active())
		return false;
	noted = bpf_task_storage_get(&pending, bpf_get_current_task_btf(), 0, 0);
	if (!noted || !noted->sk)
		return false;
	*call = *noted;
	noted->sk = NULL;
	return true;
}

#endif
