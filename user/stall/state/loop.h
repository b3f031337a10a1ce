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
#include "model/length.h"
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
	uint64_t collecting_ns; /* cpu time in samples of stalls that is a collector's */
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
	bool copied; /* its stack was unwound from a copy */
	struct slice slice;
};

/* turn/joined.c: frames of the Task in which a greenlet ran. */
struct loop_joined {
	uint64_t seq; /* the turn; 0: none yet */
	uint64_t task;
	struct bp_python_frame outermost; /* of the greenlet's own: what, and where on the stack */
	struct bp_python_frame *frames;
	size_t nr;
};

/* turn/earlier.c: the block that it was in when it was bound, which the kernel side could not see. */
struct earlier_block {
	struct slice slice; /* stack, task and the name that was asked for */
	uint64_t since_ns; /* 0: none */
};

/* turn/report.c: what was reported of it. */
struct loop_reports {
	uint64_t stalls;
	uint64_t doubtful; /* besides */
	uint64_t longest_ns; /* of both, in this period */
	uint64_t ongoing_seq; /* the turn that was reported as ongoing last */
	bool open; /* nothing final was reported of it yet */
	uint64_t over_ns; /* turn/discard.c: when it was seen to have ended; 0: it was not */
	enum discard kernel_reason; /* turn/discard.c: why nothing may come of it */
	uint64_t next_ns; /* when to report that one again */
	unsigned int hist[HIST_BUCKETS]; /* lengths of those that have ended */
	unsigned int over[LENGTH_BOUNDS]; /* as in struct engine_loop */
};

/* turn/discard.c: the turn that was discarded last. */
struct loop_discard {
	uint64_t seq;
	enum discard reason;
	uint64_t until_ns; /* what came before that is not to be counted */
	uint64_t idle_ns; /* waits of all turns that the kernel side took for blocks */
};

/* turn/discard.c: what has been counted of the kernel side's numbers. */
struct discard_seen {
	unsigned int unvouched;
	unsigned int unsent;
	unsigned int provisional;
};

struct impact_notes; /* turn/impact.c: who waits for the turn */

/* loops/own_wait.c: a wait at another source, as far out as the loop's own. */
struct further_wait {
	unsigned int wait_class;
	unsigned int times; /* how often in a row */
	uint64_t id; /* the source, or what the call names */
	uint64_t last_ns; /* when it began the last of them */
	uint64_t outer; /* blocks clearly further out than its own wait */
};

/* loops/handed_over.c: of one that is known by its habit. */
struct loop_source {
	bool lives; /* its instance was there between two waits */
	unsigned int gone; /* turns in which it was not */
	uint64_t gone_seq; /* the last of these */
};

/* loops/sources.c */
struct loop_unseen {
	uint64_t source; /* that others serve, too, whose waits are not shown; 0: none */
};

/* loops/shared.c: who serves its source besides and is not watched. */
struct loop_shared {
	uint64_t source; /* 0: nobody was looked for yet */
	pid_t server; /* a process that was seen to; 0: none */
	uint64_t started; /* process_start_time() of it */
	bool unseen; /* that could not be seen */
	uint64_t next_ns; /* when to look again */
};

/* loops/belongs.c: where its process belongs. */
struct loop_home {
	uint64_t next_ns; /* when there may be more to be known; 0: never */
	unsigned int known; /* names that were reported */
};

/* loops/request_worker.c */
struct loop_worker {
	bool known; /* it serves one connection to its end */
	bool sure; /* it does not: it was seen to wait for connections, or to have none in a turn */
	bool keeps; /* nor will it: it was seen to wait for those that it had accepted */
	uint64_t next_ns; /* when to look for connections again */
	uint64_t asked_seq; /* the turn in which that was asked last */
	unsigned int asked; /* how often */
};

/* loops/again.c: when to see whether a thread that left its loop is in one again. */
struct loop_again {
	uint64_t next_ns;
	unsigned int looks; /* for its first turn */
};

struct engine_loop;

/* seconds.c: how it stood when the last second was told of. */
struct loop_second {
	struct engine_loop *told; /* what has been told of; NULL: nothing yet */
	struct engine_loop *last; /* how it stood when it was looked at last */
	bool quiet; /* since told it has only waited, up to last */
	bool due; /* a second has ended since */
	uint64_t collecting_ns; /* at told */
	uint64_t longest_ns; /* of its turns of this period, up to then */
	uint64_t stalled_ns; /* the longest stall since then */
	uint64_t delayed_events; /* since then */
};

/* summary.c: what it did up to the moment when the period began that is summed up. */
struct loop_counts {
	uint64_t turns;
	uint64_t stalls;
	uint64_t doubtful;
	uint64_t idle_ns;
	struct ledger ledger;
	unsigned int hist[HIST_BUCKETS];
};

struct loop {
	unsigned int slot;
	uint64_t number; /* loops.c; of its slot: nothing else of this watch has it */
	uint64_t turns_before; /* loops.c: where loop_turn() goes on from */
	/* runtime: the name of the one below; loop: several threads that serve one source are one (loops/sources.c) */
	struct thread_id id;
	const struct runtime *runtime; /* NULL: a thread that is no loop */
	enum doubt doubt; /* loops/binding.c: of all of its stalls */
	bool announced; /* loops/binding.c: its loop record was sent */
	unsigned int
		files_unread; /* loops/binding.c: tries left to name something of its program */
	uint64_t joins; /* loops/sources.c: the loop that it is one with from now on; 0: none */
	uint64_t known_source; /* loops/sources.c: as the kernel side was told; 0: none */
	struct collected collected;
	struct turn_start start;
	struct loop_pace pace;
	struct loop_current current;
	struct earlier_block earlier;
	struct loop_joined joined;
	struct loop_reports reports;
	struct loop_discard discard;
	struct discard_seen discard_seen;
	struct further_wait further;
	struct loop_source source;
	struct loop_unseen unseen;
	struct loop_shared shared;
	struct loop_home home;
	struct loop_worker worker;
	struct loop_again again;
	struct loop_second second;
	struct loop_counts *before; /* NULL: the period began before it was bound */
	struct impact_notes *impact; /* NULL: none yet */
	struct copy_size copy_size; /* turn/slice.c: of its stack */
	struct observation *
		observation; /* peers/observe.c: of the block that it is in, or was in last; NULL: none */
	uint64_t
		unobserved_seq; /* likewise: the last turn of which none could be afforded; 0: none */
	uint64_t
		refused_seq; /* loops/looks.c: the last turn for which a look was refused; 0: none */
};

struct loop *loop_new(unsigned int slot, pid_t pid, pid_t tid, const struct runtime *runtime);
/* Its observation must have ended. */
void loop_free(struct loop *loop);
/* The number of a turn as it is shown. */
static inline uint64_t loop_turn(const struct loop *loop, uint64_t seq)
{
	return loop->turns_before + seq;
}

/* 0 or -ENOMEM. */
int loop_set_runtime(struct loop *loop, const struct runtime *runtime);

#endif
