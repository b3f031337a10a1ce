// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * busy.c - when it is worth what it costs every program of the machine to see waits
 * that do not sleep, of threads that may be no loops: where a program that the user
 * named computes all the time and has shown no loop.
 */
#include "stall/loops/busy.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/turn/pace.h"

#define LOOK_NS	    (300 * NS_PER_MS)
#define OCTAVES	    7 /* up to half a minute between two of them */
#define PERCENT_MIN 20 /* of one CPU, which others may have had meanwhile */

struct round {
	struct engine *engine;
	uint64_t now_ns;
};

static void look(void *context, struct watched *watched)
{
	struct watched_busy *busy = &watched->busy;
	struct round *round = context;
	uint64_t passed_ns = round->now_ns - busy->since_ns, ran_ns;

	if (watched->loops || !watched->asked_for || passed_ns < (uint64_t)LOOK_NS << busy->octave)
		return;
	ran_ns = process_all_busy_ns(watched->pid);
	if (busy->since_ns && ran_ns > busy->ran_ns &&
	    (ran_ns - busy->ran_ns) * 100 / passed_ns >= PERCENT_MIN) {
		pace_want(round->engine, round->now_ns);
		busy->octave += busy->octave < OCTAVES;
	}
	busy->since_ns = round->now_ns;
	busy->ran_ns = ran_ns;
}

void busy_run(struct engine *engine, uint64_t now_ns)
{
	struct round round = { engine, now_ns };

	if (!engine->options.whole_system && !probe_waits_always(engine->probe))
		watched_each(engine->watched, look, &round);
}
