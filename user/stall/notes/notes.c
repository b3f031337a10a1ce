// SPDX-License-Identifier: GPL-2.0-or-later
/* notes.c - which process is due to be looked at for notes. */
#include "stall/notes/notes.h"

#include <stdlib.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "stall/notes/leaks.h"
#include "stall/notes/pools.h"
#include "stall/notes/private.h"
#include "stall/notes/workers.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define EVERY_NS	(20 * NS_PER_MS)
#define WORKERS_MOST_NS (5 * NS_PER_MS) /* of one look */
#define POOLS_COST	100 /* a look is followed by so many times what it took */

/* The one whose turn is due for longest. */
struct due {
	struct engine *engine;
	uint64_t (*due_ns)(struct engine *engine, const struct watched *watched);
	struct watched *watched;
	uint64_t since_ns;
};

static uint64_t leaks_due_ns(struct engine *engine, const struct watched *watched)
{
	(void)engine;
	return watched->notes ? watched->notes->next_leaks_ns : 0;
}

static uint64_t workers_due_ns(struct engine *engine, const struct watched *watched)
{
	if (!workers_of(engine, watched))
		return UINT64_MAX;
	return watched->notes ? watched->notes->next_workers_ns : 0;
}

static uint64_t pools_due_ns(struct engine *engine, const struct watched *watched)
{
	(void)engine;
	if (!watched_python(watched))
		return UINT64_MAX;
	return watched->notes ? watched->notes->next_pools_ns : 0;
}

static void compare_due(void *context, struct watched *watched)
{
	struct due *due = context;
	uint64_t its_ns = watched->loops ? due->due_ns(due->engine, watched) : UINT64_MAX;

	if (its_ns < due->since_ns) {
		due->watched = watched;
		due->since_ns = its_ns;
	}
}

/* NULL: none, or no memory. */
static struct watched *
find_due(struct engine *engine,
	 uint64_t (*due_ns)(struct engine *engine, const struct watched *watched), uint64_t now_ns)
{
	struct due due = { .engine = engine, .due_ns = due_ns, .since_ns = now_ns };

	watched_each(engine->watched, compare_due, &due);
	if (due.watched && !due.watched->notes)
		due.watched->notes = calloc(1, sizeof(*due.watched->notes));
	return due.watched && due.watched->notes ? due.watched : NULL;
}

/*
 * By CPU time: what is waited for (names that are looked up for the first time, readers of
 * memory that are not let run) costs little.
 */
static void take_workers(struct engine *engine, uint64_t now_ns)
{
	uint64_t before_ns = clock_spent_ns(), spent_ns;
	struct watched *watched;

	if (now_ns < engine->notes.next_workers_ns)
		return;
	watched = find_due(engine, workers_due_ns, now_ns);
	if (!watched)
		return;
	workers_look(engine, watched, now_ns);
	spent_ns = clock_spent_ns() - before_ns;
	if (spent_ns > WORKERS_MOST_NS)
		spent_ns = WORKERS_MOST_NS;
	engine->notes.next_workers_ns = now_ns + POOLS_COST * spent_ns;
}

static void take_pools(struct engine *engine, uint64_t now_ns)
{
	uint64_t before_ns = clock_spent_ns();
	struct watched *watched;

	if (now_ns < engine->notes.next_pools_ns)
		return;
	watched = find_due(engine, pools_due_ns, now_ns);
	if (!watched)
		return;
	pools_look(engine, watched, now_ns);
	engine->notes.next_pools_ns = now_ns + POOLS_COST * (clock_spent_ns() - before_ns);
}

void notes_take(struct engine *engine, uint64_t now_ns)
{
	struct watched *watched;

	if (!engine->sink.note || now_ns < engine->notes.next_ns)
		return;
	engine->notes.next_ns = now_ns + EVERY_NS;
	watched = find_due(engine, leaks_due_ns, now_ns);
	if (watched)
		leaks_look(engine, watched, now_ns);
	take_workers(engine, now_ns);
	take_pools(engine, now_ns);
}
