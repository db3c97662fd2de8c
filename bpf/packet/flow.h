/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Addresses and ports of a packet that is an skb: at a cgroup's edge, where it begins with its IP
 * header, or on its way to a device.
 */
#ifndef PINPIPE_FLOW_H
#define PINPIPE_FLOW_H

#include "bpf/packet/headers.h"
#include "bpf/sockets/socket_key.h"

#define IPV4_FRAGMENT	 0x1fff /* mask of the offset */
#define IPV6_EXTENSIONS	 6	/* at most so many are gone over */
#define NEXT_HOP_BY_HOP	 0
#define NEXT_ROUTING	 43
#define NEXT_FRAGMENT	 44
#define NEXT_DESTINATION 60

struct flow {
	union address src;
	union address dst;
	__u32 transport; /* offset of its header */
	__u16 src_port;	 /* host byte order */
	__u16 dst_port;
	__u8 proto; /* IP protocol number */
	__u8 later; /* 1: a later fragment, without ports */
	__u8 zero[6];
};

static __always_inline bool read_ports(struct __sk_buff *skb, struct flow *f)
{
	__u16 both[2];

	if (bpf_skb_load_bytes(skb, f->transport, both, sizeof(both)))
		return false;
	f->src_port = bpf_ntohs(both[0]);
	f->dst_port = bpf_ntohs(both[1]);
	return true;
}

static __always_inline bool read_ipv4(struct __sk_buff *skb, __u32 start, struct flow *f)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, start, &ip, sizeof(ip)))
		return false;
	map_ipv4(&f->src, ip.saddr);
	map_ipv4(&f->dst, ip.daddr);
	f->proto = ip.protocol;
	f->transport = start + ip.ihl * 4;
	f->later = (bpf_ntohs(ip.frag_off) & IPV4_FRAGMENT) != 0;
	return !f->later && read_ports(skb, f);
}

static __always_inline bool is_extension(__u8 next)
{
	return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION ||
	       next == NEXT_FRAGMENT;
}

static __always_inline bool read_ipv6(struct __sk_buff *skb, __u32 start, struct flow *f)
{
	struct ipv6hdr ip;
	__u8 head[4];

	if (bpf_skb_load_bytes(skb, start, &ip, sizeof(ip)))
		return false;
	__builtin_memcpy(&f->src, &ip.saddr, sizeof(f->src));
	__builtin_memcpy(&f->dst, &ip.daddr, sizeof(f->dst));
	f->proto = ip.nexthdr;
	f->transport = start + sizeof(ip);
	for (int i = 0; i < IPV6_EXTENSIONS && is_extension(f->proto); i++) {
		if (bpf_skb_load_bytes(skb, f->transport, head, sizeof(head)))
			return false;
		if (f->proto == NEXT_FRAGMENT && (head[2] | (head[3] & 0xf8)))
			f->later = 1;
		f->transport += f->proto == NEXT_FRAGMENT ? 8 : (head[1] + 1) * 8;
		f->proto = head[0];
	}
	return !f->later && read_ports(skb, f);
}

/* False: its ports are not to be found. start: offset of the IP header. f: all zero. */
static __noinline int read_flow(struct __sk_buff *skb, __u32 start, struct flow *f)
{
	__u8 version = 0;

	if (!f || bpf_skb_load_bytes(skb, start, &version, sizeof(version)))
		return 0;
	return version >> 4 == 4 ? read_ipv4(skb, start, f) : read_ipv6(skb, start, f);
}

#endif
