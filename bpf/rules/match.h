/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Matching: which subjects of the rules a process matches, by itself and by its ancestors. */
#ifndef PINPIPE_MATCH_H
#define PINPIPE_MATCH_H

#include "bpf/rules/subjects.h"

/* Whether a process matches a subject of this kind, id and user. */
static __always_inline bool is_subject(struct subject_key *key, const struct identity *who,
				       __u64 now)
{
	key->scope = 0;
	if ((key->kind != SUBJECT_ANY || key->user) && bpf_map_lookup_elem(&subjects, key))
		return true;
	if (!(now & POLICY_HAS_CGROUP))
		return false;
	for (int i = 0; i < LABEL_SCOPES; i++) {
		key->scope = who->scopes[i];
		if (key->scope && bpf_map_lookup_elem(&subjects, key))
			return true;
	}
	return false;
}

/* Whether a process matches a subject of a kind. */
__noinline int matches_kind(const struct identity *who, __u32 kind, __u64 now)
{
	struct subject_key key = {.bank = now & POLICY_BANK};

	if (!who)
		return 0;
	set_kind(&key, kind, who);
	if (is_subject(&key, who, now))
		return 1;
	key.user = who->user;
	return now & POLICY_HAS_USER && is_subject(&key, who, now);
}

/* The subjects that a process matches. */
struct matches {
	__u32 count; /* of those that fit */
	__u32 all;
	__u32 audit; /* how many of all are only audited */
	__u32 flags; /* LABEL_ICMP */
	__u32 icmp;
	__u32 sets[LABEL_SETS];
	__u32 numbers[LABEL_SETS];
};

static __always_inline void add_match(struct matches *m, const struct subject_record *s)
{
	__u32 at = m->count;

	m->all++;
	m->audit += s->flags & SUBJECT_AUDIT;
	if (s->flags & SUBJECT_ICMP) {
		m->flags = LABEL_ICMP;
		m->icmp = s->number;
	}
	if (at >= LABEL_SETS)
		return;
	asm volatile("%0 &= 7" : "+r"(at)); /* for the verifier, which loses the bound */
	m->sets[at] = s->set;
	m->numbers[at] = s->number;
	m->count = at + 1;
}

static __always_inline void match(struct matches *m, const struct subject_key *key)
{
	const struct subject_record *s = bpf_map_lookup_elem(&subjects, key);

	if (s)
		add_match(m, s);
}

/* Adds the subjects of this kind, id and user. */
static __always_inline void match_scopes(struct matches *m, struct subject_key *key,
					 const struct identity *who, __u64 now)
{
	key->scope = 0;
	if (key->kind != SUBJECT_ANY || key->user)
		match(m, key);
	if (!(now & POLICY_HAS_CGROUP))
		return;
	for (int i = 0; i < LABEL_SCOPES; i++) {
		key->scope = who->scopes[i];
		if (key->scope)
			match(m, key);
	}
}

/* Adds the subjects of a kind. */
__noinline int match_kind(struct matches *m, const struct identity *who, __u32 kind, __u64 now)
{
	struct subject_key key = {.bank = now & POLICY_BANK};

	if (!m || !who)
		return 0;
	set_kind(&key, kind, who);
	match_scopes(m, &key, who, now);
	key.user = who->user;
	if (now & POLICY_HAS_USER)
		match_scopes(m, &key, who, now);
	return 0;
}

static __always_inline bool has_scope(const struct identity *who, __u64 scope)
{
	bool found = !scope;

	for (int i = 0; i < LABEL_SCOPES; i++)
		found |= who->scopes[i] == scope;
	return found;
}

/* Adds the owner's kin, without the subjects that it matches by itself. */
__noinline int match_kin(struct matches *m, const struct label_record *l,
			 const struct identity *who, __u64 now)
{
	const struct subject_record *s;
	struct subject_key key;

	if (!m || !l || !who)
		return 0;
	for (int i = 0; i < KIN_SUBJECTS; i++) {
		bool there = false;

		key = l->kin[i];
		key.bank = now & POLICY_BANK;
		if (!key.kind || !has_scope(who, key.scope))
			continue;
		s = bpf_map_lookup_elem(&subjects, &key);
		if (!s || !(s->flags & SUBJECT_CHILDREN))
			continue;
		for (__u32 j = 0; j < LABEL_SETS; j++)
			there |= j < m->count && m->numbers[j] == s->number;
		if (!there)
			add_match(m, s);
	}
	return 0;
}

#endif
