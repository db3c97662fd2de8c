/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * What a program of this folder has made of a packet with the parser. C, for both sides.
 */
#ifndef PINPIPE_TEST_MEANING_H
#define PINPIPE_TEST_MEANING_H

#include "bpf/abi/events.h"

struct meaning {
    union address src; /* where kind is 0 or 1, as all down to tags */
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
