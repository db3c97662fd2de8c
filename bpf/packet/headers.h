/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Packet headers as they are on the wire, in network byte order: those of the kernel's UAPI, and
 * replacements for those that do not suit.
 */
#ifndef PINPIPE_HEADERS_H
#define PINPIPE_HEADERS_H

#include <linux/ip.h>
#include <linux/ipv6.h>

/* The UAPI takes the bit order from the processor that compiles, not from the BPF target. */
#if defined(__LITTLE_ENDIAN_BITFIELD) != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
#error "The bit order of linux/ip.h is not that of the target."
#endif

/* The UAPI's type is packed, so its fields would be loaded byte by byte; this one is not. */
struct ethhdr {
	__u8 h_dest[6];
	__u8 h_source[6];
	__be16 h_proto;
};

/* The fragment header of IPv6; all other extension headers have their length in its second byte. */
struct frag_hdr {
	__u8 nexthdr;
	__u8 reserved;
	__be16 frag_off;
	__be32 identification;
};

#endif
