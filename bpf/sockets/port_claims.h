/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Watched ports as sockets see them: which process has one.
 *
 * A watch by process counts while a socket of such a process has the port: the socket claims it,
 * and the bits of its namespace's hooks are set in the port's word. With the last claim they are
 * cleared. What no event tells, a look at all sockets puts right (open_sockets.bpf.c).
 */
#ifndef PINPIPE_CLAIMS_H
#define PINPIPE_CLAIMS_H

#include "bpf/abi/control.h"
#include "bpf/abi/usage.h"
#include "bpf/common/process.h"
#include "bpf/sockets/socket_key.h"
#include "bpf/ports/watched_ports.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_WATCHES);
	__type(key, struct watch_key);
	__type(value, struct watch_record);
} watches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CLAIMS);
	__type(key, __u64);
	__type(value, struct claim_record);
} claims SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_HOOKS);
	__type(key, __u32);
	__type(value, struct hook_record);
} hooks SEC(".maps");

/* The index of a socket's word in watched; NO_PORT: it has no port, or of another protocol. */
static __always_inline __u32 index_of(const struct sock *sk, __u8 proto)
{
	const __u16 port = GET(sk, __sk_common.skc_num);

	if (!port)
		return NO_PORT;
	if (is_stream(proto))
		return RULE_TCP << 16 | port;
	return proto == PROTO_UDP ? RULE_UDP << 16 | port : NO_PORT;
}

/* No hook's, no watch's: 0. */
static __always_inline __u64 word_of(__u32 index)
{
	const __u64 *word = bpf_map_lookup_elem(&watched, &index);

	return word ? *word : 0;
}

struct hook_search {
	__u64 bits; /* of the hooks of that network namespace */
	__u32 netns;
	__u32 zero;
};

static long add_hook(__u32 number, struct hook_search *s)
{
	const struct hook_record *hook = bpf_map_lookup_elem(&hooks, &number);

	if (hook && hook->netns == s->netns)
		s->bits |= 1ULL << (number & 63);
	return 0;
}

static __noinline __u64 hooks_in(__u32 netns)
{
	struct hook_search s = {.netns = netns};

	bpf_loop(LAST_HOOK + 1, add_hook, &s, 0);
	return s.bits;
}

/* Whether some process of these is waited for at this port. */
static __noinline int is_waited_for(struct task_struct *task, __u32 index)
{
	struct task_struct *leader = task->group_leader;
	struct watch_key key = {.port = index, .proto = index >> 16};
	struct exe_key exe = {};

	key.kind = SUBJECT_NAME;
	copy_comm(key.id, leader);
	if (bpf_map_lookup_elem(&watches, &key))
		return 1;
	key.kind = SUBJECT_PID;
	key.id[0] = task->tgid;
	key.id[1] = leader->start_boottime - leader->start_boottime % CLOCK_TICK;
	if (bpf_map_lookup_elem(&watches, &key))
		return 1;
	name_exe(task, &exe);
	key.kind = SUBJECT_EXE;
	key.id[0] = exe.inode;
	key.id[1] = exe.device;
	return bpf_map_lookup_elem(&watches, &key) != NULL;
}

/* A walk over all claims for one that fits; found: its key. */
struct search {
	__u64 start; /* of a process; or: not seen since */
	__u64 found;
	__u32 netns;
	__u32 index;
	__u32 pid;
	__u32 zero;
};

static long find_same(void *map, const __u64 *key, const struct claim_record *c, struct search *s)
{
	if (c->netns != s->netns || c->index != s->index)
		return 0;
	s->found = *key;
	return 1;
}

/* Matches a UDP claim of the process; or, without a process, one that has not been seen since. */
static long find_over(void *map, const __u64 *key, const struct claim_record *c, struct search *s)
{
	const bool of_process = c->pid == s->pid && c->start == s->start && c->index >> 16;

	if (!(s->pid ? of_process : c->seen < s->start))
		return 0;
	s->found = *key;
	return 1;
}

struct word_update {
	__u64 bits;
	struct search search;
};

static __always_inline bool has_claim(struct search *s)
{
	s->found = 0;
	bpf_for_each_map_elem(&claims, find_same, s, 0);
	return s->found;
}

/* A claim that outlives its watch counts no more: the next look at all sockets lets go of it. */
static __always_inline bool is_claimed(const volatile __u64 *word, struct search *s)
{
	return *word & WATCH_WAITS && has_claim(s);
}

/* Another CPU may change the claims, an administrator the watches meanwhile: then once more. */
static long set_word(__u32 i, struct word_update *u)
{
	__u64 *word = bpf_map_lookup_elem(&watched, &u->search.index);
	bool claimed;

	if (!word)
		return 1;
	claimed = is_claimed(word, &u->search);
	if (claimed)
		__sync_fetch_and_or(word, u->bits);
	else
		__sync_fetch_and_and(word, ~u->bits);
	return is_claimed(word, &u->search) == claimed;
}

/* The port's word says what the claims say, unless it is watched whoever has it. */
static __noinline int update_word(__u32 netns, __u32 index)
{
	struct word_update u = {.search = {.netns = netns, .index = index}};

	if ((word_of(index) & WATCH_ALWAYS) == WATCH_ALWAYS)
		return 0;
	u.bits = hooks_in(netns);
	bpf_loop(4, set_word, &u, 0);
	return 0;
}

/* Called for a process that is waited for. A full map: it stays uncounted. */
static __noinline int make_claim(const struct sock *sk, struct task_struct *task, __u32 index)
{
	struct claim_record *had, fresh = {.index = index, .netns = netns_of(sk)};
	__u64 key = (__u64)sk;

	had = bpf_map_lookup_elem(&claims, &key);
	fresh.seen = bpf_ktime_get_boot_ns();
	fresh.pid = task->tgid;
	fresh.start = task->group_leader->start_boottime;
	if (had && had->index == index && had->netns == fresh.netns) {
		had->seen = fresh.seen;
		if (!(hooks_in(fresh.netns) & ~word_of(index)))
			return 0; /* else hooks have come since */
	} else {
		bpf_map_update_elem(&claims, &key, &fresh, BPF_ANY);
	}
	return update_word(fresh.netns, index);
}

/* Called when the word says that processes are waited for. */
static __always_inline void claim(const struct sock *sk, struct task_struct *task, __u32 index)
{
	if (is_waited_for(task, index))
		make_claim(sk, task, index);
}

static __noinline int release(__u64 key)
{
	struct claim_record *had = bpf_map_lookup_elem(&claims, &key);
	__u32 netns, index;

	if (!had)
		return 0;
	netns = had->netns;
	index = had->index;
	bpf_map_delete_elem(&claims, &key);
	update_word(netns, index);
	return 0;
}

/* The socket has its port now, in the call of whoever gave it to it. */
static __always_inline void claim_port(const struct sock *sk, __u8 proto)
{
	__u32 index = watching.ports ? index_of(sk, proto) : NO_PORT;

	if (index != NO_PORT && word_of(index) & WATCH_WAITS)
		claim(sk, bpf_get_current_task_btf(), index);
}

/* It has it no more. */
static __always_inline void release_port(const struct sock *sk)
{
	if (watching.ports)
		release((__u64)sk);
}

static long release_next(__u32 i, struct search *s)
{
	s->found = 0;
	bpf_for_each_map_elem(&claims, find_over, s, 0);
	if (!s->found)
		return 1;
	release(s->found);
	return 0;
}

/* All that are over. */
static __always_inline void release_over(struct search *s)
{
	bpf_loop(MAX_CLAIMS, release_next, s, 0);
}

/* A UDP socket closes with its last process, and no probe may see it. */
static __always_inline void release_ports_of(const struct process_key *who)
{
	struct search s = {.start = who->start, .pid = who->pid};

	if (watching.ports)
		release_over(&s);
}

#endif
