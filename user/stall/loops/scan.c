// SPDX-License-Identifier: GPL-2.0-or-later
/* scan.c - how often a process without a loop is worth another look. */
#include "stall/loops/scan.h"

#include "base/clock.h"
#include "probe/probe.h"
#include "runtime/python/python.h"
#include "runtime/runtime.h"
#include "stall/loops/account.h"
#include "stall/loops/recognise.h"
#include "stall/state/interpreter.h"
#include "stall/state/moment.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define SCAN_EVERY_NS (10 * NS_PER_MS)
#define LOOK_EVERY_NS (100 * NS_PER_MS) /* of one process, at first */
#define SCANS_A_TICK  16
#define SCANS_MOST_NS (20 * NS_PER_MS) /* by the clock: then the rest waits for the next tick */
#define SCANS_FEW     4 /* processes: these are looked at every LOOK_EVERY_NS for good */
#define SCANS_OFTEN   4 /* of one process, before the time between them is doubled */
#define SCANS_OCTAVES 5 /* doublings */

struct round {
	struct engine *engine;
	uint64_t now_ns;
	uint64_t next_ns; /* when the first of them is to be looked at again */
	unsigned int left;
	uint64_t until_ns;
};

/* A Python program that has shown no loop is looked at less and less often where there are many. */
static uint64_t gap_ns(const struct engine *engine, struct watched *watched)
{
	unsigned int octave = watched->scans++ / SCANS_OFTEN;

	if (watched_count(engine->watched) <= SCANS_FEW)
		return LOOK_EVERY_NS;
	return (uint64_t)LOOK_EVERY_NS << (octave < SCANS_OCTAVES ? octave : SCANS_OCTAVES);
}

/* Only what is known by its frames: other loops show when they wait. */
static bool shows_loop(struct python *python, uint64_t pthread)
{
	struct bp_python_frame frames[BP_PYTHON_FRAMES];
	struct python_loop loop = { .epoll_fd = -1 };
	bool in_wait;
	int nr = python_frames(python, pthread, frames, BP_PYTHON_FRAMES);

	if (nr <= 0)
		return false;
	return (!python_frames_loop(python, frames, (size_t)nr, &loop) && loop.run_onces) ||
	       python_frames_hub(python, frames, (size_t)nr, &in_wait) != PYTHON_HUB_NONE;
}

static void scan_process(struct round *round, struct watched *watched)
{
	struct engine *engine = round->engine;
	bool was_pending = watched->interpreter.pending;
	struct python *python = interpreter_find(engine, watched);
	struct recognised recognised;
	struct moment moment;

	round->left--;
	if (watched->due.put_off) {
		watched->due.put_off = false;
		recognise_process(engine, watched->pid);
	}
	if (!python) {
		/* threads that sleep in what may be a wait are asked about all the same */
		if (!watched->interpreter.pending)
			watched_postpone(watched, UINT64_MAX);
		return;
	}
	watched_postpone(watched, round->now_ns + gap_ns(engine, watched));
	moment = moment_of(engine, watched, watched->pid);
	if (was_pending || !moment.pthread) {
		recognise_process(engine, watched->pid);
		return;
	}
	/* its main thread may run a loop that has never had to wait yet */
	if (!watched_has_moved(watched) || !shows_loop(python, moment.pthread))
		return;
	recognise_thread(engine, watched, &moment, &recognised);
	account_thread(engine, watched, &moment, &recognised);
	if (recognised.runtime)
		recognise_bind(engine, &moment, &recognised);
}

static void scan_if_due(void *context, struct watched *watched)
{
	struct round *round = context;

	if (watched->loops)
		return;
	if (watched->due.next_ns <= round->now_ns && round->left &&
	    probe_now_ns() < round->until_ns)
		scan_process(round, watched);
	if (watched->due.next_ns < round->next_ns)
		round->next_ns = watched->due.next_ns;
}

void scan_soon(struct engine *engine, const struct watched *watched)
{
	if (watched->due.next_ns < engine->scan.next_ns)
		engine->scan.next_ns = watched->due.next_ns;
}

void scan_run(struct engine *engine, uint64_t now_ns)
{
	struct round round = {
		.engine = engine,
		.now_ns = now_ns,
		.next_ns = UINT64_MAX,
		.left = SCANS_A_TICK,
		.until_ns = probe_now_ns() + SCANS_MOST_NS,
	};

	if (now_ns < engine->scan.next_ns)
		return;
	/* processes that come meanwhile bring it forward */
	engine->scan.next_ns = UINT64_MAX;
	watched_each(engine->watched, scan_if_due, &round);
	if (round.next_ns < now_ns + SCAN_EVERY_NS)
		round.next_ns = now_ns + SCAN_EVERY_NS;
	if (round.next_ns < engine->scan.next_ns)
		engine->scan.next_ns = round.next_ns;
}
