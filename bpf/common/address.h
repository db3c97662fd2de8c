/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Addresses as records have them.
 */
#ifndef PINPIPE_COMMON_ADDRESS_H
#define PINPIPE_COMMON_ADDRESS_H

#include "bpf/abi/events.h"

/* address: in network byte order. */
static __always_inline void map_ipv4(union address *to, __u32 address)
{
	to->halves[0] = 0;
	to->words[2] = bpf_htonl(0xffff);
	to->words[3] = address;
}

#endif
