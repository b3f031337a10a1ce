// SPDX-License-Identifier: GPL-2.0-or-later
/* loops.c - which loop has which slot. */
#include "stall/state/loops.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stall/state/loop.h"

struct loops {
	unsigned int slots;
	uint64_t seen; /* so many so far */
	uint64_t began_ns;
	bool some_have_gone;
	struct loop *at[]; /* by slot; 0 is unused */
};

int loops_new(struct loops **out, unsigned int slots)
{
	*out = calloc(1, sizeof(**out) + (slots + 1) * sizeof((*out)->at[0]));
	if (!*out)
		return -ENOMEM;
	(*out)->slots = slots;
	(*out)->began_ns = clock_now_ns();
	return 0;
}

void loops_free(struct loops *loops)
{
	free(loops);
}

struct loop *loops_at(const struct loops *loops, unsigned int slot)
{
	return slot && slot <= loops->slots ? loops->at[slot] : NULL;
}

/*
 * The number of a thread may come again, as may a thread after execve(), and those of its
 * turns are not to: they go on from the nanoseconds so far, as none is shorter than one.
 */
static uint64_t turns_before(const struct loops *loops)
{
	return loops->some_have_gone ? clock_now_ns() - loops->began_ns : 0;
}

void loops_put(struct loops *loops, struct loop *loop)
{
	loop->number = loop->id.loop = ++loops->seen;
	loop->turns_before = turns_before(loops);
	loops->at[loop->slot] = loop;
}

struct loop *loops_take(struct loops *loops, unsigned int slot)
{
	struct loop *loop = loops_at(loops, slot);

	if (loop) {
		loops->at[slot] = NULL;
		loops->some_have_gone = true;
	}
	return loop;
}

struct loop *loops_next(const struct loops *loops, const struct loop *before)
{
	for (unsigned int i = before ? before->slot + 1 : 1; i <= loops->slots; i++)
		if (loops->at[i])
			return loops->at[i];
	return NULL;
}

struct loop *loops_find(const struct loops *loops, pid_t tid)
{
	for_each_loop (loops, loop)
		if (loop->id.tid == tid)
			return loop;
	return NULL;
}
