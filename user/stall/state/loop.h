/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - a thread whose time is kept, as user space knows it: what belongs to a slot.
 *
 * Each part below is one file's, which is named there: no other touches its fields.
 */
#ifndef BLOCKPROF_STALL_STATE_LOOP_H
#define BLOCKPROF_STALL_STATE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "capture/stack_copies.h"
#include "model/hist.h"
#include "model/model.h"

struct observation;
struct runtime;

/* turn/collect.c: slices on their way to a stall, or to blocked time. */
struct collected {
	uint64_t seq; /* the turn that slices last came for */
	struct slices turn; /* of it */
	uint64_t last_ns; /* when the latest of them began */
	uint64_t until_ns; /* up to when they show that the thread was in its loop */
	struct slices blocked; /* of turns that were no stalls, not reported yet */
	uint64_t by_cause_ns[CAUSE_NR]; /* blocked time in slices, of stalls or not */
};

/*
 * turn/start.c: waits that did not sleep are not seen before the probes for that
 * are on: a turn then seems to have begun at the last wait that slept. Where the
 * loop itself notes when its turn began, that is better.
 */
struct turn_start {
	uint64_t seq; /* the turn; 0: none yet */
	uint64_t ns; /* 0: the turn's start is as it seems */
	uint64_t ran_ns; /* when the thread first ran after the wait that slept */
	uint64_t blocked_ns; /* between then and ns, reported in slices of other turns */
};

/* turn/pace.c: whether it is busy, rather than stalled. */
struct loop_pace {
	uint64_t busy_ns; /* time in old turns, less time in none; bounded */
	uint64_t vouched_seq; /* a turn that began with a block, while the loop was not watched */
};

/* turn/current.c: the block whose names were looked up while it lasted. */
struct loop_current {
	uint64_t since_ns; /* 0: none */
	enum cause cause;
};

/* turn/earlier.c: the block that it was in when it was bound, which the kernel side could not see. */
struct earlier_block {
	struct slice slice; /* stack, task and the name that was asked for */
	uint64_t since_ns; /* 0: none */
};

/* turn/report.c: what was reported of it. */
struct loop_reports {
	uint64_t stalls;
	uint64_t ongoing_seq; /* the turn that was reported as ongoing last */
	uint64_t next_ns; /* when to report that one again */
};

/* turn/discard.c: a turn that is none after all. */
struct loop_discard {
	uint64_t seq;
};

/* loops/own_wait.c: a turn in which it polls at another call site. */
struct other_site {
	uint64_t seq; /* the turn */
	uint64_t id; /* that call site */
	unsigned int times; /* how often in a row */
	uint64_t last_ns; /* when it began the last of them */
};

/* loops/again.c: when to see whether a thread that left its loop is in one again. */
struct loop_again {
	uint64_t next_ns;
};

/* summary.c: what it did up to the moment when the period began that is summed up. */
struct loop_counts {
	uint64_t turns;
	uint64_t stalls;
	uint64_t idle_ns;
	struct ledger ledger;
	unsigned int hist[HIST_BUCKETS];
};

struct loop {
	unsigned int slot;
	uint64_t number; /* no other loop of this watch has it; loops.c */
	struct thread_id id; /* runtime: the name of the one below */
	const struct runtime *runtime; /* NULL: a thread that is no loop */
	bool announced; /* loops/binding.c: its loop record was sent */
	struct collected collected;
	struct turn_start start;
	struct loop_pace pace;
	struct loop_current current;
	struct earlier_block earlier;
	struct loop_reports reports;
	struct loop_discard discard;
	struct other_site other_site;
	struct loop_again again;
	struct loop_counts *before; /* NULL: the period began before it was bound */
	struct copy_size copy_size; /* turn/slice.c: of its stack */
	struct observation *
		observation; /* peers/observe.c: of the block that it is in, or was in last; NULL: none */
};

struct loop *loop_new(unsigned int slot, pid_t pid, pid_t tid, const struct runtime *runtime);
/* Its observation must have ended. */
void loop_free(struct loop *loop);
/* 0 or -ENOMEM. */
int loop_set_runtime(struct loop *loop, const struct runtime *runtime);

#endif
