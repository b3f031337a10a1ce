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
struct allowance;
struct foreign;
struct homes;
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

/* notes/pools.c, notes/leaks.c */
struct notes_pace {
	uint64_t next_ns;
	uint64_t next_workers_ns; /* likewise pools of compiled code */
	uint64_t next_pools_ns; /* no pools are looked at before that, whatever process's */
};

/* turn/discard.c: turns over the threshold of this period that were not reported. */
struct discards {
	uint64_t count[DISCARD_NR];
	uint64_t longest_ns[DISCARD_NR];
};

/* summary.c: the period that is summed up. */
struct period {
	uint64_t finished_ns; /* when the watch ended; 0: it goes on */
	uint64_t since_ns;
	struct name_count *losses; /* counted before that */
	uint64_t switches_unseen; /* likewise */
	size_t nr_losses;
	struct loop_summary *ended; /* loops whose threads are gone */
	size_t nr_ended;
};

/* seconds.c */
struct seconds {
	uint64_t last; /* the second that was told of last, since boot */
	bool left; /* some loops' seconds are to be told yet */
	struct name_count *losses; /* up to then */
	size_t nr_losses;
};

/* lost.c */
struct lost_seen {
	uint64_t all; /* that the kernel side had counted by then */
	uint64_t processes; /* of these, events of processes */
	bool again; /* some were lost whose consequences are to be found yet */
	uint64_t next_ns; /* not before that */
};

/* turn/impact.c: looking at loops whose turns are not long yet. */
struct impact_budget {
	uint64_t paid_until_ns; /* not before that again */
};

/* turn/budget.c: slices of all loops that are collected. */
struct slice_budget {
	size_t spent_bytes; /* at most: some of them may have been reported */
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
	struct homes *homes; /* loops/belongs.c */
	struct foreign *foreign;
	struct binding *bindings; /* loops/binding.c: threads that are to get slots */
	uint64_t started_ns;
	uint64_t old_ns; /* a turn, or a block, older than this is looked at closely */
	struct copy_size others_size; /* state/copy_size.c */
	struct sched_clock sched_clock; /* loops/recognise.c matches it */
	struct pace pace;
	uint64_t breathed_ns; /* when it was seen last that nothing came to harm meanwhile */
	struct report_pace report;
	struct impact_budget impact;
	struct lost_seen lost_seen;
	struct slice_budget slices;
	struct scan_pace scan;
	struct recognise_state recognise;
	struct allowance *servers; /* loops/shared.c */
	struct notes_pace notes;
	struct period period;
	struct seconds seconds;
	struct discards discards;
	uint64_t blind[BLIND_NR]; /* state/blind.c: processes of this period */
	uint64_t lost[LOSS_NR]; /* those that are counted in stall/, where they are */
};

/* The memory of a process. */
static inline struct memory state_memory(const struct engine *engine, pid_t pid)
{
	return (struct memory){ engine->options.memory, pid };
}

#endif
