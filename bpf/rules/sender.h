/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Who sends on a TCP socket that came from another process. A label is renewed after a call, which
 * may send without end: so some packets are looked at. While a call holds the lock of a TCP socket,
 * its packets leave in that call alone, and the current process is the one that sends.
 */
#ifndef PINPIPE_SENDER_H
#define PINPIPE_SENDER_H

#include "bpf/rules/ruled_socket.h"

#define LOOKED_AT 16 /* one of so many packets, at random */

/* Whether the current process sends on the socket. */
static __noinline int is_sending(struct bpf_sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tcp_sock *tp;

	if (!sk || sk->state == TCP_LISTEN || task->flags & PF_KTHREAD)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	return tp && ((struct sock *)tp)->sk_lock.owned;
}

static __noinline int may_sender_be_ruled(void)
{
	return may_have_rules(policy.now, false);
}

/* Makes the current process the owner. is_new: the label is new. */
static __noinline int identify_sender(struct bpf_sock *sk, struct label_record *l, bool is_new)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct tcp_sock *tp;

	if (!sk || !l)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp && (is_new ? is_shared((struct sock *)tp) : ends_unruled(l, task)))
		keep_socket(l, (struct sock *)tp, tp->write_seq - tp->snd_nxt);
	l->now = l->allowed = 0;
	read_owner(l, task);
	__builtin_memset(&l->cgroups, 0, sizeof(l->cgroups));
	walk_own_cgroups(&l->cgroups);
	read_kin(l, task);
	return 0;
}

/*
 * Renews the label of a socket that another process sends on than before. Returns the label, to be
 * resolved; NULL: there is none.
 */
static __always_inline struct label_record *look_at_sender(struct bpf_sock *sk,
							   struct label_record *l)
{
	const bool is_new = !l;
	struct tcp_sock *tp;

	if (!is_sending(sk) || (l ? is_current(l) : !may_sender_be_ruled()))
		return l;
	if (!l) {
		l = NEW_LABEL(sk, PROTO_TCP);
		tp = bpf_skc_to_tcp_sock(sk);
		if (l && tp && was_connected((struct sock *)tp))
			l->flags = LABEL_CONNECTS;
	}
	identify_sender(sk, l, is_new);
	return l;
}

/*
 * Whether this packet of a connection that the rules let through is one of those that are looked
 * at: by bits of the nanosecond at which TCP sent it, which no process can choose.
 */
static __always_inline bool is_looked_at(const struct __sk_buff *skb)
{
	return skb->tstamp / 16 % LOOKED_AT == 0;
}

#endif
