/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Shared by all programs of this folder: writes everything that the parser says of a packet.
 */
#ifndef PINPIPE_TEST_TELL_H
#define PINPIPE_TEST_TELL_H

#include "tests/unit/packet/meaning.h"

struct meaning meaning;

const volatile __u8 raw_ip; /* frames begin with the IP header */

static __always_inline void tell_ports(struct cursor *c, const struct packet *p,
                                       struct meaning *m) {
    struct ports ports = {};

    m->ports = has_ports(p->proto) ? read_ports(c, p, &ports) : PACKET_OTHER;
    if (m->ports != PACKET_WHOLE)
        return;
    m->source = bpf_ntohs(ports.source);
    m->destination = bpf_ntohs(ports.dest);
}

static __always_inline void tell_meaning(struct cursor *c, bool raw) {
    struct meaning m = {};
    struct packet p = {};

    m.kind = m.ports = parse_packet(c, &p, raw);
    if (m.kind == PACKET_WHOLE)
        tell_ports(c, &p, &m);
    if (m.kind == PACKET_WHOLE || m.kind == PACKET_LATER) {
        m.length = p.end - p.start;
        m.tags = p.tags;
        m.proto = p.proto;
        m.flags = p.flags;
        copy_addresses(c, &p, &m.src, &m.dst, &m.ttl);
    }
    meaning = m;
}

#endif
