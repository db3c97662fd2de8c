/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Whether a reader wants an event: the filters of control.h. Plain C, the same for kernel programs
 * and for C++, which filters what does not come through a ring.
 *
 * Conditions are joined without branches: the verifier follows every branch, once for each reader.
 */
#ifndef PINPIPE_FILTER_H
#define PINPIPE_FILTER_H

#include "bpf/abi/control.h"

/* 1 if x is not 0, else 0. */
static __always_inline __u64 nonzero(__u64 x)
{
	return (x | -x) >> 63;
}

/* 1 if a is not among the hosts of a prefix, else 0. */
static __always_inline __u64 differs(const union address *a, const union address *host,
				     const union address *mask)
{
	return nonzero(((a->halves[0] ^ host->halves[0]) & mask->halves[0]) |
		       ((a->halves[1] ^ host->halves[1]) & mask->halves[1]));
}

/* 1 if the filter leaves this message out, else 0. */
static __always_inline __u64 misses_packet(const struct packet_filter *f,
					   const struct icmp_record *r)
{
	return (differs(&r->src, &f->host, &f->host_mask) &
		differs(&r->dst, &f->host, &f->host_mask)) |
	       (~(f->hooks >> (r->hook & (MAX_HOOKS - 1))) & 1) |
	       (~(f->versions >> (r->flags & PACKET_IPV6 ? 6 : 4)) & 1);
}

/* 1 if the process is of the reader's own pipeline, and that is to be left out; else 0. */
static __always_inline __u64 is_own(const struct socket_filter *f, const struct process *p)
{
	__u64 other = nonzero(f->pgid ^ p->pgid);

	for (int i = 0; i < FILTER_OWN; i++)
		other &= nonzero(f->own[i] ^ p->pid);
	return f->leave_out_own & (other ^ 1);
}

static __always_inline bool wants_process(const struct socket_filter *f, __u32 pid)
{
	bool found = !f->pid_count;

	if (found)
		return true;
	for (int i = 0; i < FILTER_PIDS; i++)
		found |= i < f->pid_count && f->pids[i] == pid;
	return found;
}

/* comm: as in struct process. */
static __always_inline bool wants_comm(const struct socket_filter *f, const char *comm)
{
	bool found = !f->comm_count;
	__u64 words[2];

	if (found)
		return true;
	__builtin_memcpy(words, __builtin_assume_aligned(comm, 8), sizeof(words));
	for (int i = 0; i < FILTER_COMMS; i++)
		found |= i < f->comm_count && f->comms[i][0] == words[0] &&
			 f->comms[i][1] == words[1];
	return found;
}

static __always_inline bool in_range(const struct port_range *range, __u16 port)
{
	return port >= range->first && port <= range->last;
}

/* Either end is enough. */
static __always_inline bool wants_port(const struct socket_filter *f, __u16 local, __u16 remote)
{
	bool found = !f->port_count;

	if (found)
		return true;
	for (int i = 0; i < FILTER_PORTS; i++)
		found |= i < f->port_count &&
			 (in_range(&f->ports[i], local) || in_range(&f->ports[i], remote));
	return found;
}

/* Whether the filter lets an event through, apart from is_own(). */
static __always_inline bool wants_event(const struct socket_filter *f,
					const struct socket_record *r)
{
	if (differs(&r->local, &f->host, &f->host_mask) &
	    differs(&r->remote, &f->host, &f->host_mask))
		return false;
	return f->protocols & r->protocol && f->directions >> (r->flags & SOCKET_OUT) & 1 &&
	       wants_process(f, r->process.pid) && wants_comm(f, r->process.comm) &&
	       wants_port(f, r->local_port, r->remote_port);
}

#endif
