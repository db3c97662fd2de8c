/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What is read of a socket of the kernel, and the numbers that it has there.
 */
#ifndef PINPIPE_COMMON_SOCKET_H
#define PINPIPE_COMMON_SOCKET_H

#define AF_INET	  2
#define AF_INET6  10
#define AF_PACKET 17
#define AF_XDP	  44

#define SOCK_RAW_TYPE 3

#define MSG_PEEK     0x2
#define MSG_ERRQUEUE 0x2000 /* notices about what was sent, not something received */

#define BOUND_TO_PORT 8 /* SOCK_BINDPORT_LOCK, of sk_userlocks */

/*
 * A field of a kernel object. Programs on kprobes have plain addresses: they define PROBE_READS
 * before this is included.
 */
#ifdef PROBE_READS
#define GET(object, field) BPF_CORE_READ(object, field)
#else
#define GET(object, field) ((object)->field)
#endif

/* Inode in nsfs. */
static __always_inline __u32 netns_of(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/*
 * Whether a TCP connection was made from here: the kernel chose the port for connect(), or bind()
 * did, which a child of a listener does not inherit.
 */
static __always_inline bool was_connected(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = (const struct inet_connection_sock *)sk;

	return BPF_CORE_READ(icsk, icsk_bind_hash, fastreuse) < 0 ||
	       BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & BOUND_TO_PORT;
}

#endif
