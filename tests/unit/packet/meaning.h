/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What the parser of a program in this folder found in a packet. C, for programs and tests.
 */
#ifndef PINPIPE_TEST_MEANING_H
#define PINPIPE_TEST_MEANING_H

#include "bpf/abi/events.h"

struct meaning {
    union address src; /* if kind is 0 or 1; so are all fields down to tags */
    union address dst;
    __u32 length;
    __u32 tags;
    __u32 kind;  /* enum parsed */
    __u32 ports; /* enum parsed of what follows */
    __u16 source;
    __u16 destination;
    __u8 proto;
    __u8 flags;
    __u8 ttl;
    __u8 zero;
};

#endif
