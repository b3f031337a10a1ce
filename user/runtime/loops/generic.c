// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generic.c - any other thread that keeps coming back to the same wait. It has
 * to have come back often, and to have slept elsewhere seldom: a worker that
 * polls a socket now and then is no loop.
 */
#include "runtime/native.h"

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	const struct bp_candidate *candidate = sighting->candidate;

	/* Python's loops are known; a Python thread that polls without one is none */
	if (sighting->python || !candidate || !native_is_habit(candidate))
		return true;
	verdict->runtime = runtime->name;
	verdict->wait_class = candidate->wait_class;
	verdict->wait_id = candidate->wait_id;
	return true;
}

const struct runtime runtime_generic = { .name = "generic", .judge = judge };
