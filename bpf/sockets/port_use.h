/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How many bytes each process sends and receives at a watched port. */
#ifndef PINPIPE_PORT_USE_H
#define PINPIPE_PORT_USE_H

#include "bpf/sockets/port_claims.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_PORT_USAGE);
	__type(key, struct port_user);
	__type(value, struct port_usage);
} port_usage SEC(".maps");

static __always_inline void add_use(struct port_usage *u, const struct usage_sums *sums)
{
	__sync_fetch_and_add(&u->bytes_sent, sums->bytes_sent);
	__sync_fetch_and_add(&u->bytes_received, sums->bytes_received);
}

static __noinline int use_first(const struct port_user *user, const struct usage_sums *sums)
{
	struct port_usage *use, first = {};

	if (!user || !sums)
		return 0;
	first.bytes_sent = sums->bytes_sent;
	first.bytes_received = sums->bytes_received;
	read_current(&first.process);
	if (!bpf_map_update_elem(&port_usage, user, &first, BPF_NOEXIST))
		return 0;
	use = bpf_map_lookup_elem(&port_usage, user); /* another thread was first */
	if (use)
		add_use(use, sums);
	return 0;
}

static __noinline int share_port(const struct sock *sk, const struct usage_key *who,
				 const struct usage_sums *sums)
{
	struct port_user user = {};
	struct port_usage *use;
	__u64 word;

	if (!who || !sums)
		return 0;
	user.index = index_of(sk, who->proto);
	word = user.index == NO_PORT ? 0 : word_of(user.index);
	if (!word)
		return 0;
	if (word & WATCH_WAITS && who->proto == PROTO_UDP)
		claim(sk, bpf_get_current_task_btf(), user.index);
	user.netns = netns_of(sk);
	if (!(word_of(user.index) & WATCH_ALWAYS))
		return 0; /* the port waits for another process, and no hook counts it */
	user.start = who->start;
	user.pid = who->pid;
	use = bpf_map_lookup_elem(&port_usage, &user);
	if (use)
		add_use(use, sums);
	else
		use_first(&user, sums);
	return 0;
}

/* Counts what a process moved over a socket whose local port is watched. */
static __always_inline void use_port(const struct sock *sk, const struct usage_key *who,
				     const struct usage_sums *sums)
{
	if (watching.ports)
		share_port(sk, who, sums);
}

#endif
