/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Records: what a kernel program writes into a reader's ring and what ebpf-read takes out of it.
 * This is their only declaration; kernel programs and C++ both include it.
 *
 * Rules. Fixed-width fields, host byte order unless a field says otherwise, padding explicit and
 * zero. A record starts with struct record_header, whose stream says which struct the whole record
 * is. A reader checks the length it received before it looks at the bytes as a struct. Any change
 * of a layout raises LAYOUT_VERSION in control.h.
 */
#ifndef PINPIPE_EVENTS_H
#define PINPIPE_EVENTS_H

#include "bpf/abi/process.h"

/* Streams: the index of an event's kind in every table, word and counter of this ABI. */
enum stream {
	STREAM_ICMP = 0,
	STREAM_TCP = 1,
	STREAM_UDP = 2,
	STREAM_CONN = 3,
	STREAM_BIND = 4,
	STREAM_DENY = 5,
	STREAM_USAGE = 6, /* these two are snapshots of maps, not sent through rings */
	STREAM_PORTS = 7,
	STREAMS = 8, /* a power of two: programs mask stream numbers with it */
};

/* An IPv6 address in network byte order; IPv4 is ::ffff:a.b.c.d. */
union address {
	__u8 bytes[16];
	__u32 words[4];
	__u64 halves[2];
};

struct record_header {
	__u64 time;	  /* of the event: nanoseconds of CLOCK_BOOTTIME */
	__u32 lost;	  /* records of this stream lost so far to this reader; wraps */
	__u16 generation; /* of the claim that this record was written for; wraps */
	__u8 stream;	  /* enum stream */
	__u8 hook;	  /* number of the hook that saw the event: index of the hooks map */
};

/* An ICMP or ICMPv6 message, as received by XDP. */
#define PACKET_VLANS	      0x3 /* mask: VLAN tags found in the frame, 0 to 2 */
#define PACKET_IPV6	      0x4 /* else IPv4 */
#define PACKET_FIRST_FRAGMENT 0x8 /* more fragments follow; length is that of this fragment */

struct icmp_record {
	__u64 time; /* as in record_header */
	__u32 lost;
	__u16 generation;
	__u8 stream;
	__u8 hook;
	union address src;
	union address dst;
	__u32 length;  /* bytes of the IP packet, its header included */
	__u8 rest[4];  /* the ICMP header's last four bytes, as received (echo: id, sequence) */
	__u16 vlan[2]; /* 802.1Q tag control, outer first, host order; 0 where there is none */
	__u8 ttl;      /* or hop limit */
	__u8 type;     /* of ICMP */
	__u8 code;
	__u8 flags; /* PACKET_* */
};

/* An event at a socket: the beginning of all records below. */
#define SOCKET_OUT	0x1 /* sent, or connection made from here; else received, or accepted */
#define SOCKET_IPV6	0x2 /* IPv6 socket: an all-zero address is :: */
#define SOCKET_LISTENER 0x4 /* process is the listener's: the one that accepts is not known yet */
#define SOCKET_FOUND	0x8 /* process was found by its descriptor, not seen in a call */

/* Protocols that filters choose between, one bit each. */
#define PROTOCOL_TCP	 0x1
#define PROTOCOL_UDP	 0x2
#define PROTOCOL_UDPLITE 0x4
#define PROTOCOL_MPTCP	 0x8
#define PROTOCOL_OTHER	 0x10

struct socket_record {
	__u64 time; /* as in record_header */
	__u32 lost;
	__u16 generation;
	__u8 stream;
	__u8 hook;		/* 0 */
	struct process process; /* pid 0: not known */
	__u64 cookie;		/* socket cookie, unique while the socket lives; 0: none yet */
	union address local;	/* all zero: any, or not known */
	union address remote;	/* likewise */
	__u32 tid;		/* thread that made the call; 0: not known */
	__u16 local_port;	/* host byte order; 0: none, or not known */
	__u16 remote_port;	/* likewise */
	__u8 proto;		/* IP protocol number, or USAGE_* of usage.h */
	__u8 flags;		/* SOCKET_* */
	__u8 protocol;		/* one of PROTOCOL_* */
	__u8 zero[5];
	char thread[16]; /* name of that thread, in the form of comm; empty: not known */
};

/* A send or a receive. Its payload follows the record. */
struct message_record {
	struct socket_record socket;
	__u32 bytes;   /* bytes that the call sent or received */
	__u32 payload; /* how many of these bytes follow */
};

#define PAYLOAD_MAX 2000 /* bytes */

enum conn_action {
	CONN_CONNECT = 1,
	CONN_ACCEPT = 2,
	CONN_CLOSE = 3,
};

/* Why a connection ended, or was not established. */
enum conn_reason {
	CONN_NONE = 0,
	CONN_CLOSED = 1, /* both sides closed it, or this one did and left the rest to the kernel */
	CONN_RESET = 2,	 /* the other side reset it */
	CONN_ABORTED = 3,    /* this side broke it off */
	CONN_TIMEOUT = 4,    /* no answer in time */
	CONN_ERROR = 5,	     /* for another reason: see error */
	CONN_REFUSED = 6,    /* nobody listens at that port */
	CONN_UNANSWERED = 7, /* this side gave up before an answer came */
};

#define CONN_TIMED	0x1 /* duration is known */
#define CONN_PEER_FIRST 0x2 /* the other side sent its FIN first */
#define CONN_FAILED	0x4 /* CONN_CONNECT: the connection was not established */

/* The beginning or the end of a TCP connection. */
struct conn_record {
	struct socket_record socket;
	__u64 duration;	      /* nanoseconds since it was established, or since connect() */
	__u64 bytes_sent;     /* payload; retransmitted bytes count once */
	__u64 bytes_received; /* payload, received in order */
	__u32 retransmits;    /* segments */
	__u32 srtt;	      /* smoothed round trip time: microseconds; 0: not known */
	__u32 error;	      /* errno; 0: none */
	__u8 action;	      /* enum conn_action */
	__u8 reason;	      /* enum conn_reason */
	__u8 state;	      /* CONN_* */
	__u8 zero;
};

enum bind_action {
	BIND_BIND = 1,
	BIND_LISTEN = 2,
	BIND_CLOSE = 3, /* the socket has given its port back */
};

struct bind_record {
	struct socket_record socket;
	__u32 action; /* enum bind_action */
	__u32 netns;  /* inode of the socket's network namespace in nsfs */
};

enum deny_hook {
	DENY_CONNECT = 1,
	DENY_SENDMSG = 2,
	DENY_BIND = 3,
	DENY_CREATE = 4,  /* a socket of a type that no rule allows */
	DENY_EGRESS = 5,  /* a packet on its way out */
	DENY_INGRESS = 6, /* a packet on its way in */
	DENY_LABEL = 7,	  /* a call: there is no memory for the socket's label */
};

#define DENY_AUDIT 0x1 /* the attempt was let through: the rules are only audited */
#define DENY_CUT   0x2 /* more subjects match than a label has room for: one may allow it */

/* A process with rules was refused a port. */
struct deny_record {
	struct socket_record socket;
	__u32 number;	  /* of the subject whose rules decided; see rules.h */
	__u32 suppressed; /* denials of this socket since its last event, not reported */
	__u16 port;	  /* the port that was judged; 0: none */
	__u8 hook;	  /* enum deny_hook */
	__u8 state;	  /* DENY_* */
	__u32 zero;
};

#define RECORD_MAX (sizeof(struct message_record) + PAYLOAD_MAX) /* bytes of any record */

RECORD_SIZE(record_header, 16);
RECORD_SIZE(icmp_record, 64);
RECORD_SIZE(socket_record, 152);
RECORD_SIZE(message_record, 160);
RECORD_SIZE(conn_record, 192);
RECORD_SIZE(bind_record, 160);
RECORD_SIZE(deny_record, 168);

#endif
