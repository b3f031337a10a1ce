// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generic.c - any other thread that keeps coming back to the same wait. It has
 * to have come back often, and to have slept elsewhere seldom: a worker that
 * polls a socket now and then is no loop.
 */
#include "runtime/python/python.h"
#include "runtime/runtime.h"

#define HABIT_EPOLL 4 /* sleeps in a row on the same epoll instance or ring */
#define HABIT_POLL  16 /* on the same call site */

static bool judge(const struct sighting *sighting, struct verdict *verdict)
{
	const struct bp_candidate *candidate = sighting->candidate;
	unsigned int habit;

	/* Python's loops have Python frames; a Python thread that polls without them is none */
	if (sighting->python || !candidate)
		return true;
	habit = candidate->wait_class == BP_WAIT_EPOLL || candidate->wait_class == BP_WAIT_URING
			? HABIT_EPOLL
			: HABIT_POLL;
	if (candidate->count < habit || candidate->others > candidate->count / 2)
		return true;
	verdict->runtime = runtime_generic.name;
	verdict->wait_class = candidate->wait_class;
	verdict->wait_id = candidate->wait_id;
	return true;
}

const struct runtime runtime_generic = { .name = "generic", .judge = judge };
