/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What TCP's copied_seq has moved over: bytes received, whatever the call.
 */
#ifndef PINPIPE_MOVED_H
#define PINPIPE_MOVED_H

#include "bpf/sockets/port_claims.h"
#include "bpf/sockets/tcp_owner.h"
#include "bpf/sockets/message.h"

/* In the receiving call: the bytes since the last look, as a message. False: there are none. */
static __always_inline bool take_moved(struct sock *sk, struct message *m)
{
	const struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct owner_record *s;

	if (!tp || !is_tcp(sk) || !name_socket(sk, &m->peer))
		return false;
	s = owner_of(sk, tp);
	if (!s)
		return false;
	m->bytes = uncounted(tp, s);
	if (!m->bytes)
		return false;
	__sync_fetch_and_add(&s->counted, m->bytes);
	return true;
}

static __always_inline void count_moved(struct task_struct *task, struct sock *sk,
					struct message *m)
{
	struct usage_sums sums = {.bytes_received = m->bytes, .calls_received = 1};
	__u32 readers = message_readers(m->peer.proto);

	if (readers)
		tell_message(readers, task, sk, m);
	keep_service_port(&m->peer);
	identify_process(task, &m->peer.start, &m->peer.pid);
	note_user(sk, &m->peer);
	use_port(sk, &m->peer, &sums);
	charge(&m->peer, &sums);
}

/* Received by nobody's call that was seen: the owner's. */
static __noinline void tell_settled(__u32 readers, struct sock *sk,
				    const struct owner_record *owner, __u32 bytes)
{
	struct usage_key peer = {};
	struct scratch_area *s;
	__u32 area;

	if (!owner || !name_socket(sk, &peer))
		return;
	readers = asking(readers, owner->key.pid, owner->process.session);
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
