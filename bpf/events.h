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
	STREAMS = 8, /* room in the tables; not all are in use */
};

/* An IPv6 address in network byte order; IPv4 is ::ffff:a.b.c.d. */
union address {
	__u8 bytes[16];
	__u32 words[4];
	__u64 halves[2];
};

struct record_header {
	__u64 time;	  /* when it happened: nanoseconds of CLOCK_BOOTTIME */
	__u32 generation; /* of the claim that this record was written for */
	__u32 lost;	  /* records of this stream lost so far to this reader; wraps */
	__u16 stream;	  /* enum stream */
	__u16 hook;	  /* number of the hook that saw it: index of the hooks map */
};

/* An ICMP or ICMPv6 message, as received by XDP. */
#define PACKET_FIRST_FRAGMENT \
	0x1 /* more fragments follow; length is this one's (value of IPv6's M flag) */

struct icmp_record {
	__u64 time;
	__u32 generation;
	__u32 lost;
	__u16 stream;
	__u16 hook;
	__u32 length; /* bytes of the IP packet, its header included */
	union address src;
	union address dst;
	__u16 vlan[2];	 /* 802.1Q tag control, outer first, host order; valid: vlans */
	__u8 vlans;	 /* tags found in the frame: 0, 1, 2 */
	__u8 ip_version; /* 4 or 6 */
	__u8 ttl;	 /* or hop limit */
	__u8 flags;	 /* PACKET_* */
	__u8 type;	 /* ICMP type and code */
	__u8 code;
	__u8 rest[4]; /* the header's last four bytes, as received (echo: id, sequence) */
	__u8 zero[2];
};

_Static_assert(sizeof(union address) == 16, "address");
RECORD_SIZE(record_header, 24);
RECORD_SIZE(icmp_record, 72);

#endif
