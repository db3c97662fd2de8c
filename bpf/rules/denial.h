/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A denial is counted, and reported to the readers of the stream deny at most once a second for
 * each socket.
 */
#ifndef PINPIPE_DENIAL_H
#define PINPIPE_DENIAL_H

#include "bpf/readers/emit_socket.h"
#include "bpf/rules/label.h"

#define TOLD_AGAIN 1000000000ULL /* nanoseconds */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SUBJECTS);
	__type(key, __u32);
	__type(value, struct denial_record);
} denials SEC(".maps");

/* What a process tried to do. */
struct attempt {
	union address local; /* all zero: any */
	union address remote;
	__u64 cookie;
	__u16 local_port; /* host byte order */
	__u16 remote_port;
	__u16 port;  /* the port that no rule allows */
	__u8 proto;  /* as in usage_key */
	__u8 hook;   /* enum deny_hook */
	__u32 flags; /* SOCKET_OUT, SOCKET_IPV6 */
	__u32 zero;
};

static __always_inline void fill_attempt(struct socket_record *r, const struct attempt *a)
{
	r->local = a->local;
	r->remote = a->remote;
	r->cookie = a->cookie;
	r->local_port = a->local_port;
	r->remote_port = a->remote_port;
	r->proto = a->proto;
	r->protocol = protocol_bit(a->proto);
	if (!r->protocol)
		r->protocol = PROTOCOL_OTHER;
	r->flags = a->flags;
}

static __noinline int tell_denial(struct label_record *l, const struct attempt *a, __u32 readers,
				  bool audit)
{
	struct deny_record *d;
	struct scratch_area *s;
	__u32 area;

	if (!l || !a)
		return 0;
	s = begin_record(readers, STREAM_DENY, &area);
	if (!s)
		return 0;
	d = (struct deny_record *)s;
	d->socket.process = l->process;
	fill_attempt(&d->socket, a);
	d->number = l->numbers[0];
	d->suppressed = l->suppressed;
	l->suppressed = 0;
	d->port = a->port;
	d->hook = a->hook;
	d->state = audit ? DENY_AUDIT : 0;
	if (l->flags & LABEL_CUT)
		d->state |= DENY_CUT;
	l->told = d->socket.time;
	emit_socket(readers, area, sizeof(*d));
	give_back(area);
	return 0;
}

/*
 * Counts and reports a denial. Returns 1 where the attempt is let through, since the rules are only
 * audited; else 0.
 */
static __noinline int refuse(struct label_record *l, const struct attempt *a)
{
	struct denial_record *count;
	__u32 number, readers;
	bool audit;
	__u64 now;

	if (!l || !a)
		return 0;
	audit = l->flags & LABEL_AUDIT || policy.now & POLICY_AUDIT;
	number = l->numbers[0];
	now = bpf_ktime_get_boot_ns();
	count = bpf_map_lookup_elem(&denials, &number);
	if (count) {
		__sync_fetch_and_add(audit ? &count->audited : &count->denied, 1);
		count->last = now;
	}
	readers = asked(STREAM_DENY);
	if (readers)
		readers = asking(readers, l->process.pid);
	if (!readers)
		return audit;
	if (l->told && now - l->told < TOLD_AGAIN)
		__sync_fetch_and_add(&l->suppressed, 1);
	else
		tell_denial(l, a, readers, audit);
	return audit;
}

#endif
