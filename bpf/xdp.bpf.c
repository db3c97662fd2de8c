// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * ICMP as it arrives at an interface. Always XDP_PASS: a look, never a decision.
 * What cannot be parsed is counted and passes.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "control.h"
#include "emit.h"
#include "packet.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile __u16 hook_number;
const volatile bool raw_ip; /* frames begin with the IP header */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_HOOKS);
	__type(key, __u32);
	__type(value, struct hook_counters);
} counters SEC(".maps");

#define ICMP_HEADER 8

struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u8 rest[4];
};

static __always_inline bool is_icmp(const struct packet *p)
{
	return (p->version == 4 && p->proto == PROTO_ICMP) ||
	       (p->version == 6 && p->proto == PROTO_ICMPV6);
}

/* A miss cannot happen (the hook number is below MAX_HOOKS); it would only leave a count out. */
static __always_inline void count(enum parsed parsed, const struct packet *p)
{
	__u32 hook = hook_number;
	struct hook_counters *c = bpf_map_lookup_elem(&counters, &hook);

	if (!c)
		return;
	if (parsed == PACKET_MALFORMED)
		c->malformed++;
	else if (parsed == PACKET_TRUNCATED)
		c->truncated++;
	else if (parsed == PACKET_LATER && is_icmp(p))
		c->fragments++;
}

/* Fills what the ICMP header says. */
static __always_inline enum parsed parse_icmp(struct cursor *c, const struct packet *p,
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
	return PACKET_WHOLE;
}

static __always_inline void see(struct xdp_md *ctx, bool frags)
{
	struct cursor c = {
		.ctx = ctx,
		.data = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.frags = frags,
	};
	__u32 readers = asked(STREAM_ICMP);
	struct icmp_record r = {};
	struct packet p = {};
	enum parsed parsed;

	if (!readers)
		return;
	parsed = parse_packet(&c, &p, raw_ip);
	if (parsed == PACKET_WHOLE) {
		if (!is_icmp(&p))
			return;
		parsed = parse_icmp(&c, &p, &r);
	}
	if (parsed != PACKET_WHOLE) {
		if (parsed != PACKET_OTHER)
			count(parsed, &p);
		return;
	}
	r.stream = STREAM_ICMP;
	r.hook = hook_number;
	r.length = p.length;
	r.src = p.src;
	r.dst = p.dst;
	r.vlan[0] = p.vlan[0];
	r.vlan[1] = p.vlan[1];
	r.vlans = p.vlans;
	r.ip_version = p.version;
	r.ttl = p.ttl;
	r.flags = p.flags;
	emit_icmp(readers, &r);
}

SEC("xdp")
int see_packet(struct xdp_md *ctx)
{
	see(ctx, false);
	return XDP_PASS;
}

/* For kernels with packets in several buffers (5.18): the same, of all of them. */
SEC("xdp.frags")
int see_frags(struct xdp_md *ctx)
{
	see(ctx, true);
	return XDP_PASS;
}
