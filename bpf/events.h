/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Records: what a kernel program writes into a reader's ring and what ebpf-read takes out of it.
 * The only declaration of these bytes; kernel programs (after vmlinux.h) and C++ both include it.
 *
 * Rules. Fixed-width fields, host byte order unless a field says otherwise, padding explicit and
 * zero. A record starts with struct record_header; its stream says which struct the whole is. A
 * reader checks the length it received before it looks at the bytes as a struct. Any change of a
 * layout raises LAYOUT_VERSION in control.h.
 */
#ifndef PINPIPE_EVENTS_H
#define PINPIPE_EVENTS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif
#ifdef __cplusplus
#define _Static_assert static_assert
#endif
#define RECORD_SIZE(type, size) _Static_assert(sizeof(struct type) == (size), #type)

/* Streams: the index of an event's kind in every table, word and counter of this ABI. */
enum stream {
	STREAM_ICMP = 0,
	STREAM_USAGE = 6, /* a snapshot of maps: not through rings */
	STREAMS = 8,	  /* room in the tables; not all are in use */
};

/* An IPv6 address in network byte order; IPv4 is ::ffff:a.b.c.d. */
union address {
	__u8 bytes[16];
	__u32 words[4];
	__u64 halves[2];
};

struct record_header {
	__u64 time;	  /* when it happened: nanoseconds of CLOCK_BOOTTIME */
	__u32 lost;	  /* records of this stream lost so far to this reader; wraps */
	__u16 generation; /* of the claim that this record was written for; wraps */
	__u8 stream;	  /* enum stream */
	__u8 hook;	  /* number of the hook that saw it: index of the hooks map */
};

/* An ICMP or ICMPv6 message, as received by XDP. */
#define PACKET_VLANS	      0x3 /* mask: VLAN tags found in the frame, 0 to 2 */
#define PACKET_IPV6	      0x4 /* else IPv4 */
#define PACKET_FIRST_FRAGMENT 0x8 /* more fragments follow; length is this one's */

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

_Static_assert(sizeof(union address) == 16, "address");
RECORD_SIZE(record_header, 16);
RECORD_SIZE(icmp_record, 64);

#endif
