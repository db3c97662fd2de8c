/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Port claims: which watched processes have which watched ports.
 *
 * A watch by process counts while a socket of such a process has the port: the socket claims the
 * port, and the bits of the hooks in its network namespace are set in the port's word. When the
 * last claim goes, they are cleared. Changes that no event reports are put right by a look at all
 * sockets (open_sockets.bpf.c).
 */
#ifndef PINPIPE_PORT_CLAIMS_H
#define PINPIPE_PORT_CLAIMS_H

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

/*
 * The index in watched of the word for a socket's port; NO_PORT: the socket has no port, or a
 * protocol other than TCP, MPTCP and UDP.
 */
static __always_inline __u32 index_of(const struct sock *sk, __u8 proto)
{
	const __u16 port = GET(sk, __sk_common.skc_num);

	if (!port)
		return NO_PORT;
	if (is_stream(proto))
		return RULE_TCP << 16 | port;
	return proto == PROTO_UDP ? RULE_UDP << 16 | port : NO_PORT;
}

/* The word of a port; 0: not watched. */
static __always_inline __u64 word_of(__u32 index)
{
	const __u64 *word = bpf_map_lookup_elem(&watched, &index);

	return word ? *word : 0;
}

struct hook_search {
	__u64 bits; /* of the hooks in that network namespace */
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

/* Whether a watch by name, number or executable matches the task at this port. */
static __noinline int is_waited_for(struct task_struct *task, __u32 index)
{
	struct task_struct *leader = task->group_leader;
	struct watch_key key = {.port = index, .proto = index >> 16};
	struct file *file;

	key.kind = SUBJECT_NAME;
	copy_comm(key.id, leader);
	if (bpf_map_lookup_elem(&watches, &key))
		return 1;
	key.kind = SUBJECT_PID;
	key.id[0] = task->tgid;
	key.id[1] = leader->start_boottime - leader->start_boottime % CLOCK_TICK;
	if (bpf_map_lookup_elem(&watches, &key))
		return 1;
	file = task->mm->exe_file;
	if (!file)
		return 0;
	key.kind = SUBJECT_EXE;
	key.id[0] = file->f_inode->i_ino;
	key.id[1] = exe_id(file->f_inode);
	return bpf_map_lookup_elem(&watches, &key) != NULL;
}

/* A walk over all claims for one that matches; found: its key, 0: none. */
struct search {
	__u64 start; /* of the process; or, for find_over() with pid 0, when the look began */
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

/* Matches the UDP claims of a process; pid 0 matches claims not seen since s->start. */
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

/*
 * Whether some process claims the port. A claim that outlives its watch does not count: the next
 * look at all sockets releases it.
 */
static __always_inline bool is_claimed(const volatile __u64 *word, struct search *s)
{
	return *word & WATCH_WAITS && has_claim(s);
}

/*
 * Another CPU may change the claims meanwhile, or an administrator the watches: then set_word()
 * runs once more.
 */
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

/* Makes the port's word agree with the claims, unless the port is watched for all processes. */
static __noinline int update_word(__u32 netns, __u32 index)
{
	struct word_update u = {.search = {.netns = netns, .index = index}};

	if ((word_of(index) & WATCH_ALWAYS) == WATCH_ALWAYS)
		return 0;
	u.bits = hooks_in(netns);
	bpf_loop(4, set_word, &u, 0);
	return 0;
}

/* Called for a watched process. If the map is full, the port stays uncounted. */
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
			return 0; /* else a hook was attached since */
	} else {
		bpf_map_update_elem(&claims, &key, &fresh, BPF_ANY);
	}
	return update_word(fresh.netns, index);
}

/* Called when WATCH_WAITS is set in the port's word. */
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

/* Called when a socket has got its port, in the system call that gave it. */
static __always_inline void claim_port(const struct sock *sk, __u8 proto)
{
	__u32 index = watching.ports ? index_of(sk, proto) : NO_PORT;

	if (index != NO_PORT && word_of(index) & WATCH_WAITS)
		claim(sk, bpf_get_current_task_btf(), index);
}

/* Called when a socket has given its port back. */
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

/* Releases all claims that find_over() matches. */
static __always_inline void release_over(struct search *s)
{
	bpf_loop(MAX_CLAIMS, release_next, s, 0);
}

/*
 * Releases the UDP claims of a process that ends: its sockets close, and perhaps no probe sees
 * that.
 */
static __always_inline void release_ports_of(const struct process_key *who)
{
	struct search s = {.start = who->start, .pid = who->pid};

	if (watching.ports)
		release_over(&s);
}

#endif
