// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sources.c - which cell a source has that several threads serve. One is given when
 * the second of them is seen, as most sources never have a second one.
 */
#include "stall/loops/sources.h"

#include <string.h>

#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"

static bool serves(struct engine *engine, const struct loop *loop, uint64_t source)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	return loop->runtime && !loop->runtime->own_queues && slot->source == source;
}

struct loop *sources_find(struct engine *engine, uint64_t source, pid_t tid)
{
	if (!source)
		return NULL;
	for_each_loop (engine->loops, loop)
		if (loop->id.tid != tid && serves(engine, loop, source))
			return loop;
	return NULL;
}

/* One that no slot has. 0: all are taken. */
static unsigned int free_cell(struct engine *engine)
{
	for (unsigned int number = 1; number < BP_CELLS; number++)
		if (!probe_cell(engine->probe, number)->source)
			return number;
	engine->lost[LOSS_SOURCES_UNSHARED]++;
	return 0;
}

/* Its thread is at this source, or at none: others that come to it are asked about at once. */
static void set_known(struct engine *engine, struct loop *loop, uint64_t source)
{
	uint64_t before = loop->known_source;

	if (before == source)
		return;
	if (before && !sources_find(engine, before, loop->id.tid))
		probe_source(engine->probe, before, false);
	if (source)
		probe_source(engine->probe, source, true);
	loop->known_source = source;
}

void sources_join(struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	const struct loop *other = sources_find(engine, slot->source, loop->id.tid);
	unsigned int number;
	struct bp_cell *cell;

	if (serves(engine, loop, slot->source))
		set_known(engine, loop, slot->source);
	if (!other || !serves(engine, loop, slot->source))
		return;
	/* what was reported of it so far, and is to be counted, has its own number */
	if (loop->announced)
		loop->joins = other->id.loop;
	else
		loop->id.loop = other->id.loop;
	number = probe_slot(engine->probe, other->slot)->cell;
	if (!number)
		number = free_cell(engine);
	cell = probe_cell(engine->probe, number);
	if (!cell) {
		sources_unseen(engine, slot->source);
		return;
	}
	cell->source = slot->source;
	for_each_loop (engine->loops, each) {
		struct bp_slot *its = probe_slot(engine->probe, each->slot);

		if (!serves(engine, each, cell->source))
			continue;
		__atomic_store_n(&its->cell, number, __ATOMIC_RELEASE);
		/* who sleeps at it now came to it before the cell was there */
		if (its->state == BP_WAITING)
			cell->servers[each->slot % BP_SERVERS] = each->slot;
		else if (its->in_turn && !cell->owner)
			cell->owner = each->slot;
	}
}

void sources_unseen(struct engine *engine, uint64_t source)
{
	for_each_loop (engine->loops, loop)
		if (source && serves(engine, loop, source))
			loop->unseen.source = source;
}

bool sources_are_seen(struct engine *engine, const struct loop *loop)
{
	uint64_t source = probe_slot(engine->probe, loop->slot)->source;

	return !source || loop->unseen.source != source;
}

void sources_follow(struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (loop->known_source && !slot->cell && slot->source != loop->known_source)
		sources_join(engine, loop);
}

void sources_leave(struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	unsigned int number = slot->cell;
	struct bp_cell *cell = probe_cell(engine->probe, number);

	set_known(engine, loop, 0);
	if (!cell)
		return;
	for_each_loop (engine->loops, other)
		if (other != loop && probe_slot(engine->probe, other->slot)->cell == number)
			return;
	memset(cell, 0, sizeof(*cell));
}
