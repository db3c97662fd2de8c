/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Events of the streams tcp and udp: one for each send and each receive. */
#ifndef PINPIPE_MESSAGE_H
#define PINPIPE_MESSAGE_H

#include "bpf/sockets/payload.h"
#include "bpf/sockets/record.h"

struct message {
	struct usage_key peer; /* with its port, also an ephemeral one */
	__u32 bytes;
	__u32 flags; /* SOCKET_OUT or 0 */
	struct system_call call;
};

/* Reports a message. readers: those that ask for the stream, not 0. */
static __noinline void tell_message(__u32 readers, struct task_struct *task, const struct sock *sk,
				    const struct message *m)
{
	const enum stream stream = message_stream(m->peer.proto);
	struct scratch_area *s;
	__u32 area, most;

	readers = asking(readers, task->tgid);
	if (!readers)
		return;
	s = begin_record(readers, stream, &area);
	if (!s)
		return;
	s->socket.flags = m->flags;
	fill_current(&s->socket, task);
	fill_socket(&s->socket, sk, &m->peer);
	s->message.bytes = m->bytes;
	readers = matching(readers, area);
	most = s->most;
	if (payload_limit && most) {
		if (most > payload_limit)
			most = payload_limit;
		if (most > m->bytes)
			most = m->bytes;
		if (most > PAYLOAD_MAX)
			most = PAYLOAD_MAX;
		s->message.payload = read_payload(s, task, sk, &m->call, most);
	}
	if (readers)
		emit_found(readers, area, sizeof(struct message_record));
	give_back(area);
}

static __always_inline __u32 message_readers(__u8 proto)
{
	const enum stream stream = message_stream(proto);

	return stream == STREAMS ? 0 : asked(stream);
}

#endif
