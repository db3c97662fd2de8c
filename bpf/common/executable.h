/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The path of a process's executable. It is written to exes once, when a process with that
 * executable is first seen; records name it by its key.
 */
#ifndef PINPIPE_EXECUTABLE_H
#define PINPIPE_EXECUTABLE_H

#include "bpf/abi/process.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_EXES);
	__type(key, struct exe_key);
	__type(value, struct exe_record);
} exes SEC(".maps");

/* All zero: the initial value of a new element, which is too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct exe_record);
} no_exe SEC(".maps");

/* The generation of a file; 0: its file system has none. */
static __always_inline __u32 generation_of(const struct inode *inode)
{
	return has_generation(inode->i_sb->s_magic) ? inode->i_generation : 0;
}

/* What stands in the key of a subject or watch beside the inode number. */
static __always_inline __u64 exe_id(const struct inode *inode)
{
	return (__u64)generation_of(inode) << 32 | inode->i_sb->s_dev;
}

/* A walk from the file to the root of the file system tree, across mount points. */
struct exe_walk {
	struct exe_key key;
	struct dentry *dentry;
	struct mount *mount;
	__u32 at;    /* bytes written */
	__u32 whole; /* the walk has reached the root */
};

static long take_name(__u32 i, struct exe_walk *w)
{
	struct exe_record *exe = bpf_map_lookup_elem(&exes, &w->key);
	struct dentry *dentry = w->dentry;
	struct mount *mount = w->mount, *outer;
	__u32 at = w->at;
	long size;

	if (!exe || at >= EXE_TEXT)
		return 1;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		outer = BPF_CORE_READ(mount, mnt_parent);
		w->whole = outer == mount;
		if (w->whole)
			return 1;
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		w->mount = outer;
		return 0;
	}
	size = bpf_probe_read_kernel_str(exe->text + at, EXE_NAME,
					 BPF_CORE_READ(dentry, d_name.name));
	if (size <= 0)
		return 1;
	w->at = at + size;
	w->dentry = BPF_CORE_READ(dentry, d_parent);
	return 0;
}

static __noinline int write_exe(struct file *file, const struct exe_key *key)
{
	struct exe_walk w = {};
	struct exe_record *exe;
	struct vfsmount *mnt;
	__u32 zero = 0;

	if (!key)
		return 0;
	exe = bpf_map_lookup_elem(&no_exe, &zero);
	/* BPF_NOEXIST fails when another CPU has added the element; that CPU writes it. */
	if (!exe || bpf_map_update_elem(&exes, key, exe, BPF_NOEXIST))
		return 0;
	mnt = BPF_CORE_READ(file, f_path.mnt);
	w.key = *key;
	w.dentry = BPF_CORE_READ(file, f_path.dentry);
	w.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	bpf_loop(EXE_NAMES, take_name, &w, 0);
	exe = bpf_map_lookup_elem(&exes, key);
	if (!exe)
		return 0;
	if (!w.whole)
		exe->flags = EXE_ELLIPSIS;
	__sync_lock_test_and_set(&exe->length, w.at);
	return 0;
}

/*
 * Fills key with the executable of a process; all zero where it has none. The path is written if it
 * is not known yet.
 */
static __always_inline void name_exe(struct task_struct *task, struct exe_key *key)
{
	struct file *file = task->mm->exe_file;
	struct exe_key here = {}; /* on the stack, as map keys must be before Linux 6.2 */

	if (file) {
		here.inode = file->f_inode->i_ino;
		here.device = file->f_inode->i_sb->s_dev;
		here.name = file->f_path.dentry->d_name.hash ^ generation_of(file->f_inode);
		if (!bpf_map_lookup_elem(&exes, &here))
			write_exe(file, &here);
	}
	*key = here;
}

#endif
