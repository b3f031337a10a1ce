// SPDX-License-Identifier: GPL-2.0-or-later
/* budget.c - how much memory the slices of all loops may take together, and which loop's places go first. */
#include "stall/turn/budget.h"

#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/collect.h"

#define BYTES_MAX (32u << 20)
/* What is left when something had to go: else the next slice would be the next to cut for. */
#define BYTES_LEFT (BYTES_MAX / 4 * 3)

static struct loop *most_of(struct engine *engine, size_t *bytes)
{
	struct loop *most = NULL;

	*bytes = 0;
	for_each_loop (engine->loops, loop) {
		size_t own = collected_bytes(loop);

		*bytes += own;
		if (!most || own > collected_bytes(most))
			most = loop;
	}
	return most;
}

/* The loop that has most is cut first: those with few slices keep them whoever else is there. */
static void cut(struct engine *engine)
{
	size_t bytes, had;
	struct loop *most;

	while ((most = most_of(engine, &bytes)) && bytes > BYTES_LEFT) {
		had = collected_bytes(most);
		collect_shrink(most, had / 2);
		if (collected_bytes(most) >= had)
			return;
	}
}

void budget_spend(struct engine *engine, const struct slice *slice)
{
	struct slice_budget *budget = &engine->slices;
	size_t bytes = slice_bytes(slice);

	/* what was reported meanwhile is no longer there */
	if (budget->spent_bytes + bytes > BYTES_MAX)
		most_of(engine, &budget->spent_bytes);
	if (budget->spent_bytes + bytes > BYTES_MAX) {
		cut(engine);
		most_of(engine, &budget->spent_bytes);
	}
	budget->spent_bytes += bytes;
}
