/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Constants of kernel sockets, and functions that read a struct sock. */
#ifndef PINPIPE_COMMON_SOCKET_H
#define PINPIPE_COMMON_SOCKET_H

#define AF_INET	  2
#define AF_INET6  10
#define AF_PACKET 17
#define AF_XDP	  44

#define SOCK_RAW_TYPE 3

#define MSG_PEEK     0x2
#define MSG_ERRQUEUE 0x2000 /* the call reads the socket's error queue, not received data */

#define BOUND_TO_PORT 8 /* SOCK_BINDPORT_LOCK, of sk_userlocks */

/*
 * Reads a field of a kernel object. Programs on kprobes have plain addresses, which need a probe
 * read: they define PROBE_READS before they include this file.
 */
#ifdef PROBE_READS
#define GET(object, field) BPF_CORE_READ(object, field)
#else
#define GET(object, field) ((object)->field)
#endif

/* The inode in nsfs of the socket's network namespace. */
static __always_inline __u32 netns_of(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/*
 * Whether a TCP connection was made from here: the kernel chose the port for connect(), or bind()
 * set it, which leaves a lock that a child of a listener does not inherit.
 */
static __always_inline bool was_connected(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = (const struct inet_connection_sock *)sk;

	return BPF_CORE_READ(icsk, icsk_bind_hash, fastreuse) < 0 ||
	       BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & BOUND_TO_PORT;
}

#endif
