/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The kernel's own types, as far as programs here read them: all that pinpipe depends on inside the
 * kernel.
 *
 * A type holds only the fields that are read, in any order. preserve_access_index makes the
 * compiler note each access by the names of type and field (CO-RE); libbpf looks the offsets up in
 * the type information (BTF) of the kernel that loads the program. So no build needs the BTF of a
 * kernel, and the objects do not depend on the machine that builds them. Where kernels differ, a
 * second type with a suffix of three underscores (struct file___old) declares the other shape, and
 * bpf_core_field_exists() says which one the kernel has.
 *
 * Types that the kernel promises to keep come from its UAPI headers: contexts of programs, flags
 * and map types from linux/bpf.h, packet headers through bpf/packet/headers.h. Enumerators are not
 * relocated: the kernel has never changed the values of those below.
 *
 * A program that reads only packets does not include this file, so it has no relocation against a
 * kernel.
 */
#ifndef PINPIPE_KERNEL_H
#define PINPIPE_KERNEL_H

/* Tells bpf_tracing.h that struct pt_regs names registers as the kernel does. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__
#endif

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Never read, only passed on. */
struct page;
struct pipe_inode_info;
struct seq_file;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* --- numbers wrapped in structures --- */

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic64_t;

typedef struct {
	__u32 val;
} kuid_t;

/* --- registers: arguments of functions and of system calls --- */

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax; /* number of the system call */
	unsigned long sp, bp, ip;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp, pc;
};

struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0; /* first argument of the system call */
	__s32 syscallno;
};
#elif defined(__TARGET_ARCH_riscv)
struct user_regs_struct {
	unsigned long pc, ra, sp, s0, a0, a1, a2, a3, a4, a5;
};
struct pt_regs;
#elif defined(__TARGET_ARCH_powerpc)
struct pt_regs {
	unsigned long gpr[32];
	unsigned long nip, link;
};
#endif

/* --- processes --- */

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
	PIDTYPE_MAX,
};

struct upid {
	int nr; /* process number in one pid namespace */
};

struct pid {
	unsigned int level;	/* 0: of the initial pid namespace */
	struct upid numbers[1]; /* level + 1 elements */
};

struct signal_struct {
	atomic_t live; /* threads that have not ended */
	struct pid *pids[PIDTYPE_MAX];
};

struct cred {
	kuid_t uid;
};

struct mm_struct {
	struct file *exe_file;
};

struct thread_info {
	unsigned long flags; /* arm64: TIF_32BIT */
	__u32 status;	     /* x86: TS_COMPAT */
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;   /* PF_* */
	struct mm_struct *mm; /* NULL: a kernel thread */
	int pid;	      /* of the thread */
	int tgid;	      /* of the process */
	__u64 start_boottime; /* nanoseconds */
	char comm[16];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *cred;
	struct files_struct *files;
	struct signal_struct *signal;
	struct css_set *cgroups;
	__u64 self_exec_id; /* rises with each exec */
	__u8 in_execve : 1; /* set from the beginning of exec to its end */
};

/* --- cgroups --- */

struct kernfs_node {
	__u64 id; /* of the cgroup, as user space knows it */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id; /* 0: the unified hierarchy */
};

struct cgroup {
	struct cgroup_subsys_state self;
	int level; /* 0: the root */
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the unified hierarchy */
};

/* --- files: the executable of a process and its path, and sockets by descriptor --- */

struct super_block {
	__u32 s_dev; /* major << 20 | minor */
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_generation;
};

struct qstr {
	__u32 hash;
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

/* Contains a vfsmount: the outer structure of each mount. */
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

typedef struct {
	atomic64_t refcnt; /* references, less one */
} file_ref_t;

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data; /* a socket's file: its struct socket */
	file_ref_t f_ref;   /* from Linux 6.13 */
};

struct file___old {
	atomic64_t f_count; /* references */
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

/* --- sockets --- */

enum {
	TCP_ESTABLISHED = BPF_TCP_ESTABLISHED,
	TCP_SYN_SENT = BPF_TCP_SYN_SENT,
	TCP_SYN_RECV = BPF_TCP_SYN_RECV,
	TCP_FIN_WAIT1 = BPF_TCP_FIN_WAIT1,
	TCP_FIN_WAIT2 = BPF_TCP_FIN_WAIT2,
	TCP_CLOSE = BPF_TCP_CLOSE,
	TCP_CLOSE_WAIT = BPF_TCP_CLOSE_WAIT,
	TCP_LAST_ACK = BPF_TCP_LAST_ACK,
	TCP_LISTEN = BPF_TCP_LISTEN,
	TCP_CLOSING = BPF_TCP_CLOSING,
};

struct ns_common {
	unsigned int inum; /* inode in nsfs */
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

/*
 * struct in6_addr under another name, since the UAPI headers define that one: within a type only
 * the names of fields count.
 */
struct ipv6_words {
	struct {
		__be32 u6_addr32[4];
	} in6_u;
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* local port, host byte order */
	unsigned short skc_family;
	volatile unsigned char skc_state; /* TCP_* */
	possible_net_t skc_net;
	struct ipv6_words skc_v6_daddr;
	struct ipv6_words skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	unsigned long skc_flags; /* bits SOCK_* */
};

typedef struct {
	int owned; /* 1 while a call uses the socket; then no packet is sent but in that call */
} socket_lock_t;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	__u8 sk_userlocks : 4; /* SOCK_BINDADDR_LOCK, SOCK_BINDPORT_LOCK */
	int sk_err;
	int sk_err_soft; /* the last ICMP error that did not end the connection */
	struct socket *sk_socket;
	__u16 sk_protocol;
	__u16 sk_type;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport; /* network byte order; stays when the port is given back */
};

struct inet_bind_bucket {
	signed char fastreuse; /* negative: the port was chosen for connect() */
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct inet_bind_bucket *icsk_bind_hash;
	const void *icsk_ulp_ops; /* not NULL: kernel TLS or another upper layer protocol */
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 copied_seq; /* sequence number up to which the process has received */
	int linger2;	  /* negative: TCP_LINGER2 asks for a reset instead of FIN_WAIT2 */
	__u32 snd_nxt;	  /* ... up to which the kernel has sent */
	__u32 write_seq;  /* ... up to which processes have sent */
	__u32 rcv_nxt;
	__u32 urg_seq;
	__u32 srtt_us; /* eighths of a microsecond */
	__u32 total_retrans;
	__u64 bytes_sent; /* retransmitted ones too */
	__u64 bytes_retrans;
	__u64 bytes_received;
};

/* --- messages and packets in functions of the kernel --- */

struct msghdr {
	void *msg_name;
	int msg_namelen;
};

struct sk_buff {
	__u16 transport_header; /* offsets from head */
	__u16 network_header;
	unsigned char *head;
};

/* --- contexts of iterators --- */

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
};

#pragma clang attribute pop

#endif
