/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The end of a TCP socket: received bytes that no probed call accounts for are charged to its
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
 * Called when the socket is destroyed, for its process and for the peer: no receive is under way
 * any more, and what is uncounted was received without a call that was seen. At most what was owed
 * at the close is charged: disconnecting moves copied_seq over bytes that nobody has read. At the
 * close itself it would be too early: a reset may come in the middle of a receive, which then
 * counts what was owed. This may run in softirq.
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
