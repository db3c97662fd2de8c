// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * Rules at a cgroup's edge: in the system call where there is a hook for it, else packet by packet.
 */
#include "bpf/abi/kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "bpf/rules/denial.h"
#include "bpf/packet/flow.h"
#include "bpf/rules/verdict.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define REFUSE 0
#define LET    1

#define SOCK_STREAM_TYPE 1
#define SOCK_DGRAM_TYPE	 2

#define MAX_CALLERS 4096

#define STATE_LISTEN   10 /* TCP_LISTEN */
#define STATE_SYN_SENT 2

#define TCP_FLAGS 13 /* offset in the header */
#define SYN	  0x02
#define ACK	  0x10

volatile struct covered_record covered SEC(".data.covered");

const volatile __u32 cgroup_number;

static __always_inline bool is_covered(void)
{
	return covered.cgroups >> (cgroup_number & (MAX_CGROUPS - 1)) & 1;
}

static __always_inline bool is_udp(__u32 protocol)
{
	return protocol == IPPROTO_UDP_NR || protocol == IPPROTO_UDPLITE_NR;
}

static __always_inline bool is_tcp_kind(__u32 protocol)
{
	return protocol == IPPROTO_TCP_NR || protocol == IPPROTO_MPTCP_NR;
}

/* A join that the kernel makes by itself: its owner's label, which is that of the MPTCP socket. */
static __always_inline struct label_record *inherit(struct bpf_sock *sk)
{
	struct mptcp_sock *msk = bpf_skc_to_mptcp_sock(sk);
	struct label_record *owner, *l;

	if (!msk)
		return NULL;
	owner = bpf_sk_storage_get(&labels, msk, 0, 0);
	if (!owner)
		return NULL;
	l = bpf_sk_storage_get(&labels, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!l)
		return NULL;
	__builtin_memcpy(l, owner, sizeof(*l));
	l->allowed = 0;
	l->flags &= ~LABEL_CONNECTS;
	if (sk->state == STATE_SYN_SENT)
		l->flags |= LABEL_CONNECTS;
	return l;
}

/* In a system call: the label of who makes it, up to date. A count of 0: it is not ruled. */
static __always_inline struct label_record *label_of_caller(struct bpf_sock *sk)
{
	struct label_record *l = bpf_sk_storage_get(&labels, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	const __u64 now = policy.now;

	if (!l)
		return NULL;
	if (!is_current(l))
		identify(l);
	if (l->now != now)
		resolve(l, now);
	return l;
}

/* A connection that is only audited is counted once, as one that is refused would be. */
static __always_inline int refuse_once(struct label_record *l, const struct attempt *a, bool once)
{
	int let = refuse(l, a);

	if (let && once)
		l->allowed = l->now;
	return let;
}

/* Who wrote first to this socket may be answered. */
static __always_inline bool is_peer(__u64 cookie, const union address *address, __u16 port)
{
	struct peer_key key = {.cookie = cookie, .address = *address, .port = port};

	return bpf_map_lookup_elem(&peers, &key);
}

static __always_inline void note_peer(struct label_record *l, __u64 cookie,
				      const union address *address, __u16 port, __u16 local)
{
	struct peer_key key = {.cookie = cookie, .address = *address, .port = port};
	__u64 now = 1;

	if (bpf_map_lookup_elem(&peers, &key))
		return;
	bpf_map_update_elem(&peers, &key, &now, BPF_ANY);
	may_use(l, RULE_UDP, local, true);
}

/* Whether a datagram may go there though no rule lets it use that port: it answers. */
static __always_inline bool may_answer(struct label_record *l, __u64 cookie,
				       const union address *remote, __u16 remote_port,
				       __u16 local_port)
{
	return may_use(l, RULE_UDP, local_port, false) && is_peer(cookie, remote, remote_port);
}

/* Programs for one family may not even look at the other's fields. */
static __always_inline void take_address(struct bpf_sock_addr *ctx, int family, union address *to)
{
	if (family == AF_INET) {
		map_ipv4(to, ctx->user_ip4);
	} else {
		to->words[0] = ctx->user_ip6[0];
		to->words[1] = ctx->user_ip6[1];
		to->words[2] = ctx->user_ip6[2];
		to->words[3] = ctx->user_ip6[3];
	}
}

static __always_inline __u8 proto_of(__u32 protocol)
{
	return protocol == IPPROTO_MPTCP_NR ? USAGE_MPTCP : protocol;
}

/* connect() and sendto(): where to. */
static __always_inline int judge_call(struct bpf_sock_addr *ctx, int family, enum deny_hook hook)
{
	struct attempt a = {.hook = hook, .flags = SOCKET_OUT};
	struct bpf_sock *sk = ctx->sk;
	__u32 protocol = ctx->protocol;
	struct label_record *l;
	__u16 port;

	if (is_covered() || !sk)
		return LET;
	l = label_of_caller(sk);
	if (l && hook == DENY_CONNECT && protocol == IPPROTO_TCP_NR) {
		if (!l->process.pid)
			l = inherit(sk);
		if (!l)
			return LET;
		if (l->now != policy.now)
			resolve(l, policy.now);
		__sync_fetch_and_or(&l->flags, LABEL_CONNECTS);
	}
	if (!l || !l->count)
		return LET;
	port = bpf_ntohs(ctx->user_port);
	if (is_tcp_kind(protocol) && may_use(l, RULE_TCP, port, true)) {
		l->allowed = l->now;
		return LET;
	}
	if (is_udp(protocol) && may_use(l, RULE_UDP, port, true))
		return LET;
	take_address(ctx, family, &a.remote);
	a.cookie = bpf_get_socket_cookie(ctx);
	a.port = a.remote_port = port;
	a.local_port = sk->src_port;
	if (is_udp(protocol) && may_answer(l, a.cookie, &a.remote, port, a.local_port))
		return LET;
	l->allowed = 0;
	a.proto = proto_of(protocol);
	return refuse_once(l, &a, is_tcp_kind(protocol));
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET, DENY_CONNECT);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET6, DENY_CONNECT);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET, DENY_SENDMSG);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return judge_call(ctx, AF_INET6, DENY_SENDMSG);
}

/* A port that the kernel is to choose serves nobody who does not know it: packets are judged. */
static __always_inline int judge_bind(struct bpf_sock_addr *ctx, int family)
{
	struct attempt a = {.hook = DENY_BIND, .flags = family == AF_INET6 ? SOCKET_IPV6 : 0};
	struct bpf_sock *sk = ctx->sk;
	__u32 protocol = ctx->protocol;
	struct label_record *l;

	if (is_covered() || !sk)
		return LET;
	l = label_of_caller(sk);
	a.port = bpf_ntohs(ctx->user_port);
	if (!l || !l->count || !a.port)
		return LET;
	if ((is_tcp_kind(protocol) && may_use(l, RULE_TCP, a.port, true)) ||
	    (is_udp(protocol) && may_use(l, RULE_UDP, a.port, true)))
		return LET;
	take_address(ctx, family, &a.local);
	a.cookie = bpf_get_socket_cookie(ctx);
	a.local_port = a.port;
	a.proto = proto_of(protocol);
	return refuse(l, &a);
}

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	return judge_bind(ctx, AF_INET);
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	return judge_bind(ctx, AF_INET6);
}

/* Every socket gets its label here; those of kinds that no rule can allow are refused. */
SEC("cgroup/sock_create")
int create(struct bpf_sock *sk)
{
	struct attempt a = {.hook = DENY_CREATE, .flags = SOCKET_OUT};
	struct label_record *l;

	if (is_covered())
		return LET;
	l = label_of_caller(sk);
	if (!l || !l->count)
		return LET;
	if (sk->type == SOCK_STREAM_TYPE && is_tcp_kind(sk->protocol))
		return LET;
	if (sk->type == SOCK_DGRAM_TYPE && is_udp(sk->protocol))
		return LET;
	a.cookie = bpf_get_socket_cookie(sk);
	a.proto = sk->type == SOCK_RAW_TYPE ? USAGE_RAW : sk->protocol;
	return refuse(l, &a);
}

/* Labels of threads that are in create_packet(): no socket is there yet, and the stack is small. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_CALLERS);
	__type(key, __u64); /* pid_tgid */
	__type(value, struct label_record);
} callers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct label_record);
} no_label SEC(".maps");

static __always_inline int judge_caller(__u64 caller)
{
	struct attempt a = {.hook = DENY_CREATE, .flags = SOCKET_OUT, .proto = USAGE_PACKET};
	struct label_record *l = bpf_map_lookup_elem(&callers, &caller);

	if (!l || !identify(l))
		return LET;
	resolve(l, policy.now);
	return l->count ? refuse(l, &a) : LET;
}

/*
 * Sockets whose frames pass all other hooks. Only there where the kernel grants LSM programs at
 * cgroups.
 */
SEC("lsm_cgroup/socket_create")
int BPF_PROG(create_packet, int family, int type, int protocol, int kern)
{
	__u64 caller = bpf_get_current_pid_tgid();
	struct label_record *none;
	__u32 zero = 0;
	int let;

	if (is_covered() || kern || (family != AF_PACKET && family != AF_XDP))
		return LET;
	none = bpf_map_lookup_elem(&no_label, &zero);
	if (!none || bpf_map_update_elem(&callers, &caller, none, BPF_ANY))
		return LET;
	let = judge_caller(caller);
	bpf_map_delete_elem(&callers, &caller);
	return let;
}

static __always_inline __u16 remote_port_of(struct bpf_sock *sk)
{
	return bpf_ntohs(sk->dst_port);
}

static __always_inline bool is_syn(struct __sk_buff *skb, const struct flow *f)
{
	__u8 flags = 0;

	return !bpf_skb_load_bytes(skb, f->transport + TCP_FLAGS, &flags, sizeof(flags)) &&
	       (flags & (SYN | ACK)) == SYN;
}

static __always_inline bool judge_tcp(struct __sk_buff *skb, struct bpf_sock *sk,
				      struct label_record *l, const struct flow *f, bool out,
				      __u16 *port)
{
	const __u64 now = l->now;

	if (sk->state == STATE_LISTEN) {
		if (l->flags & LABEL_CONNECTS)
			__sync_fetch_and_and(&l->flags, ~LABEL_CONNECTS);
		*port = sk->src_port;
		return may_use(l, RULE_TCP, *port, !out && is_syn(skb, f));
	}
	*port = l->flags & LABEL_CONNECTS ? remote_port_of(sk) : sk->src_port;
	if (!may_use(l, RULE_TCP, *port, false))
		return false;
	l->allowed = now;
	return true;
}

static __always_inline bool judge_udp(struct bpf_sock *sk, struct label_record *l,
				      const struct flow *f, __u64 cookie, bool out, __u16 *port)
{
	__u16 local = sk->src_port;

	if (out) {
		*port = f->dst_port;
		return may_use(l, RULE_UDP, *port, false) ||
		       may_answer(l, cookie, &f->dst, *port, local);
	}
	*port = local;
	if (may_use(l, RULE_UDP, local, false)) {
		note_peer(l, cookie, &f->src, f->src_port, local);
		return true;
	}
	return may_use(l, RULE_UDP, f->src_port, false);
}

static __noinline int judge_ruled(struct __sk_buff *skb, struct bpf_sock *sk,
				  struct label_record *l, bool out)
{
	struct attempt a = {};
	struct flow f = {};
	__u32 protocol;
	bool let = false;
	int known;

	if (!l || !sk)
		return LET;
	known = read_flow(skb, 0, &f);
	protocol = sk->protocol;
	a.cookie = bpf_get_socket_cookie(skb);
	if (protocol == IPPROTO_TCP_NR)
		let = judge_tcp(skb, sk, l, &f, out, &a.port);
	else if (is_udp(protocol) && known)
		let = judge_udp(sk, l, &f, a.cookie, out, &a.port);
	if (let)
		return LET;
	a.hook = out ? DENY_EGRESS : DENY_INGRESS;
	if (out || l->flags & LABEL_CONNECTS)
		a.flags = SOCKET_OUT;
	a.local = out ? f.src : f.dst;
	a.remote = out ? f.dst : f.src;
	a.local_port = out ? f.src_port : f.dst_port;
	a.remote_port = out ? f.dst_port : f.src_port;
	a.proto = sk->type == SOCK_RAW_TYPE ? USAGE_RAW : protocol;
	return refuse_once(l, &a, protocol == IPPROTO_TCP_NR && sk->state != STATE_LISTEN);
}

static __always_inline int judge_packet(struct __sk_buff *skb, bool out)
{
	struct bpf_sock *sk = skb->sk;
	struct label_record *l;
	const __u64 now = policy.now;

	if (!sk || is_covered())
		return LET;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return LET;
	l = bpf_sk_storage_get(&labels, sk, 0, 0);
	if (!l) {
		if (sk->protocol != IPPROTO_TCP_NR)
			return LET;
		l = inherit(sk);
		if (!l)
			return LET;
	}
	if (l->now != now)
		resolve(l, now);
	if (!l->count)
		return LET;
	if (l->allowed == now && sk->state != STATE_LISTEN)
		return LET;
	return judge_ruled(skb, sk, l, out);
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	return judge_packet(skb, true);
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	return judge_packet(skb, false);
}
