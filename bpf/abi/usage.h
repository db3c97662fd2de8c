/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Accounting maps: who sent and received how much, at the socket layer. This is the only
 * declaration of these bytes; kernel programs and C++ both include it. Fixed-width fields in host
 * byte order unless a field says otherwise, padding explicit and zero. All maps are written by
 * kernel programs alone; root and the read group read them.
 *
 *   maps/usage      what each living process sent and received, by protocol and remote address
 *   maps/processes  the identity of those processes
 *   maps/entries    for each process, the keys of its usage entries, numbered from 0
 *   maps/dead       the last entries of processes that have ended, or replaced their image: a ring
 *   maps/dead_state the position in that ring, and the sums of entries overwritten there
 *   maps/totals     sums of transfers for which a map had no room; per CPU
 *   maps/exes       paths of executables: process.h
 *   maps/owners     owner and received bytes of each TCP socket, for the programs alone
 *
 * Each transfer is added to one entry of usage, or to dead, or to totals.full: while nothing
 * changes, the sum of these three and of dead_state.forgotten is everything that was seen. An entry
 * that moves is written to dead first, then deleted from usage, so a reader that walks usage and
 * then dead misses nothing.
 */
#ifndef PINPIPE_USAGE_H
#define PINPIPE_USAGE_H

#include "bpf/abi/events.h"

#define USAGE_ENTRIES	65536
#define USAGE_PROCESSES 16384
#define USAGE_PLACES	(USAGE_ENTRIES + 1024) /* more: an entry goes before its place */
#define DEAD_ENTRIES	16384		       /* a power of two */

/* processes: a hash by process_key. */
struct process_record {
	struct process process; /* uid and cgroup: at its first transfer; see usage_key */
	__u32 entries;		/* keys of this process put into maps/entries so far */
	__u32 execs;		/* as in usage_key */
};

/* Protocols have their IP number, except for these: */
#define USAGE_RAW    255 /* raw IP sockets, except ICMP and ICMPv6 */
#define USAGE_PACKET 254 /* AF_PACKET: whole frames */
#define USAGE_MPTCP  253 /* IPPROTO_MPTCP (262) */

struct usage_key {
	__u64 start; /* as in process_key */
	__u32 pid;
	__u16 port; /* remote port, host byte order, where it names a service; else 0 */
	__u8 proto; /* IP protocol number, or USAGE_* */
	__u8 known; /* 1: remote is set; 0: the address is not known */
	union address remote;
	/* What the process was then, with another entry for each; it may be the same again later. */
	__u64 cgroup; /* of the leader, as in struct process */
	__u32 uid;    /* likewise */
	__u32 execs;  /* tells images of the process apart: rises with each exec; wraps */
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
	__u64 number; /* counts from 1; 0: never written, or being written */
	struct usage_key key;
	struct usage_sums sums; /* of its whole life, or of what followed the process's end */
	struct process process;
};

struct dead_state {
	__u64 last; /* number of the newest record */
	__u64 forgotten_entries;
	struct usage_sums written;   /* sum of all records written to the ring */
	struct usage_sums forgotten; /* sum of those that have been overwritten */
};

struct usage_totals {
	struct usage_sums full; /* transfers without an entry, since a map was full */
};

/*
 * maps/owners: socket storage, an element for each TCP socket. An accepted socket begins with a
 * copy of its listener's element.
 */
#define OWNER_UNTOLD	 0x1  /* kernel TLS: bytes received differ from bytes of the wire */
#define OWNER_LISTENER	 0x2  /* process is the listener's: the one that accepts is not known yet */
#define OWNER_CONNECTED	 0x4  /* the connection was made from here */
#define OWNER_ACCEPTED	 0x8  /* the connection was made from the other side, and was seen */
#define OWNER_PEER_FIRST 0x10 /* the other side sent its FIN first */
#define OWNER_FOUND	 0x20 /* process was found by an iterator, not seen in a call */
#define OWNER_COUNTS	 0x40 /* start is set */

struct owner_record {
	struct usage_key key;	/* who last used the socket; pid 0: none */
	struct process process; /* the same process */
	__u64 since;		/* when established: nanoseconds of CLOCK_BOOTTIME; 0: not seen */
	__u32 start;		/* copied_seq when counting began */
	__u32 counted;		/* bytes charged since start; wraps as copied_seq does */
	__u32 flags;		/* OWNER_* */
	__u32 owed;		/* bytes received and not charged when the socket closed */
};

RECORD_SIZE(process_record, 72);
RECORD_SIZE(usage_key, 48);
RECORD_SIZE(usage_sums, 32);
RECORD_SIZE(entry_key, 16);
RECORD_SIZE(dead_record, 152);
RECORD_SIZE(dead_state, 80);
RECORD_SIZE(usage_totals, 32);
RECORD_SIZE(owner_record, 136);

#endif
