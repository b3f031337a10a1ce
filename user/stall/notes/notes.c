// SPDX-License-Identifier: GPL-2.0-or-later
/* notes.c - which process is due to be looked at for notes. */
#include "stall/notes/notes.h"

#include <stdlib.h>

#include "base/clock.h"
#include "probe/probe.h"
#include "stall/notes/leaks.h"
#include "stall/notes/pools.h"
#include "stall/notes/private.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define EVERY_NS   (20 * NS_PER_MS)
#define POOLS_COST 100 /* a look is followed by so many times what it took */

/* The one whose turn is due for longest. */
struct due {
	uint64_t (*due_ns)(const struct watched *watched);
	struct watched *watched;
	uint64_t since_ns;
};

static uint64_t leaks_due_ns(const struct watched *watched)
{
	return watched->notes ? watched->notes->next_leaks_ns : 0;
}

static uint64_t pools_due_ns(const struct watched *watched)
{
	if (!watched_python(watched))
		return UINT64_MAX;
	return watched->notes ? watched->notes->next_pools_ns : 0;
}

static void compare_due(void *context, struct watched *watched)
{
	struct due *due = context;
	uint64_t its_ns = watched->loops ? due->due_ns(watched) : UINT64_MAX;

	if (its_ns < due->since_ns) {
		due->watched = watched;
		due->since_ns = its_ns;
	}
}

/* NULL: none, or no memory. */
static struct watched *find_due(struct engine *engine,
				uint64_t (*due_ns)(const struct watched *watched), uint64_t now_ns)
{
	struct due due = { .due_ns = due_ns, .since_ns = now_ns };

	watched_each(engine->watched, compare_due, &due);
	if (due.watched && !due.watched->notes)
		due.watched->notes = calloc(1, sizeof(*due.watched->notes));
	return due.watched && due.watched->notes ? due.watched : NULL;
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
	if (now_ns < engine->notes.next_pools_ns)
		return;
	watched = find_due(engine, pools_due_ns, now_ns);
	if (!watched)
		return;
	pools_look(engine, watched, now_ns);
	engine->notes.next_pools_ns = now_ns + POOLS_COST * (probe_now_ns() - now_ns);
}
