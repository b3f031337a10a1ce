/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what the rooms of stall/ share. Each part is one file's, which is
 * named there: others call that file's functions.
 */
#ifndef BLOCKPROF_STALL_STATE_STATE_H
#define BLOCKPROF_STALL_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "capture/classify.h"
#include "capture/stack_copies.h"
#include "model/loss.h"
#include "model/model.h"
#include "probe/sched_clock.h"
#include "stall/state/options.h"

struct binding;
struct stack_copies;
struct foreign;
struct loops;
struct namer;
struct probe;
struct symbols;
struct watched_table;

/* turn/pace.c: the probes that cost something. */
struct pace {
	uint64_t needed_ns; /* when they were needed last, 0: they are off */
	uint64_t armed_ns; /* since when they are on */
	uint64_t asked_ns; /* when it was asked last whether they are needed */
	uint64_t rested_ns; /* of loops that were too busy to be watched all the time */
};

/* turn/report.c */
struct report_pace {
	uint64_t next_blocked_ns; /* when blocked time is reported again */
};

/* loops/scan.c */
struct scan_pace {
	uint64_t next_ns; /* the first process is due */
};

/* loops/recognise.c */
struct recognise_state {
	bool again; /* more of a process is shown now than when its threads were asked about last */
};

/* peers/observe.c: observing those that loops wait for. */
struct observe_budget {
	uint64_t paid_until_ns; /* until when what was observed has used up its time */
};

/* notes/pools.c, notes/leaks.c */
struct notes_pace {
	uint64_t next_ns;
	uint64_t next_pools_ns; /* no pools are looked at before that, whatever process's */
};

/* summary.c: the period that is summed up. */
struct period {
	uint64_t since_ns;
	struct loss_count *losses; /* counted before that */
	size_t nr_losses;
	struct loop_summary *ended; /* loops whose threads are gone */
	size_t nr_ended;
};

struct engine {
	struct engine_options options;
	struct engine_sink sink;
	struct probe *probe;
	struct symbols *symbols;
	struct namer *namer;
	struct classify classify;
	struct stack_copies *stack_copies;
	struct watched_table *watched;
	struct loops *loops;
	struct foreign *foreign;
	struct binding *bindings; /* loops/binding.c: threads that are to get slots */
	uint64_t started_ns;
	uint64_t old_ns; /* a turn, or a block, older than this is looked at closely */
	struct copy_size others_size; /* state/copy_size.c */
	struct sched_clock sched_clock; /* loops/recognise.c matches it */
	struct pace pace;
	struct report_pace report;
	struct scan_pace scan;
	struct recognise_state recognise;
	struct observe_budget observe;
	struct notes_pace notes;
	struct period period;
	uint64_t lost[LOSS_NR]; /* those that are counted in stall/, where they are */
};

/* The memory of a process. */
static inline struct memory state_memory(const struct engine *engine, pid_t pid)
{
	return (struct memory){ engine->options.memory, pid };
}

#endif
