/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Pinned maps: what the loader, the kernel programs and the readers tell each other.
 * The only declaration of these bytes; kernel programs and C++ both include it.
 * Fixed-width fields in host byte order, padding explicit and zero.
 *
 *   abi               who loaded what                     loader writes, all read
 *   maps/hooks        what hook number N is attached to   loader writes, all read
 *   maps/counters     packets a hook could not parse      kernel writes, all read
 *   maps/losses       per reader: written and lost        kernel writes, all read
 *   maps/wanted       which readers ask for a stream      readers write, kernel reads
 *   maps/pgid         the process group of its reader     read as a file
 *   readers/N/control what reader N asks for              reader N writes, kernel reads
 *   readers/N/ring    reader N's records                  kernel writes, reader N consumes
 *
 * "All" is root and the read group. Whoever may write a map may also freeze it, so what the read
 * group may write is only what reading hangs on.
 */
#ifndef PINPIPE_CONTROL_H
#define PINPIPE_CONTROL_H

#include "bpf/abi/events.h"

/* Raised by any change of this file or of events.h that old readers or programs cannot take. */
#define LAYOUT_VERSION 11
#define LAYOUT_MAGIC   0x65706970 /* "pipe" */

#define MAX_READERS 32 /* bits of a wanted word */
#define MAX_HOOKS   64 /* bits of packet_filter.hooks */
#define LAST_HOOK   62 /* the highest number of a hook: bit 63 of a word of watched is taken */

/* A reader is woken when this share of its ring has been written since it was last woken, ... */
#define WAKE_SHARE 8
/* ... or by the next record when it was last woken this long ago (nanoseconds). */
#define WAKE_AGE 50000000ULL

/*
 * Programs that loading does without where the kernel refuses them: index of abi_record.refused.
 * lib/pins/components.cpp says what each is for.
 */
enum optional_component {
	OPTIONAL_NEEDED = 0, /* of no optional one */
	OPTIONAL_TYPES = 1,
	OPTIONAL_TELL_PGID = 2,
	OPTIONAL_SEE_FRAGS = 3,
	OPTIONAL_SEE_SENT = 4,
	OPTIONAL_SEE_SPLICE = 5,
	OPTIONAL_LIST_BOUND = 6,
	OPTIONAL_CREATE_PACKET = 7,
	OPTIONAL_RULED_SENDMSG = 8,
	OPTIONAL_RULED_SENDMSG6 = 9,
	OPTIONAL_RULED_SENDPAGE = 10,
	OPTIONAL_RULED_RECVMSG = 11,
	OPTIONAL_RULED_RECVMSG6 = 12,
	OPTIONAL_RULED_SEND = 13,
	OPTIONAL_RULED_RECEIVE = 14,
	OPTIONAL_RULED_FORK = 15,
	OPTIONAL_RULED_RENAME = 16,
	OPTIONAL_RULED_EXIT = 17,
	OPTIONAL_FIND_SOCKETS = 18,
	OPTIONAL_FIND_KIN = 19,
	OPTIONAL_SEE_MKDIR = 20,
	OPTIONAL_SEE_RMDIR = 21,
	OPTIONAL_RULED_READ = 22,
};

#define OPTIONALS 32

/* abi: an array of one record. */
struct abi_record {
	__u32 magic;	    /* LAYOUT_MAGIC */
	__u32 version;	    /* LAYOUT_VERSION of the loader that made the maps */
	__u8 boot_id[16];   /* /proc/sys/kernel/random/boot_id, as bytes */
	__u64 loaded;	    /* when: nanoseconds of CLOCK_REALTIME */
	__s64 clock;	    /* CLOCK_REALTIME less CLOCK_BOOTTIME at the load; nanoseconds */
	__u32 readers;	    /* reader slots, 1 to MAX_READERS */
	__u32 ring_size;    /* bytes of each ring's data, a power of two */
	__u32 group;	    /* gid of the read group; 0: root alone */
	__u32 unloaded;	    /* 1 once everything has been unloaded: readers end */
	__u32 hook_changes; /* rises after each change of the hooks map */
	__u32 last_hook;    /* number given out last: a freed one is used again as late as can be */
	__u32 payload;	    /* bytes of a message that any reader may see; 0 to PAYLOAD_MAX */
	__u32 admins;	    /* gid of the admin group; 0: root alone */
	char program[24];   /* version of the loader, NUL-terminated */
	/* errno with which the kernel refused an optional_component; 0: granted, or not asked for
	 */
	__u16 refused[OPTIONALS];
};

/* hooks: an array of MAX_HOOKS records; kind 0 is a free one. */
enum hook_kind {
	HOOK_NONE = 0,
	HOOK_XDP = 1,
	HOOK_SOCKETS = 2, /* a program of the socket probes; name: which */
};

#define HOOK_GENERIC	  0x1U	/* generic (skb) mode; else native */
#define HOOK_VLAN_OFFLOAD 0x2U	/* the hardware may take VLAN tags away before XDP sees them */
#define HOOK_RAW_IP	  0x4U	/* frames begin with the IP header: tun, wireguard, ppp */
#define HOOK_FRAGS	  0x8U	/* the program takes packets in several buffers (jumbo frames) */
#define HOOK_FENTRY	  0x10U /* socket probes on functions (fentry) */
#define HOOK_SENT	  0x40U /* XDP: a tc program counts what the interface sends: sent/N */
#define HOOK_KPROBE	  0x20U /* socket probes on functions (kprobe); neither: on tracepoints */

struct hook_record {
	__u32 kind;    /* enum hook_kind */
	__u32 flags;   /* HOOK_* */
	__u32 ifindex; /* XDP: of the interface, in its network namespace */
	__u32 program; /* id of the program the loader attached */
	__u64 netns;   /* XDP: inode of the network namespace in nsfs */
	__u64 cgroup;  /* sockets: see switch_record; XDP: id of the program of HOOK_SENT */
	__u64 build;   /* hash of the program's object and constants: equal means unchanged */
	char name[16]; /* of the interface when attached, or of the program, NUL-terminated */
};

/*
 * counters: a per-CPU array of MAX_HOOKS records, in packets. Counted while a reader asks for ICMP
 * or a port is watched.
 */
struct hook_counters {
	__u64 malformed; /* headers that contradict each other or the standard */
	__u64 truncated; /* shorter than their headers say */
	__u64 fragments; /* later fragments of an ICMP packet: no ICMP header inside */
	/* While a port is watched: */
	__u64 port_fragments;  /* later fragments of TCP and UDP: no ports inside */
	__u64 sent_fragments;  /* the same, sent */
	__u64 uncounted;       /* of watched ports, without memory for an element of port_counts */
	__u64 uncounted_bytes; /* of those */
};

/* losses: an array of MAX_READERS records, in records (events). Never reset while loaded. */
struct reader_losses {
	__u64 lost[STREAMS];	/* did not fit into the ring */
	__u64 written[STREAMS]; /* did fit */
	__u64 own[STREAMS];	/* left out: events of the reader's own pipeline */
	__u64 woken;		/* last wake-up: nanoseconds of CLOCK_BOOTTIME */
	__u64 unwoken;		/* bytes written since */
};

/* wanted: an array of one record. Bit N of a word: reader N asks for that stream. */
struct wanted_record {
	__u32 readers[STREAMS];
};

/*
 * Filter of packet streams. A packet matches when all of these hold:
 *   (A ^ host) & host_mask == 0 for its source or its destination A (mask 0: any address)
 *   bit (hook number) of hooks is set
 *   bit 4 (IPv4) or bit 6 (IPv6) of versions is set
 */
struct packet_filter {
	union address host;
	union address host_mask;
	__u64 hooks;
	__u64 versions;
};

/*
 * Filter of socket streams. An event matches when all of these hold; a count of 0 lets all through:
 *   (A ^ host) & host_mask == 0 for its local or its remote address A
 *   its process is one of the first pid_count of pids
 *   its process's name is one of the first comm_count of comms
 *   its local or remote port is in one of the first port_count of ports
 *   its bit is set in protocols (PROTOCOL_*)
 *   bit 0 (received, accepted) or bit 1 (sent, connected) of directions is set
 * What matches is left out, and counted in reader_losses.own, if leave_out_own is 1 and its process
 * is of the reader's own pipeline: of the process group pgid, or one of own.
 */
#define FILTER_PIDS  16
#define FILTER_COMMS 8
#define FILTER_PORTS 8
#define FILTER_OWN   8
#define NO_PROCESS   (~0U)

struct port_range {
	__u16 first; /* host byte order, both ends included */
	__u16 last;
};

struct socket_filter {
	union address host;
	union address host_mask;
	__u64 comms[FILTER_COMMS][2]; /* the bytes of a comm, zero from its end on */
	__u32 pids[FILTER_PIDS];
	struct port_range ports[FILTER_PORTS];
	__u32 pgid;	       /* own process group, as in a pgid_record */
	__u32 own[FILTER_OWN]; /* process numbers; NO_PROCESS: none */
	__u32 payload;	       /* bytes of a message wanted at most */
	__u8 pid_count;
	__u8 comm_count;
	__u8 port_count;
	__u8 protocols;
	__u8 directions;
	__u8 leave_out_own;
	__u8 zero[2];
};

/* maps/pgid: what an iterator tells whoever reads it. */
struct pgid_record {
	__u32 pgid; /* number of the process group, in the initial pid namespace */
};

/* Records of a reader slot since the load. */
struct reader_totals {
	__u64 written[STREAMS]; /* of reader_losses */
	__u64 lost[STREAMS];	/* of reader_losses */
	__u64 read[STREAMS];	/* taken out and meant for that reader */
};

/* readers/N/control: an array of one record. */
struct reader_control {
	__u16 generation; /* raised by each claim, after the filters have been written; wraps */
	__u16 zero[3];
	struct packet_filter icmp;
	struct socket_filter sockets;
	__u64 read[STREAMS];	      /* as the readers say themselves: for status alone */
	struct reader_totals claimed; /* what the counts were at the last claim: likewise */
};

/*
 * active: an array of one record. The probe set that is at work: the socket programs of another one
 * do nothing. Its number is in its programs, and in their hook records as cgroup.
 */
struct switch_record {
	__u64 probe_set; /* 0: none */
};

RECORD_SIZE(abi_record, 160);
RECORD_SIZE(switch_record, 8);
RECORD_SIZE(hook_record, 56);
RECORD_SIZE(hook_counters, 56);
RECORD_SIZE(reader_losses, 208);
RECORD_SIZE(wanted_record, 32);
RECORD_SIZE(packet_filter, 48);
RECORD_SIZE(reader_totals, 192);
RECORD_SIZE(socket_filter, 304);
RECORD_SIZE(reader_control, 616);

#endif
