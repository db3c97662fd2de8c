/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A call of a process with rules where its socket has no label: there is no socket yet, or there is
 * no memory for a label. It is judged by a label that lives as long as the call.
 */
#ifndef PINPIPE_SPARE_LABEL_H
#define PINPIPE_SPARE_LABEL_H

#include "bpf/rules/ruled_socket.h"

#define MAX_CALLERS 4096

/* By thread: a label is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLERS);
	__type(key, __u64); /* pid_tgid */
	__type(value, struct label_record);
} callers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct label_record);
} no_label SEC(".maps");

/* Refuses the attempt of the current process if it has rules. Without a label: refuses it. */
static __noinline int refuse_caller(const struct attempt *a)
{
	__u64 caller = bpf_get_current_pid_tgid();
	struct label_record *l;
	__u32 zero = 0;
	int let = REFUSE;

	if (!a)
		return REFUSE;
	l = bpf_map_lookup_elem(&no_label, &zero);
	if (!l || bpf_map_update_elem(&callers, &caller, l, BPF_ANY))
		return REFUSE;
	l = bpf_map_lookup_elem(&callers, &caller);
	if (l && identify(l)) {
		resolve(l, policy.now);
		let = l->count ? refuse(l, a) : LET;
	}
	bpf_map_delete_elem(&callers, &caller);
	return let;
}

static __always_inline void count_refused(void)
{
	struct unlabelled_record *count;
	__u32 zero = 0;

	count = bpf_map_lookup_elem(&unlabelled, &zero);
	if (count)
		__sync_fetch_and_add(&count->refused, 1);
}

/* Refuses a call because there is no memory for the label of its socket. */
static __noinline int refuse_unlabelled(struct attempt *a)
{
	int let;

	if (!a)
		return REFUSE;
	a->hook = DENY_LABEL;
	let = refuse_caller(a);
	if (!let)
		count_refused();
	return let;
}

#endif
