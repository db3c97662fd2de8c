/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Addresses in the form of records. */
#ifndef PINPIPE_COMMON_ADDRESS_H
#define PINPIPE_COMMON_ADDRESS_H

#include "bpf/abi/events.h"

/* Writes an IPv4 address (network byte order) as ::ffff:a.b.c.d. */
static __always_inline void map_ipv4(union address *to, __u32 address)
{
	to->halves[0] = 0;
	to->words[2] = bpf_htonl(0xffff);
	to->words[3] = address;
}

#endif
