// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generic.c - any other thread that keeps coming back to the same source: three
 * returns to one that lives on in between, whatever their pace. Not one that sleeps
 * further out as well: what it calls there waits for one answer.
 */
#include "runtime/borrowers.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/poll_core.h"

/* NULL: nothing speaks against it. */
static const char *against(const struct moment *moment)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct poll_core *core = moment->core;
	const char *borrows;

	if (!native_is_habit(moment))
		return "it has not come back to this wait three times";
	if (interpreted_lacks_frames(moment))
		return "what its interpreter was in when it came to this wait was not seen";
	if (native_sleeps_further_out(moment))
		return "it also sleeps further out on its stack than in this wait";
	borrows = interpreted_borrows(moment);
	if (!borrows)
		borrows = native_borrowed_by(moment, candidate->sp);
	if (borrows)
		return borrows;
	if (!bp_is_poll(candidate->wait_class))
		return NULL;
	if (!core || !core->nr || core->wait_class != candidate->wait_class)
		return "its polls have no descriptor in common";
	if (candidate->nr_fds == 1 && candidate->connected)
		return "it polls one connection, as a client does that waits for an answer";
	return NULL;
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;

	if (!candidate || candidate->wait_class == BP_WAIT_FUTEX)
		return true;
	recognised->against = against(moment);
	if (!recognised->against)
		recognised->against = native_borrowed_by(moment, candidate->sp);
	if (recognised->against)
		return true;
	recognised->runtime = runtime;
	recognised->way = WAY_HABIT;
	recognised->wait_class = candidate->wait_class;
	recognised->wait_id = candidate->wait_id;
	if (moment->core && !poll_core_is_sure(moment->core, moment->pid))
		recognised->doubt = DOUBT_HABIT;
	return true;
}

const struct runtime runtime_generic = {
	.name = "generic",
	.recognise = recognise,
	.by_habit = true,
};
