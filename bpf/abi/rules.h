/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules: which ports a process may use. ebpf-ctl writes, kernel programs read and count.
 * The only declaration of these bytes; kernel programs and C++ both include it.
 * Fixed-width fields in host byte order, padding explicit and zero.
 *
 *   maps/policy    which rules hold                     admins write, all read
 *   maps/subjects  whom rules are about                 admins write, all read
 *   maps/ports     the ports of a set                   admins write, all read
 *   maps/texts     what the administrator wrote         admins write, all read
 *   maps/hits      what rules have let through          kernel writes, admins remove, all read
 *   maps/denials   what a subject was denied            kernel writes, admins reset, all read
 *   maps/cgroups   where the programs are attached      loader writes, all read
 *   maps/covered   which of them have nothing to do     loader writes, kernel reads
 *   maps/labels    what is known of a socket            kernel alone
 *   maps/peers     who spoke first to a UDP socket      kernel alone
 *   maps/kin       what sticks to a process             kernel alone
 *
 * The first six are pinned a second time in admin/ (policy, subjects, ...), for the admin group.
 *
 * A change: the ports are written under a set number that nothing uses; then the subject is pointed
 * at it (one update of an element: whole or not at all); then policy.now is raised. Programs may be
 * at the old set just then, so its ports stay: policy.old names it, and the next change removes
 * them. A change of everything writes the other bank of subjects, and then now, with the other bank
 * in it: one store; when no program can be at the old bank any more (a grace period of RCU), it is
 * removed. Whoever changes holds an exclusive flock(2) on admin/.
 */
#ifndef PINPIPE_RULES_H
#define PINPIPE_RULES_H

#include "bpf/abi/events.h"

#define MAX_SUBJECTS 16384  /* in both banks together twice as many */
#define MAX_PAGES    262144 /* of ports, in all sets */
#define MAX_HITS     65536

/*
 * policy: an array of one record, BPF_F_MMAPABLE. Written by stores to single words, since the
 * kernel writes others: now is raised last.
 */
struct policy_record {
	__u64 now; /* POLICY_* below, and above them a generation: labels of another are stale */
	__u32 next_set; /* number for the next new set of ports, from 1; never used twice */
	__u32 old;	/* the set that the last change left behind; 0: none */
};

#define POLICY_BANK	    0x1	  /* the bank of subjects that holds */
#define POLICY_AUDIT	    0x2	  /* nothing is denied, all is told */
#define POLICY_HAS_EXE	    0x4	  /* there are subjects by executable */
#define POLICY_HAS_PID	    0x8	  /* ... by process number */
#define POLICY_HAS_CGROUP   0x10  /* ... limited to a cgroup */
#define POLICY_HAS_CHILDREN 0x20  /* ... whose rules stick to descendants */
#define POLICY_STEP	    0x100 /* of the generation */

enum subject_kind {
	SUBJECT_NAME = 1, /* id: the bytes of the name, zero from its end on (15 at most) */
	SUBJECT_EXE = 2,  /* id: inode, device (major << 20 | minor, as in the kernel) */
	/*
	 * id: process number (tgid), start: nanoseconds of CLOCK_BOOTTIME, rounded down to clock
	 * ticks (10 ms), since /proc/PID/stat has it no finer
	 */
	SUBJECT_PID = 3,
};

/* subjects: a hash. */
struct subject_key {
	__u64 id[2];
	__u64 cgroup; /* id of the cgroup whose processes are meant, those below it too; 0: all. At
		       * most LABEL_SCOPES levels below the root */
	__u32 kind;   /* enum subject_kind */
	__u32 bank;   /* 0 or 1 */
};

#define SUBJECT_AUDIT	 0x1 /* what it is not allowed is told, not denied */
#define SUBJECT_CHILDREN 0x2 /* its rules hold for the descendants of its processes too */

struct subject_record {
	__u32 set;    /* its ports; 0: none, it may use nothing */
	__u32 number; /* 0 to MAX_SUBJECTS - 1, of its text and its counters; it keeps it */
	__u32 flags;  /* SUBJECT_* */
	__u32 zero;
};

enum rule_proto {
	RULE_TCP = 0, /* and MPTCP */
	RULE_UDP = 1, /* and UDP-Lite */
};

#define PAGE_PORTS 512

/* ports: a hash, BPF_F_NO_PREALLOC. */
struct page_key {
	__u32 set;
	__u16 page; /* port / PAGE_PORTS */
	__u8 proto; /* enum rule_proto */
	__u8 zero;
};

struct page_record {
	__u64 ports[PAGE_PORTS / 64]; /* bit port % 64 of word port % PAGE_PORTS / 64 */
};

/* texts: a hash by a subject's number, BPF_F_NO_PREALLOC. */
#define SUBJECT_TEXT 256

struct text_record {
	char text[SUBJECT_TEXT]; /* "curl", "/usr/bin/curl", "pid:4711"; NUL-terminated */
};

/* hits: a hash. */
struct hit_key {
	__u32 number; /* of the subject */
	__u16 port;
	__u8 proto; /* enum rule_proto */
	__u8 zero;
};

struct hit_record {
	__u64 count; /* connections made or accepted, sockets bound, UDP peers spoken to */
};

/* denials: an array of MAX_SUBJECTS records. */
struct denial_record {
	__u64 denied;
	__u64 audited; /* would have been */
	__u64 last;    /* when: nanoseconds of CLOCK_BOOTTIME; 0: never */
};

/* cgroups: an array of MAX_CGROUPS records. Their links: links/cN-HOOK. */
#define MAX_CGROUPS  64
#define CGROUP_HOOKS 16 /* room; not all are in use */
#define CGROUP_PATH  200

struct cgroup_record {
	__u64 id;		      /* of the cgroup; 0: a free record */
	__u64 build;		      /* hash of the program's object and constants */
	__u32 programs[CGROUP_HOOKS]; /* their ids; 0: none */
	char path[CGROUP_PATH];	      /* where it was when attached, cut to fit; NUL-terminated */
};

/* covered: an array of one record. */
struct covered_record {
	__u64 cgroups; /* bit N: cgroup N is below another one that is attached, which does its work
			*/
};

/* labels: an element for each socket that a process of an attached cgroup made. */
#define LABEL_SCOPES 8
#define LABEL_SETS   8
#define KIN_SUBJECTS 4

#define LABEL_CONNECTS 0x1 /* TCP: judged by its remote port; else by its local one */
#define LABEL_AUDIT    0x2 /* all its subjects are only audited */

struct label_record {
	__u64 now;		    /* policy.now that the rest is of; 0: none */
	__u64 allowed;		    /* TCP: policy.now that let it through; 0: none */
	struct process process;	    /* whose the socket is; pid 0: not known */
	__u64 scopes[LABEL_SCOPES]; /* ids of its cgroup and those above it, by their level from 1
				       on */
	__u64 told;		    /* last event of a denial: nanoseconds of CLOCK_BOOTTIME */
	__u32 suppressed;	    /* denials since */
	__u32 flags;		    /* LABEL_* */
	__u32 count;		    /* subjects that it matches; 0: it is not ruled */
	__u32 sets[LABEL_SETS];
	__u32 numbers[LABEL_SETS];
	__u32 zero;
	__u64 identified;		      /* policy.now when who it is was looked at */
	struct subject_key kin[KIN_SUBJECTS]; /* as in kin_record */
};

/* kin: a hash by process_key, an element for each process that something may stick to. */
#define MAX_KIN 65536

struct kin_record {
	__u64 now; /* policy.now when those above it were looked at; 0: never */
	struct subject_key of[KIN_SUBJECTS]; /* kind 0: none; bank: 0 */
};

/* peers: an LRU hash. The value is when it was heard last: nanoseconds of CLOCK_BOOTTIME. */
#define MAX_PEERS 65536

struct peer_key {
	__u64 cookie; /* of the socket */
	union address address;
	__u16 port; /* host byte order */
	__u16 zero[3];
};

RECORD_SIZE(policy_record, 16);
RECORD_SIZE(subject_key, 32);
RECORD_SIZE(subject_record, 16);
RECORD_SIZE(page_key, 8);
RECORD_SIZE(page_record, 64);
RECORD_SIZE(text_record, 256);
RECORD_SIZE(hit_key, 8);
RECORD_SIZE(hit_record, 8);
RECORD_SIZE(denial_record, 24);
RECORD_SIZE(cgroup_record, 280);
RECORD_SIZE(covered_record, 8);
RECORD_SIZE(label_record, 368);
RECORD_SIZE(kin_record, 136);
RECORD_SIZE(peer_key, 32);

#endif
