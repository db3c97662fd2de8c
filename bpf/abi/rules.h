/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Rules: which ports a process may use. ebpf-ctl writes them; kernel programs read them and count.
 * This is the only declaration of these bytes; kernel programs and C++ both include it. Fixed-width
 * fields in host byte order, padding explicit and zero.
 *
 *   maps/policy    the generation of the rules          admins write, all read
 *   maps/subjects  which processes rules are about      admins write, all read
 *   maps/sieve     spares most processes a look there   kernel and admins write, all read
 *   maps/ports     the ports of each port set           admins write, all read
 *   maps/texts     subjects as they were written        admins write, all read
 *   maps/scopes    paths of cgroups that rules are limited to: admins write, all read
 *   maps/scope_ids which of these exist                 kernel and admins write, all read
 *   maps/remotes   lists of remote ends in rules        admins write, all read
 *   maps/prefixes  the addresses of these lists         admins write, all read
 *   maps/hits      uses that rules allowed              kernel writes, admins remove, all read
 *   maps/denials   denials of each subject              kernel writes, admins reset, all read
 *   maps/cgroups   cgroups with programs attached       loader writes, all read
 *   maps/covered   cgroups below another of these       loader writes, kernel reads
 *   maps/labels    owner and rules of each socket       kernel alone
 *   maps/peers     who sent first to a UDP socket       kernel alone
 *   maps/kin       subjects inherited by processes      kernel alone
 *   maps/unlabelled sockets without memory for a label  kernel writes, all read
 *
 * The first eleven are pinned a second time in admin/ (policy, subjects, ...), for the admin group.
 *
 * A change of one subject takes three steps. ebpf-ctl writes the ports under a set number that
 * nothing uses, then points the subject at that set (one update of an element, so whole or not at
 * all), then raises policy.now, and then reads the iterators admin/find_kin and admin/find_sockets,
 * by which running processes and open sockets get to know it. policy.changing is not 0 meanwhile: a
 * command that finds it so finishes what another one began. A program may still be reading the old
 * set, so its ports stay: policy.old names the set, and the next change removes it. A change of all
 * rules writes the other bank of subjects and then stores policy.now with that bank's bit; after a
 * grace period of RCU, when no program can be reading the old bank, that bank is removed. Every
 * writer holds an exclusive flock(2) on admin/lock.
 */
#ifndef PINPIPE_RULES_H
#define PINPIPE_RULES_H

#include "bpf/abi/events.h"

#define MAX_SUBJECTS 16384  /* in each bank */
#define MAX_PAGES    262144 /* pages of ports, in all port sets */
#define MAX_HITS     65536

/*
 * policy: an array of one record, BPF_F_MMAPABLE. ebpf-ctl stores single words, and raises now
 * last.
 */
struct policy_record {
	__u64 now;	/* POLICY_*, and above them the generation; labels of another are stale */
	__u32 next_set; /* number for the next new port set, from 1; never used twice */
	__u32 old;	/* the port set that the last change replaced; 0: none */
	__u32 changing; /* 1 while a change is under way, or where one was cut off */
	__u32 zero;
};

#define POLICY_BANK	    0x1	    /* the bank of subjects in force */
#define POLICY_AUDIT	    0x2	    /* denials are reported, not enforced */
#define POLICY_HAS_EXE	    0x4	    /* there are subjects by executable */
#define POLICY_HAS_PID	    0x8	    /* ... by process number */
#define POLICY_HAS_CGROUP   0x10    /* ... limited to a cgroup */
#define POLICY_HAS_CHILDREN 0x20    /* ... whose rules stick to descendants */
#define POLICY_HAS_NAME	    0x40    /* ... by name */
#define POLICY_HAS_ANY	    0x80    /* ... that are all processes of a cgroup or user */
#define POLICY_HAS_USER	    0x100   /* ... limited to a user */
#define POLICY_STEP	    0x10000 /* of the generation */

/* Whether there are rules at all. */
#define POLICY_HAS_RULES (POLICY_HAS_NAME | POLICY_HAS_EXE | POLICY_HAS_PID | POLICY_HAS_ANY)

enum subject_kind {
	SUBJECT_NAME = 1, /* id: the name, padded with zeros (15 bytes at most) */
	/* id: inode; device (major << 20 | minor, as in the kernel) and, above its 32 bits,
	   generation */
	SUBJECT_EXE = 2,
	/*
	 * id: process number (tgid) and start: nanoseconds of CLOCK_BOOTTIME, rounded down to clock
	 * ticks (10 ms), the resolution of /proc/PID/stat
	 */
	SUBJECT_PID = 3,
	SUBJECT_ANY = 4, /* id: 0. Every process of the scope and user, one of which is not 0 */
};

/* subjects: a hash. */
struct subject_key {
	__u64 id[2];
	__u64 scope; /* number in scopes: only processes of that cgroup and below; 0: all */
	__u16 kind;  /* enum subject_kind */
	__u16 bank;  /* 0 or 1 */
	__u32 user;  /* real user id + 1: only processes of that user; 0: all */
};

#define SUBJECT_AUDIT	 0x1 /* denials are reported, not enforced */
#define SUBJECT_CHILDREN 0x2 /* the rules also hold for descendants of its processes */
#define SUBJECT_ICMP	 0x4 /* ping sockets, and raw sockets of ICMP, are allowed */
#define SUBJECT_NONE	 0x8 /* stays without ports: it may use none */

struct subject_record {
	__u32 set;    /* port set; 0: none, the subject may use no port */
	__u32 number; /* index of its text and counters, below MAX_SUBJECTS; never changes */
	__u32 flags;  /* SUBJECT_* */
	__u32 zero;
};

/*
 * sieve: an array of one record, BPF_F_MMAPABLE. Where complete is 1 and the bit of a kind and id
 * is 0, no subject has them. ebpf-ctl sets bits before it writes subjects.
 */
#define SIEVE_BITS 32768

struct sieve_record {
	__u32 complete; /* 0: ebpf-ctl has not written it yet */
	__u32 mptcp;	/* written by the kernel: 1 once an MPTCP socket has a label */
	__u64 bits[SIEVE_BITS / 64];
};

static inline __u32 sieve_bit(__u32 kind, const __u64 *id)
{
	__u64 hash = id[0] * 0x9e3779b97f4a7c15ULL ^ (id[1] + kind) * 0xd6e8feb86659fd93ULL;

	return (__u32)((hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ULL >> 49);
}

enum rule_proto {
	RULE_TCP = 0,  /* includes MPTCP */
	RULE_UDP = 1,  /* includes UDP-Lite */
	RULE_ICMP = 2, /* in hit_key alone: SUBJECT_ICMP stands for the rule */
};

/* On which side of a port its user is. A rule without a word for it has the port on both. */
enum rule_side {
	SIDE_SERVE = 0,	  /* the port is local: bind(), listen(), datagrams received there */
	SIDE_CONNECT = 1, /* the port is remote: connect(), datagrams sent to it */
};

#define PAGE_PORTS 512
#define PAGE_LISTS 8

/*
 * ports: a hash, BPF_F_NO_PREALLOC. A page of list 0 has the ports that may be used with every
 * remote end, and names the lists that have a page of the same ports.
 */
struct page_key {
	__u32 set;
	__u16 page; /* port / PAGE_PORTS */
	__u8 proto; /* enum rule_proto */
	__u8 side;  /* enum rule_side */
	__u32 list; /* number in remotes; 0: every remote end */
};

struct page_record {
	__u64 ports[PAGE_PORTS / 64]; /* bit port % 64 of word port % PAGE_PORTS / 64 */
	__u32 lists[PAGE_LISTS];      /* in pages of list 0, from the first place; 0: no more */
};

/*
 * remotes: a hash of lists of remote ends, as they are written, to a number from 1 that no other
 * list has (__u64): "10.0.0.0/8,lan".
 */
#define REMOTE_TEXT  256
#define MAX_REMOTES  1024
#define MAX_PREFIXES 65536

struct remote_key {
	char text[REMOTE_TEXT]; /* padded with zeros; at most REMOTE_TEXT - 1 bytes */
};

/*
 * prefixes: a trie of longest prefixes (BPF_F_NO_PREALLOC). The value (__u64) of the longest prefix
 * that an address has says whether the address is on the list: 1 or 0; without one it is not.
 */
struct prefix_key {
	__u32 bits; /* of list and address: 32 to 160 */
	__u32 list;
	union address address;
};

/* texts: a hash by a subject's number, BPF_F_NO_PREALLOC. */
#define SUBJECT_TEXT 256

struct text_record {
	char text[SUBJECT_TEXT]; /* "curl", "/usr/bin/curl", "pid:4711"; NUL-terminated */
};

/*
 * scopes: a hash of the cgroups that rules are limited to, by path, to a number from 1 that no
 * other path has. The path begins at the root of the cgroup2 hierarchy:
 * "/system.slice/foo.service". A cgroup of that path need not exist.
 */
#define SCOPE_PATH 256
#define MAX_SCOPES 1024

struct scope_key {
	char path[SCOPE_PATH]; /* padded with zeros; at most SCOPE_PATH - 2 bytes */
};

/*
 * scope_ids: a hash from a cgroup's id (__u64) to its number in scopes (__u64). The kernel adds an
 * element when a cgroup of such a path is made, before a process can enter it, and removes it with
 * the cgroup; ebpf-ctl adds one for a cgroup that is there already.
 */

/* hits: a hash. */
struct hit_key {
	__u32 number; /* of the subject */
	__u16 port;
	__u8 proto; /* enum rule_proto */
	__u8 side;  /* enum rule_side */
	__u32 list; /* of remote ends, as in page_key */
};

struct hit_record {
	__u64 count; /* TCP connections, binds, UDP sends that name a destination, new UDP peers,
			sockets of ICMP */
};

/* denials: an array of MAX_SUBJECTS records. */
struct denial_record {
	__u64 denied;
	__u64 audited; /* let through, since only audited */
	__u64 last;    /* the last one: nanoseconds of CLOCK_BOOTTIME; 0: never */
};

/* cgroups: an array of MAX_CGROUPS records. The links of record N are pinned at links/cN-HOOK. */
#define MAX_CGROUPS  64
#define CGROUP_HOOKS 16 /* room; not all are in use */
#define CGROUP_PATH  200

struct cgroup_record {
	__u64 id;		      /* of the cgroup; 0: a free record */
	__u64 build;		      /* hash of the programs' object and constants */
	__u32 programs[CGROUP_HOOKS]; /* program ids; 0: none */
	char path[CGROUP_PATH];	      /* when attached, cut to fit; NUL-terminated */
};

/* covered: an array of one record. */
struct covered_record {
	__u64 cgroups; /* bit N: cgroup N lies below another one, whose programs do its work */
	/*
	 * 1 where the kernel refuses find_sockets: every socket gets a label, since nothing finds
	 * those that are open when a rule is made
	 */
	__u32 label_all;
	__u32 zero;
};

/*
 * labels: socket storage, an element for each socket that a process with rules uses or has used; or
 * for each socket of an attached cgroup, where the kernel refuses find_sockets.
 */
#define LABEL_SCOPES 8
#define LABEL_SETS   8
#define KIN_SUBJECTS 4

/* Ids of a process's cgroup and of those above it, by level from 1; 0: no cgroup of that level. */
struct cgroup_ids {
	__u64 level[LABEL_SCOPES];
};

#define LABEL_CONNECTS 0x1  /* TCP: judged by the remote port; else by the local one */
#define LABEL_AUDIT    0x2  /* all matching subjects are only audited */
#define LABEL_ICMP     0x4  /* a matching subject has SUBJECT_ICMP */
#define LABEL_CUT      0x8  /* more subjects match than there is room for */
#define LABEL_KIN_CUT  0x10 /* ... than there is room for in kin */
#define LABEL_TAKEN    0x20 /* the owner before had no rules and may still wait for the socket */
#define LABEL_QUEUED   0x40 /* queued holds */
#define LABEL_UNSEEN   0x80 /* whether another process has the socket too is not known yet */

#define LABEL_SPARE 4

struct label_record {
	__u64 now; /* policy.now for which count, sets and numbers hold; 0: none */
	/*
	 * policy.now under which the connection was allowed, or the last datagram that named a
	 * destination; 0: none
	 */
	__u64 allowed;
	struct process process;	   /* the socket's owner; pid 0: not known */
	struct cgroup_ids cgroups; /* of the owner */
	__u64 told;	  /* last event of a denial: nanoseconds of CLOCK_BOOTTIME; 0: none */
	__u32 suppressed; /* denials since that event */
	__u32 flags;	  /* LABEL_* */
	__u32 count;	  /* matching subjects; 0: the owner has no rules */
	__u32 sets[LABEL_SETS];
	__u32 numbers[LABEL_SETS];
	__u32 icmp;	  /* number of the first subject with SUBJECT_ICMP */
	__u64 identified; /* policy.now when the owner was identified */
	__u64 exe_id;	  /* of the owner: device and generation, as in subjects */
	/* LABEL_TAKEN: how many packets with data still come in for the owner before */
	__u32 spare;
	__u32 queued; /* TCP: sequence number up to which the owner before has sent */
	struct subject_key kin[KIN_SUBJECTS]; /* as in kin_record */
};

/*
 * kin: a hash by process_key, an element for each process that inherits subjects, or may hand them
 * on.
 */
#define MAX_KIN 65536

struct kin_record {
	__u64 cut; /* 1: more subjects stick to the process than there is room for */
	struct subject_key of[KIN_SUBJECTS]; /* kind 0: none; bank: 0 */
};

/* peers: an LRU hash of remote ends that sent to a UDP socket first. The value is always 1. */
#define MAX_PEERS 65536

struct peer_key {
	__u64 cookie; /* of the socket */
	union address address;
	__u16 port; /* host byte order */
	__u16 zero[3];
};

/* unlabelled: an array of one record. Never reset while loaded. */
struct unlabelled_record {
	__u64 refused; /* calls of processes with rules, refused for want of memory for a label */
	__u64 open;    /* uses of open sockets by such processes, not judged for the same reason */
};

RECORD_SIZE(policy_record, 24);
RECORD_SIZE(subject_key, 32);
RECORD_SIZE(subject_record, 16);
RECORD_SIZE(sieve_record, 4104);
RECORD_SIZE(page_key, 12);
RECORD_SIZE(page_record, 96);
RECORD_SIZE(remote_key, 256);
RECORD_SIZE(prefix_key, 24);
RECORD_SIZE(text_record, 256);
RECORD_SIZE(hit_key, 12);
RECORD_SIZE(hit_record, 8);
RECORD_SIZE(denial_record, 24);
RECORD_SIZE(cgroup_record, 280);
RECORD_SIZE(covered_record, 16);
RECORD_SIZE(scope_key, 256);
RECORD_SIZE(unlabelled_record, 16);
RECORD_SIZE(cgroup_ids, 64);
RECORD_SIZE(label_record, 384);
RECORD_SIZE(kin_record, 136);
RECORD_SIZE(peer_key, 32);

#endif
