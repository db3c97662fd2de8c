// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Sees ICMP messages and packets of watched ports as they arrive at an interface. It always returns
 * XDP_PASS, also for packets that cannot be parsed, which are counted. It reads only packet
 * formats, so it has no relocation against a kernel.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/abi/control.h"
#include "bpf/readers/emit_packet.h"
#include "bpf/packet/xdp.h"
#include "bpf/xdp/local_port.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define ICMP_HEADER 8

struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u8 rest[4];
};

static __always_inline bool is_icmp(const struct packet *p)
{
	return p->proto == (p->flags & PACKET_IPV6 ? PROTO_ICMPV6 : PROTO_ICMP);
}

/* The lookup cannot miss (the hook number is below MAX_HOOKS); a miss would only lose a count. */
static __always_inline void count(enum parsed parsed)
{
	__u32 hook = hook_number;
	struct hook_counters *c;

	if (parsed == PACKET_WHOLE || parsed == PACKET_OTHER)
		return;
	c = bpf_map_lookup_elem(&counters, &hook);
	if (!c)
		return;
	if (parsed == PACKET_MALFORMED)
		c->malformed++;
	else if (parsed == PACKET_TRUNCATED)
		c->truncated++;
	else
		c->fragments++;
}

/* Fills r (all zero before) from the ICMP header at the cursor and the packet around it. */
static __always_inline enum parsed fill_icmp(struct cursor *c, const struct packet *p,
					     struct icmp_record *r)
{
	struct icmp_header *icmp, room;

	if (c->offset + ICMP_HEADER > p->end)
		return PACKET_MALFORMED;
	icmp = peek(c, &room, ICMP_HEADER);
	if (!icmp)
		return PACKET_TRUNCATED;
	r->type = icmp->type;
	r->code = icmp->code;
	__builtin_memcpy(r->rest, icmp->rest, sizeof(r->rest));
	r->stream = STREAM_ICMP;
	r->hook = hook_number;
	r->length = p->end - p->start;
	r->vlan[0] = p->tags;
	r->vlan[1] = p->tags >> 16;
	r->flags = p->flags;
	if (!copy_addresses(c, p, &r->src, &r->dst, &r->ttl))
		return PACKET_TRUNCATED;
	return PACKET_WHOLE;
}

/* Parses the frame and emits an ICMP message. PACKET_OTHER: no ICMP. */
static __always_inline enum parsed look(struct xdp_md *ctx, __u32 readers, bool frags)
{
	struct cursor c = xdp_cursor(ctx, frags);
	struct icmp_record r = {};
	struct packet p = {};
	enum parsed parsed = parse_packet(&c, &p, raw_ip);

	if (parsed == PACKET_MALFORMED || parsed == PACKET_TRUNCATED)
		return parsed;
	if (parsed == PACKET_OTHER || !is_icmp(&p))
		return PACKET_OTHER;
	if (parsed == PACKET_LATER)
		return parsed;
	parsed = fill_icmp(&c, &p, &r);
	if (parsed == PACKET_WHOLE)
		emit_icmp(readers, &r);
	return parsed;
}

static __always_inline int see(struct xdp_md *ctx, bool frags)
{
	__u32 readers = asked(STREAM_ICMP);

	if (readers)
		count(look(ctx, readers, frags));
	if (watching.ports)
		count_port(ctx, readers, frags);
	return XDP_PASS;
}

SEC("xdp")
int see_packet(struct xdp_md *ctx)
{
	return see(ctx, false);
}

/* For kernels with packets in several buffers (Linux 5.18). */
SEC("xdp.frags")
int see_frags(struct xdp_md *ctx)
{
	return see(ctx, true);
}
