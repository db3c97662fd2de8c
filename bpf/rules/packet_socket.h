/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules for AF_PACKET and AF_XDP sockets, judged when a process of the cgroup creates one: at that
 * time there is no socket yet that could have a label.
 */
#ifndef PINPIPE_PACKET_SOCKET_H
#define PINPIPE_PACKET_SOCKET_H

#include "bpf/rules/ruled_socket.h"

#define MAX_CALLERS 4096

/*
 * Labels of threads that are in create_packet(), by thread: there is no socket yet, and a label is
 * too large for the stack.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
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

static __always_inline int judge_caller(__u64 caller)
{
	struct attempt a = {.hook = DENY_CREATE, .flags = SOCKET_OUT, .proto = USAGE_PACKET};
	struct label_record *l = bpf_map_lookup_elem(&callers, &caller);

	if (!l || !identify(l))
		return LET;
	resolve(l, policy.now);
	return l->count ? refuse(l, &a) : LET;
}

static __always_inline int judge_packet_socket(void)
{
	__u64 caller = bpf_get_current_pid_tgid();
	struct label_record *none;
	__u32 zero = 0;
	int let;

	none = bpf_map_lookup_elem(&no_label, &zero);
	if (!none || bpf_map_update_elem(&callers, &caller, none, BPF_ANY))
		return LET;
	let = judge_caller(caller);
	bpf_map_delete_elem(&callers, &caller);
	return let;
}

#endif
