// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generic.c - any other thread that keeps coming back to the same wait. It has
 * to have come back often, and to have slept elsewhere seldom: a worker that
 * polls a socket now and then is no loop.
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;

	/* Python's loops are known; a Python thread that polls without one is none */
	if (moment->python || !candidate || !native_is_habit(candidate))
		return true;
	recognised->runtime = runtime;
	recognised->wait_class = candidate->wait_class;
	recognised->wait_id = candidate->wait_id;
	return true;
}

const struct runtime runtime_generic = {
	.name = "generic",
	.recognise = recognise,
	.by_habit = true,
};
