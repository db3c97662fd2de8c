/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * A process: who it is, as every record and map of this ABI has it.
 * The only declaration of these bytes; kernel programs and C++ both include it.
 * Fixed-width fields in host byte order, padding explicit and zero. bpf/common/process.h fills
 * it.
 */
#ifndef PINPIPE_ABI_PROCESS_H
#define PINPIPE_ABI_PROCESS_H

#include <linux/types.h>

#ifdef __cplusplus
#define RECORD_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#else
#define RECORD_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#endif

/* An executable under one of its names. */
struct exe_key {
	__u64 inode;  /* 0: it has none, or is not known */
	__u32 device; /* the kernel's dev_t: major << 20 | minor */
	__u32 name;   /* hash of the name and its directory, as the kernel's cache has it */
};

/*
 * maps/exes: an LRU hash, where executables are. Written once for each, the length last: its names
 * from the innermost on, a NUL after each.
 */
#define EXE_TEXT     256 /* no name begins behind this */
#define EXE_NAME     256
#define EXE_NAMES    32
#define MAX_EXES     1024
#define EXE_ELLIPSIS 0x1 /* outer directories are missing */

struct exe_record {
	__u32 length; /* of text; 0: not yet written */
	__u32 flags;  /* EXE_* */
	char text[EXE_TEXT + EXE_NAME];
};

/* A process, never mixed up with a later one of the same number: the key of maps. */
struct process_key {
	__u64 start; /* of its leader: nanoseconds of CLOCK_BOOTTIME */
	__u32 pid;   /* in the initial pid namespace */
	__u32 zero;
};

struct process {
	__u64 start;	    /* as in process_key */
	__u64 cgroup;	    /* id of its cgroup in the unified hierarchy */
	struct exe_key exe; /* all zero: a kernel thread */
	__u32 pid;	    /* as in process_key; 0: no process is known */
	__u32 ppid;	    /* of its parent, likewise */
	__u32 uid;	    /* in the initial user namespace */
	__u32 pgid;	    /* number of its process group, in the initial pid namespace */
	char comm[16];	    /* of its leader, zero from its end on, any bytes */
};

RECORD_SIZE(exe_key, 16);
RECORD_SIZE(exe_record, 520);
RECORD_SIZE(process_key, 16);
RECORD_SIZE(process, 64);

#endif
