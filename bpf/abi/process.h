/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The identity of a process, as every record and map of this ABI has it. This is the only
 * declaration of these bytes; kernel programs and C++ both include it. Fixed-width fields in host
 * byte order, padding explicit and zero. bpf/common/process.h fills it.
 */
#ifndef PINPIPE_ABI_PROCESS_H
#define PINPIPE_ABI_PROCESS_H

#include <linux/types.h>

#ifdef __cplusplus
#define RECORD_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#else
#define RECORD_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)
#endif

/* Identifies an executable under one of its names. */
struct exe_key {
	__u64 inode;  /* 0: no executable, or not known */
	__u32 device; /* the kernel's dev_t: major << 20 | minor */
	__u32 name; /* hash of name, directory and generation; d_name.hash of the kernel's dentry */
};

/*
 * Whether files of a file system, by the magic number in statfs(2), have a generation: it tells a
 * file from a later one that got the same inode number. On others it counts as 0.
 */
static inline int has_generation(unsigned long magic)
{
	return magic == 0xef53 ||     /* ext2, ext3, ext4 */
	       magic == 0x01021994 || /* tmpfs */
	       magic == 0x58465342 || /* XFS */
	       magic == 0x9123683e || /* Btrfs */
	       magic == 0xf2f52010;   /* F2FS */
}

/*
 * maps/exes: an LRU hash of the paths of executables. Each element is written once, its length
 * last. text holds the path's components from the innermost on, each followed by a NUL.
 */
#define EXE_TEXT     256 /* bytes of text in which a component may begin */
#define EXE_NAME     256
#define EXE_NAMES    32
#define MAX_EXES     1024
#define EXE_ELLIPSIS 0x1 /* the path did not fit: outer directories are missing */

struct exe_record {
	__u32 length; /* of text; 0: not yet written */
	__u32 flags;  /* EXE_* */
	char text[EXE_TEXT + EXE_NAME];
};

/* Key of maps: identifies a process; a later process with the same number has another start. */
struct process_key {
	__u64 start; /* start of the thread group leader: nanoseconds of CLOCK_BOOTTIME */
	__u32 pid;   /* process number (tgid) in the initial pid namespace */
	__u32 zero;
};

struct process {
	__u64 start;	    /* as in process_key */
	__u64 cgroup;	    /* id of its cgroup in the unified hierarchy */
	struct exe_key exe; /* all zero: none (kernel thread) */
	__u32 pid;	    /* as in process_key; 0: no process is known */
	__u32 ppid;	    /* of the parent, likewise */
	__u32 uid;	    /* in the initial user namespace */
	__u32 pgid;	    /* process group, in the initial pid namespace */
	char comm[16];	    /* name of the leader, padded with zeros; any bytes */
};

RECORD_SIZE(exe_key, 16);
RECORD_SIZE(exe_record, 520);
RECORD_SIZE(process_key, 16);
RECORD_SIZE(process, 64);

#endif
