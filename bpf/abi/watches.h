/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Watched ports, and the counts of their packets. This is the only declaration of these bytes;
 * kernel programs and C++ both include it. Fixed-width fields in host byte order, padding explicit
 * and zero.
 *
 *   maps/watching    whether anything is watched            admins write, all read
 *   maps/watched     which ports are counted, on which hook admins and kernel write, all read
 *   maps/watches     processes whose ports are watched      admins write, all read
 *   maps/port_counts packets and bytes                      kernel writes, loader removes, all read
 *   maps/claims      port claims: sockets of such processes kernel alone
 *   maps/port_usage  bytes of each process at a port         kernel writes, all read
 *
 * The first three are pinned a second time in admin/, for the admin group; claims and port_usage
 * exist while the socket probes are loaded. Every writer of watches holds an exclusive flock(2) on
 * admin/lock.
 */
#ifndef PINPIPE_WATCHES_H
#define PINPIPE_WATCHES_H

#include "bpf/abi/rules.h"

/* watching: an array of one record, BPF_F_MMAPABLE. */
struct watching_record {
	__u64 ports;   /* not 0: some port or some process is watched */
	__u64 changes; /* raised by each change of watches */
};

/*
 * watched: an array of words, BPF_F_MMAPABLE, by enum rule_proto << 16 | port. Bit N: hook N counts
 * packets of this local port.
 */
#define WATCHED_WORDS (2 * 65536)
#define WATCH_WAITS   (1ULL << 63)	/* there is an element of watches for this port */
#define WATCH_ALWAYS  (WATCH_WAITS - 1) /* all hooks, whichever process has the port */

/*
 * watches: a hash. The port is watched while a matching process has it; kind and id as in
 * subject_key.
 */
#define MAX_WATCHES 2048

struct watch_key {
	__u64 id[2];
	__u32 kind; /* enum subject_kind */
	__u16 port;
	__u8 proto; /* enum rule_proto */
	__u8 zero;
};

struct watch_record {
	char text[SUBJECT_TEXT]; /* as the administrator wrote it, like text_record */
};

/*
 * port_counts: a per-CPU hash, BPF_F_NO_PREALLOC, by COUNT_KEY; index is that of the port's word.
 */
#define MAX_COUNTS		    262144
#define COUNT_SENT		    (1U << 17) /* packets sent by the interface; else received */
#define COUNT_KEY(hook, way, index) ((__u32)(hook) << 24 | (way) | (index))

struct count_record {
	__u64 packets;
	__u64 bytes; /* frames with their link header */
};

/* claims: a hash by the kernel address of a socket that makes its port watched. */
#define MAX_CLAIMS 4096

struct claim_record {
	__u64 seen;  /* when last seen: nanoseconds of CLOCK_BOOTTIME */
	__u64 start; /* of the process, likewise */
	__u32 pid;
	__u32 netns; /* inode of the socket's network namespace in nsfs */
	__u32 index; /* of the port's word in watched */
	__u32 zero;
};

/*
 * port_usage: an LRU hash. It splits a port's traffic by process; exact totals are in port_counts.
 */
#define MAX_PORT_USAGE 8192

struct port_user {
	__u64 start; /* of the process: nanoseconds of CLOCK_BOOTTIME */
	__u32 pid;
	__u32 netns; /* inode in nsfs */
	__u32 index; /* of the port's word in watched */
	__u32 zero;
};

struct port_usage {
	__u64 bytes_sent; /* at the socket layer */
	__u64 bytes_received;
	struct process process;
};

RECORD_SIZE(watching_record, 16);
RECORD_SIZE(watch_key, 24);
RECORD_SIZE(watch_record, 256);
RECORD_SIZE(count_record, 16);
RECORD_SIZE(claim_record, 32);
RECORD_SIZE(port_user, 24);
RECORD_SIZE(port_usage, 80);

#endif
