/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The maps that say which ports are watched. */
#ifndef PINPIPE_WATCHED_PORTS_H
#define PINPIPE_WATCHED_PORTS_H

#include "bpf/abi/control.h"
#include "bpf/abi/watches.h"

/* Written by ebpf-ctl. A mapped variable: programs read it by a plain load. */
volatile struct watching_record watching SEC(".data.watching");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WATCHED_WORDS);
	__type(key, __u32);
	__type(value, __u64);
} watched SEC(".maps");

#define NO_PORT WATCHED_WORDS /* not an index of a word */

#endif
