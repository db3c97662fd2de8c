/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * From an event to the readers that asked for it. A program calls asked() before it parses anything
 * and then emits what it found: emit_packet.h, emit_socket.h.
 *
 * All of it is shared by all programs: the maps below are the pinned ones of control.h.
 */
#ifndef PINPIPE_EMIT_H
#define PINPIPE_EMIT_H

#include "bpf/abi/control.h"

/* Mapped by the readers, which set and clear their bits in it: a plain load, no map lookup. */
volatile struct wanted_record wanted SEC(".data.wanted");

struct control_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct reader_control));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_READERS);
	__type(key, __u32);
	__array(values, struct control_map);
} controls SEC(".maps");

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, MAX_READERS);
	__type(key, __u32);
	__array(values, struct ring_map);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_READERS);
	__type(key, __u32);
	__type(value, struct reader_losses);
} losses SEC(".maps");

const volatile __u32 ring_size = 4096;
const volatile __u32 reader_slots = MAX_READERS; /* the fewer, the less the verifier has to walk */

/* The readers that ask for a stream, a bit each. */
static __always_inline __u32 asked(enum stream stream)
{
	return wanted.readers[stream];
}

/* Whether this record's arrival is a moment to wake the reader. Racing CPUs may wake it twice. */
static __always_inline __u64 wake_flags(struct reader_losses *l, __u64 now, __u32 bytes)
{
	__u64 unwoken = l->unwoken + bytes;

	if (unwoken < ring_size / WAKE_SHARE && now - l->woken < WAKE_AGE) {
		l->unwoken = unwoken;
		return BPF_RB_NO_WAKEUP;
	}
	l->unwoken = 0;
	l->woken = now;
	return BPF_RB_FORCE_WAKEUP;
}

#endif
