/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What all hooks of a cgroup begin with: whether another cgroup does the work (is_covered()), and
 * the label of the socket.
 */
#ifndef PINPIPE_RULED_SOCKET_H
#define PINPIPE_RULED_SOCKET_H

#include "bpf/common/address.h"
#include "bpf/common/protocols.h"
#include "bpf/common/socket.h"
#include "bpf/rules/denial.h"
#include "bpf/rules/verdict.h"

#define REFUSE 0
#define LET    1

volatile struct covered_record covered SEC(".data.covered");

const volatile __u32 cgroup_number;

static __always_inline bool is_covered(void)
{
	return covered.cgroups >> (cgroup_number & (MAX_CGROUPS - 1)) & 1;
}

static __always_inline bool is_udp(__u32 protocol)
{
	return protocol == PROTO_UDP || protocol == PROTO_UDPLITE;
}

static __always_inline bool is_tcp_kind(__u32 protocol)
{
	return protocol == PROTO_TCP || protocol == PROTO_MPTCP;
}

enum labelled {
	LABELLED,
	NOT_RULED, /* no label is needed */
	NO_MEMORY, /* the owner may have rules */
};

/*
 * The label of an MPTCP subflow that the kernel created by itself (a join), or that is older than
 * the rules: a copy of the MPTCP socket's label.
 */
static __always_inline enum labelled inherit(struct bpf_sock *sk, struct label_record **label)
{
	struct label_record *owner, *l;
	struct mptcp_sock *msk;
	struct tcp_sock *tp;

	if (!sieve.mptcp)
		return NOT_RULED;
	msk = bpf_skc_to_mptcp_sock(sk);
	if (!msk)
		return NOT_RULED;
	owner = bpf_sk_storage_get(&labels, msk, 0, 0);
	if (!owner)
		return NOT_RULED;
	l = bpf_sk_storage_get(&labels, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!l)
		return NO_MEMORY;
	__builtin_memcpy(l, owner, sizeof(*l));
	l->allowed = 0;
	l->flags &= ~LABEL_CONNECTS;
	tp = bpf_skc_to_tcp_sock(sk);
	if (sk->state == TCP_SYN_SENT ||
	    (tp && sk->state != TCP_LISTEN && was_connected((struct sock *)tp)))
		l->flags |= LABEL_CONNECTS;
	*label = l;
	return LABELLED;
}

/* Makes the current process the owner, in a call that sends no data on a TCP connection. */
static __always_inline void change_owner(struct bpf_sock *sk, struct label_record *l)
{
	if (ends_unruled(l, bpf_get_current_task_btf()) && sk->state != TCP_LISTEN)
		keep_for_former(l, 0, 0);
	identify(l);
}

/*
 * In a system call: the label of sk with the current process as owner, up to date. A count of 0:
 * that process has no rules. flags: of a new label.
 */
static __always_inline enum labelled label_of_caller(struct bpf_sock *sk,
						     struct label_record **label, __u32 flags)
{
	struct label_record *l = bpf_sk_storage_get(&labels, sk, 0, 0);
	const __u64 now = policy.now;

	if (!l) {
		if (!covered.label_all && !may_be_ruled())
			return NOT_RULED;
		l = NEW_LABEL(sk, sk->protocol);
		if (!l)
			return covered.label_all && !may_be_ruled() ? NOT_RULED : NO_MEMORY;
		l->flags = flags;
	}
	if (!is_current(l))
		change_owner(sk, l);
	if (l->now != now)
		resolve(l, now);
	*label = l;
	return LABELLED;
}

/*
 * Refuses as refuse() does. once: a connection that is let through, since the rules are only
 * audited, is counted once, as a refused one would be.
 */
static __always_inline int refuse_once(struct label_record *l, const struct attempt *a, bool once)
{
	int let = refuse(l, a);

	if (let && once)
		l->allowed = l->now;
	return let;
}

/* Whether this peer sent to the socket first, and so may be answered. */
static __always_inline bool is_peer(__u64 cookie, const union address *address, __u16 port)
{
	struct peer_key key = {.cookie = cookie, .address = *address, .port = port};

	return bpf_map_lookup_elem(&peers, &key);
}

static __always_inline void note_peer(struct label_record *l, __u64 cookie,
				      const union address *address, __u16 port, __u16 local)
{
	struct peer_key key = {.cookie = cookie, .address = *address, .port = port};
	__u64 now = 1;

	if (bpf_map_lookup_elem(&peers, &key))
		return;
	bpf_map_update_elem(&peers, &key, &now, BPF_ANY);
	may_use(l, RULE_UDP, SIDE_SERVE, local, address, true);
}

/* Whether a datagram may go to a port that no rule allows, because it answers a peer. */
static __always_inline bool may_answer(struct label_record *l, __u64 cookie,
				       const union address *remote, __u16 remote_port,
				       __u16 local_port)
{
	return may_use(l, RULE_UDP, SIDE_SERVE, local_port, remote, false) &&
	       is_peer(cookie, remote, remote_port);
}

#endif
