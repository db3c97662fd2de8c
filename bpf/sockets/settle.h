/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The end of a TCP socket: what was received by nobody's call that was seen is charged to its
 * owner.
 */
#ifndef PINPIPE_SETTLE_H
#define PINPIPE_SETTLE_H

#include "bpf/sockets/record.h"
#include "bpf/sockets/tcp_owner.h"

static __noinline void tell_settled(__u32 readers, struct sock *sk,
				    const struct owner_record *owner, __u32 bytes)
{
	struct usage_key peer = {};
	struct scratch_area *s;
	__u32 area;

	if (!owner || !name_socket(sk, &peer))
		return;
	readers = asking(readers, owner->key.pid);
	if (!readers)
		return;
	s = begin_record(readers, STREAM_TCP, &area);
	if (!s)
		return;
	fill_socket(&s->socket, sk, &peer);
	fill_port(&s->socket, sk);
	fill_owner(&s->socket, owner);
	s->message.bytes = bytes;
	emit_socket(readers, area, sizeof(struct message_record));
	give_back(area);
}

/*
 * When the socket is gone for its process and for the peer, no receive is under way any more: what
 * was moved out without a call of the owner's. Not more than was owed when it closed: disconnecting
 * moves copied_seq over what nobody has read. Not then already: a reset may come in the middle of a
 * receive, which counts what was owed. It may run in softirq.
 */
static __always_inline void settle(struct sock *sk)
{
	struct owner_record *s = bpf_sk_storage_get(&owners, sk, 0, 0);
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct usage_sums sums = {};
	struct usage_sums *entry;
	__u32 bytes;

	if (!s || !s->key.pid || !tp || tp->urg_seq)
		return;
	bytes = uncounted(tp, s);
	if (bytes > s->owed)
		bytes = s->owed;
	if (!bytes)
		return;
	s->counted += bytes;
	if (asked(STREAM_TCP))
		tell_settled(asked(STREAM_TCP), sk, s, bytes);
	sums.bytes_received = bytes;
	sums.calls_received = 1;
	entry = bpf_map_lookup_elem(&usage, &s->key);
	if (entry)
		add_atomic(entry, &sums);
	else
		write_dead(&s->key, &sums, &s->process);
}

#endif
