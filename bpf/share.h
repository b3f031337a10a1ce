/* SPDX-License-Identifier: GPL-2.0 */
/*
 * share.h - of what all use - the ring buffer, the room for stack copies - no process,
 * and no user or cgroup with all its processes, takes what others need: each leaves
 * one part free for so many that it has. user/probe/record_shares.c does the same with
 * what has left the ring, user/stall/loops/share.c with slots.
 */
#ifndef BLOCKPROF_SHARE_H
#define BLOCKPROF_SHARE_H

#include "state.h"

#define SHARE_BITS     10
#define SHARE_COUNTERS (1 << SHARE_BITS)
#define SHARE_PART     3

enum share_kind { SHARE_PROCESS, SHARE_USER, SHARE_CGROUP, SHARE_KINDS };

/* Which of the counters: by a number that nobody can know, so none is made to share another's. */
__weak const volatile unsigned int share_key = 1; /* odd */

/* Of each kind its number; 0 is nobody's who is counted. */
struct share_owner {
	u32 number[SHARE_KINDS];
};

/* How much each has of a room, as two may share a counter: at most that. */
typedef unsigned int share_counters[SHARE_KINDS][SHARE_COUNTERS];

static __always_inline unsigned int *share_counter(share_counters counters,
						   const struct share_owner *owner, u32 kind)
{
	return &counters[kind][owner->number[kind] * share_key >> (32 - SHARE_BITS)];
}

/* Of the process, the user and the cgroup: what has the most. */
static __always_inline u32 share_most(share_counters counters, const struct share_owner *owner)
{
	u32 kind, most = 0, its;

#pragma unroll
	for (kind = 0; kind < SHARE_KINDS; kind++) {
		if (!owner->number[kind])
			continue;
		its = *share_counter(counters, owner, kind);
		most = its > most ? its : most;
	}
	return most;
}

static __always_inline void share_add(share_counters counters, const struct share_owner *owner,
				      u32 size)
{
	u32 kind;

#pragma unroll
	for (kind = 0; kind < SHARE_KINDS; kind++)
		if (owner->number[kind])
			__sync_fetch_and_add(share_counter(counters, owner, kind), size);
}

static __always_inline struct share_owner share_owner_of(const struct bp_slot *slot)
{
	return (struct share_owner){ { slot->tgid, slot->user, slot->cgroup } };
}

/* -- the ring buffer -- */

/*
 * Eighths of the ring that may be full when a record is sent; stack copies, which are
 * large, may fill so many themselves. What says that a turn, or a loop's thread, has ended
 * is sent as long as there is room at all: it is small, and stalls hang on it.
 */
#define RING_OF_COPIES	   4
#define RING_OF_CANDIDATES 5
#define RING_OF_SLICES	   7

/* Bytes sent since user space emptied the ring, which sets these to 0: of stack copies, and of the rest. */
__weak unsigned int copies_sent[SHARE_KINDS][SHARE_COUNTERS] = {};
__weak unsigned int others_sent[SHARE_KINDS][SHARE_COUNTERS] = {};
__weak unsigned int all_copies_sent = 0;

/* Processes whose records found no room: a bit for each enum bp_loss. User space takes them out. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u32); /* tgid */
	__type(value, u32);
} losers SEC(".maps");

static __always_inline void lose_of(enum bp_loss where, u32 tgid)
{
	u32 *known = bpf_map_lookup_elem(&losers, &tgid), bits = 1u << where;

	lose(where);
	if (known)
		__sync_fetch_and_or(known, bits);
	else
		bpf_map_update_elem(&losers, &tgid, &bits, BPF_ANY);
}

/* user: of a thread without a slot, whose cgroup is not known. */
static __always_inline struct share_owner ring_owner(u32 index, u32 tgid, u32 user)
{
	const struct bp_slot *slot = index ? bpf_map_lookup_elem(&slots, &index) : NULL;
	struct share_owner owner = { { tgid, user } };

	if (slot) {
		owner.number[SHARE_USER] = slot->user;
		owner.number[SHARE_CGROUP] = slot->cgroup;
	}
	return owner;
}

static __always_inline u64 ring_part(u32 eighths)
{
	return bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) / 8 * eighths;
}

/* Whether a record of so many bytes may be sent. index: the slot of its thread, or BP_NO_SLOT and its user. */
__weak __noinline int ring_may_send(u32 index, u32 tgid, u32 user, u32 bytes, u32 eighths)
{
	const struct share_owner owner = ring_owner(index, tgid, user);
	u64 used = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

	if (used + share_most(others_sent, &owner) / SHARE_PART + bytes > ring_part(eighths))
		return 0;
	share_add(others_sent, &owner, bytes);
	return 1;
}

/* Likewise a stack copy. */
__weak __noinline int ring_may_send_copy(u32 index, u32 tgid, u32 bytes)
{
	const struct share_owner owner = ring_owner(index, tgid, 0);
	u64 most = share_most(copies_sent, &owner);

	if (all_copies_sent + most / SHARE_PART + bytes > ring_part(RING_OF_COPIES))
		return 0;
	share_add(copies_sent, &owner, bytes);
	__sync_fetch_and_add(&all_copies_sent, bytes);
	return 1;
}

#endif
