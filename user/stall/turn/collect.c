// SPDX-License-Identifier: GPL-2.0-or-later
/* collect.c - which slices are of the turn that runs, and which of time that no stall takes up. */
#include "stall/turn/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stall/state/loop.h"

/* For more than that, room is not kept from turn to turn. */
#define SLICES_LASTING 64

/* Of time that is in no stall nobody is told when it was. */
static void add_blocked(struct loop *loop, struct slice *slice)
{
	intervals_free(&slice->intervals);
	slices_add(&loop->collected.blocked, slice);
}

/* CPU time, and waiting for a CPU, are reported of stalls only. */
void collect_pass(struct loop *loop)
{
	struct slices *turn = &loop->collected.turn;

	for (size_t i = 0; i < turn->nr; i++) {
		struct slice *slice = &turn->v[i];

		if (slice_is_blocked(slice) || slice->cause == CAUSE_THROTTLED)
			add_blocked(loop, slice);
		else
			slice_clear(slice);
	}
	loop->collected.blocked.placeless += turn->placeless;
	if (turn->capacity > SLICES_LASTING) {
		free(turn->v);
		turn->v = NULL;
		turn->capacity = 0;
	}
	turn->nr = 0;
	turn->bytes = 0;
	turn->placeless = 0;
}

void collect_turn(struct loop *loop, uint64_t seq)
{
	if (loop->collected.seq == seq)
		return;
	collect_pass(loop);
	loop->collected.seq = seq;
	loop->collected.last_ns = 0;
	loop->collected.until_ns = 0;
}

void collect_add(struct loop *loop, struct slice *slice, uint64_t since_ns, uint64_t until_ns)
{
	slices_add(&loop->collected.turn, slice);
	if (until_ns > loop->collected.until_ns)
		loop->collected.until_ns = until_ns;
	if (since_ns > loop->collected.last_ns)
		loop->collected.last_ns = since_ns;
}

void collect_blocked(struct loop *loop, struct slice *slice)
{
	add_blocked(loop, slice);
}

void collect_all_blocked(struct loop *loop, struct slices *slices)
{
	for (size_t i = 0; i < slices->nr; i++)
		collect_blocked(loop, &slices->v[i]);
	slices->nr = 0;
	slices_free(slices);
}

void collect_drop(struct loop *loop, uint64_t seq)
{
	if (collected_is(loop, seq))
		slices_free(&loop->collected.turn);
}

size_t collected_bytes(const struct loop *loop)
{
	return loop->collected.turn.bytes + loop->collected.blocked.bytes;
}

void collect_shrink(struct loop *loop, size_t bytes)
{
	/* what may be a stall keeps its places for longer */
	size_t turn = loop->collected.turn.bytes < bytes ? loop->collected.turn.bytes : bytes;

	slices_shrink(&loop->collected.blocked, bytes - turn);
	slices_shrink(&loop->collected.turn, turn);
}

void collect_count(struct loop *loop, const struct slice *slice)
{
	loop->collected.by_cause_ns[slice->cause] += slice->ns;
}

void collect_count_sample(struct loop *loop, const struct slice *slice)
{
	if (slice->cause == CAUSE_GC)
		loop->collected.collecting_ns += slice->ns;
}

bool collected_is(const struct loop *loop, uint64_t seq)
{
	return loop->collected.seq == seq;
}

struct slices collected_take(struct loop *loop, uint64_t seq)
{
	struct slices slices = { 0 };

	if (collected_is(loop, seq)) {
		slices = loop->collected.turn;
		memset(&loop->collected.turn, 0, sizeof(loop->collected.turn));
	}
	return slices;
}

void collected_copy(const struct loop *loop, uint64_t seq, struct slices *slices)
{
	if (collected_is(loop, seq))
		slices_copy(slices, &loop->collected.turn);
}

struct slices collected_take_blocked(struct loop *loop)
{
	struct slices blocked = loop->collected.blocked;

	memset(&loop->collected.blocked, 0, sizeof(loop->collected.blocked));
	return blocked;
}

uint64_t collected_blocked_ns(const struct loop *loop, uint64_t seq)
{
	const struct slices *turn = &loop->collected.turn;
	uint64_t sum_ns = 0;

	for (size_t i = 0; collected_is(loop, seq) && i < turn->nr; i++)
		if (!slice_is_cpu(&turn->v[i]))
			sum_ns += turn->v[i].ns;
	return sum_ns;
}

uint64_t collected_locked_ns(const struct loop *loop, uint64_t seq)
{
	const struct slices *turn = &loop->collected.turn;
	uint64_t sum_ns = 0;

	for (size_t i = 0; collected_is(loop, seq) && i < turn->nr; i++)
		if (turn->v[i].cause == CAUSE_LOCK)
			sum_ns += turn->v[i].ns;
	return sum_ns;
}

uint64_t collected_last_ns(const struct loop *loop, uint64_t seq)
{
	return collected_is(loop, seq) && loop->collected.turn.nr ? loop->collected.last_ns : 0;
}

uint64_t collected_until_ns(const struct loop *loop, uint64_t seq)
{
	return collected_is(loop, seq) ? loop->collected.until_ns : 0;
}

uint64_t collected_longest_ns(const struct loop *loop, uint64_t seq)
{
	const struct slices *turn = &loop->collected.turn;
	uint64_t longest_ns = 0;

	for (size_t i = 0; collected_is(loop, seq) && i < turn->nr; i++)
		if (turn->v[i].max_ns > longest_ns)
			longest_ns = turn->v[i].max_ns;
	return longest_ns;
}

int collected_main_waker(const struct loop *loop, uint64_t seq, uint64_t at_least_ns,
			 struct party *waker)
{
	const struct slices *turn = &loop->collected.turn;

	for (size_t i = 0; collected_is(loop, seq) && i < turn->nr; i++)
		if (turn->v[i].ns > at_least_ns && turn->v[i].waker.tid) {
			*waker = turn->v[i].waker;
			return 0;
		}
	return -ENOENT;
}
