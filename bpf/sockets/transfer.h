/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A transfer: bytes that a process has sent or received over a socket. All kinds of probes end
 * here: the transfer is reported to the streams tcp and udp, and charged to the process and to a
 * watched port.
 */
#ifndef PINPIPE_TRANSFER_H
#define PINPIPE_TRANSFER_H

#include "bpf/sockets/message.h"
#include "bpf/sockets/port_use.h"
#include "bpf/sockets/tcp_owner.h"

static __always_inline struct usage_sums sums_of(const struct message *m)
{
	struct usage_sums sums = {};

	if (m->flags & SOCKET_OUT) {
		sums.bytes_sent = m->bytes;
		sums.calls_sent = 1;
	} else {
		sums.bytes_received = m->bytes;
		sums.calls_received = 1;
	}
	return sums;
}

/* The first half: reports to the streams, and makes the peer the process's account. */
static __always_inline void report_transfer(struct task_struct *task, struct sock *sk,
					    struct message *m)
{
	const __u32 readers = message_readers(m->peer.proto);

	if (readers)
		tell_message(readers, task, sk, m);
	keep_service_port(&m->peer);
	identify_user(task, &m->peer);
}

/* The second half. owner: as for transfer(). */
static __always_inline void charge_transfer(struct sock *sk, struct message *m,
					    struct owner_record *owner)
{
	const struct usage_sums sums = sums_of(m);

	if (owner)
		note_owner(owner, &m->peer);
	use_port(sk, &m->peer, &sums);
	charge(&m->peer, &sums);
}

/*
 * Called in a system call of task, the current one. m: the peer has its port, ephemeral or not.
 * owner: the record of a TCP socket that the process has received from; else NULL. Programs that
 * look the owner up only for this call both halves, and look it up in between: the verifier then
 * follows both results through the second half alone.
 */
static __always_inline void transfer(struct task_struct *task, struct sock *sk, struct message *m,
				     struct owner_record *owner)
{
	report_transfer(task, sk, m);
	charge_transfer(sk, m, owner);
}

#endif
