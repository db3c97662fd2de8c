/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Accounting maps: who sent and received how much, at the socket layer.
 * The only declaration of these bytes; kernel programs and C++ both include it.
 * Fixed-width fields in host byte order unless a field says otherwise, padding explicit and zero.
 * All maps are written by kernel programs alone; root and the read group read them.
 *
 *   maps/usage      what each living process sent and received, by protocol and remote address
 *   maps/processes  who those processes are
 *   maps/entries    for each process, the keys of its usage entries, numbered from 0
 *   maps/dead       the last entries of processes that have ended, a ring
 *   maps/dead_state where that ring is, and what fell out of it
 *   maps/totals     bytes for which there was no room; per CPU
 *   maps/exes       where executables are: process.h
 *   maps/owners     whose a TCP socket is and what it has received, for the programs themselves
 *
 * Each transfer is added to one entry of usage, or to dead, or to totals.full: at rest their sum,
 * with what dead_state.forgotten counts, is everything that was seen. An entry that moves is
 * written to dead first, then deleted from usage. So a reader that walks usage and then dead misses
 * nothing.
 */
#ifndef PINPIPE_USAGE_H
#define PINPIPE_USAGE_H

#include "bpf/abi/events.h"

#define USAGE_ENTRIES	65536
#define USAGE_PROCESSES 16384
#define USAGE_PLACES	(USAGE_ENTRIES + 1024) /* more: an entry goes before its place does */
#define DEAD_ENTRIES	16384		       /* a power of two */

/* processes: a hash by process_key. */
struct process_record {
	struct process process;
	__u32 entries; /* keys in maps/entries so far */
	__u32 zero;
};

/* Protocols by their IP number; those that have none, or no socket of their own: */
#define USAGE_RAW    255 /* raw IP sockets, but for ICMP and ICMPv6 */
#define USAGE_PACKET 254 /* AF_PACKET: whole frames */
#define USAGE_MPTCP  253 /* IPPROTO_MPTCP (262) */

struct usage_key {
	__u64 start; /* as in process_key */
	__u32 pid;
	__u16 port; /* remote, where the remote end is the service; else 0 */
	__u8 proto; /* IP protocol number, or USAGE_* */
	__u8 known; /* 1: remote says who; 0: no address was to be had */
	union address remote;
};

struct usage_sums {
	__u64 bytes_sent;
	__u64 bytes_received;
	__u64 calls_sent;
	__u64 calls_received;
};

struct entry_key {
	__u64 start; /* as in process_key */
	__u32 pid;
	__u32 number;
};

/* Element number % DEAD_ENTRIES of maps/dead. */
struct dead_record {
	__u64 number; /* from 1; 0 while it is being written */
	struct usage_key key;
	struct usage_sums sums; /* of the whole life, or what came after it had ended */
	struct process process;
};

struct dead_state {
	__u64 last; /* number given out last */
	__u64 forgotten_entries;
	struct usage_sums written;   /* into the ring, ever */
	struct usage_sums forgotten; /* of those, overwritten */
};

struct usage_totals {
	struct usage_sums full; /* no room: a map was full */
};

/* maps/owners, an element for each TCP socket. An accepted one begins with its listener's. */
#define OWNER_UNTOLD	 0x1  /* not bytes of the wire one to one: kernel TLS */
#define OWNER_LISTENER	 0x2  /* whoever listened; who accepted is not known yet */
#define OWNER_CONNECTED	 0x4  /* the connection was made from here */
#define OWNER_ACCEPTED	 0x8  /* it was made from the other side, and seen to be */
#define OWNER_PEER_FIRST 0x10 /* the other side was done first */
#define OWNER_FOUND	 0x20 /* its process was found by the loader, not seen at work */
#define OWNER_COUNTS	 0x40 /* start is where counting began */

struct owner_record {
	struct usage_key key; /* who received last, or connected, listened, closed; pid 0: nobody */
	struct process process; /* of the same process */
	__u64 since;		/* established: nanoseconds of CLOCK_BOOTTIME; 0: not seen */
	__u32 start;		/* copied_seq when counting began */
	__u32 counted;		/* bytes charged since; wraps as copied_seq does */
	__u32 flags;		/* OWNER_* */
	__u32 owed;		/* bytes received and not charged when it closed */
};

RECORD_SIZE(process_record, 72);
RECORD_SIZE(usage_key, 32);
RECORD_SIZE(usage_sums, 32);
RECORD_SIZE(entry_key, 16);
RECORD_SIZE(dead_record, 136);
RECORD_SIZE(dead_state, 80);
RECORD_SIZE(usage_totals, 32);
RECORD_SIZE(owner_record, 120);

#endif
