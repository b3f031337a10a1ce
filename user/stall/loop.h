/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.h - a thread whose time is kept, as user space knows it: what belongs to a slot. */
#ifndef BLOCKPROF_STALL_LOOP_H
#define BLOCKPROF_STALL_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "capture/copies.h"
#include "model/model.h"
#include "stall/engine.h"

/*
 * Waits that did not sleep are not seen before the probes for that are on: a
 * turn then seems to have begun at the last wait that slept. Where the loop
 * itself notes when its turn began, that is better.
 */
struct turn_start {
	uint64_t seq; /* the turn; 0: none yet */
	uint64_t ns; /* 0: the turn's start is as it seems */
	uint64_t ran_ns; /* when the thread first ran after the wait that slept */
	uint64_t blocked_ns; /* between then and ns, told of in slices */
};

/* What a thread did up to a moment. */
struct loop_counts {
	uint64_t turns;
	uint64_t stalls;
	uint64_t idle_ns;
	struct ledger ledger;
	unsigned int hist[BP_HIST_BUCKETS];
};

struct inquiry;

struct loop {
	unsigned int slot;
	uint64_t number; /* no other loop of this watch has it */
	struct thread_id id; /* runtime NULL: a thread that is no loop */
	bool announced;
	uint64_t turn_seq; /* the turn that slices last came for */
	struct slices turn; /* of it */
	uint64_t last_ns; /* when the latest of them began */
	uint64_t until_ns; /* up to when they show that the thread was in its loop */
	uint64_t busy_ns; /* time in old turns, less time in none; bounded */
	uint64_t
		vouched_seq; /* of a turn that began with a block, while the loop was not watched */
	uint64_t void_seq; /* a turn that is none after all: not told */
	uint64_t next_return_ns; /* when to see whether the thread is in a loop again */
	uint64_t strange_seq; /* GLib: the turn in which it polls at another call site */
	uint64_t strange_id; /* that call site */
	unsigned int strange; /* how often in a row */
	uint64_t strange_ns; /* the last of them */
	struct slices blocked; /* of turns that were no stalls, not told yet */
	uint64_t stalls;
	uint64_t early_ns; /* when the block began whose names were looked up while it lasted */
	enum cause early_cause; /* of that block */
	uint64_t causes_ns[CAUSE_NR]; /* blocked time that slices have told of, in stalls or not */
	uint64_t told_seq; /* the turn told of as ongoing last */
	uint64_t next_told_ns;
	struct turn_start
		start; /* of a turn that was found to have begun later than the scheduler shows */
	/* The block that the thread was in when it was bound: what the kernel side could not see. */
	struct slice earlier;
	uint64_t earlier_since_ns; /* 0: none */
	struct loop_counts *before; /* the period that is summed up; NULL: since it was bound */
	struct copy_size copy_size; /* of its stack */
	struct inquiry *inquiry; /* into the block that it is in, or was in last; NULL: none */
};

struct loop *loop_new(unsigned int slot, pid_t pid, pid_t tid, const char *runtime);
void loop_free(struct loop *loop);
int loop_set_runtime(struct loop *loop, const char *runtime);

/* The turn that slices come for is seq from now on; one before it was no stall. */
void loop_turn(struct loop *loop, uint64_t seq);
/* Takes what slice owns, which lasted from since_ns to until_ns. */
void loop_add(struct loop *loop, struct slice *slice, uint64_t since_ns, uint64_t until_ns);
/* What has come for the turn so far was of turns before it. */
void loop_pass(struct loop *loop);
/* Blocked time in what has come for the turn. */
uint64_t loop_blocked(const struct loop *loop);
/* Of that, time in locks. */
uint64_t loop_locked(const struct loop *loop);
void loop_add_blocked(struct loop *loop, struct slice *slice);
/* Time of a slice, as its cause's. */
void loop_count(struct loop *loop, const struct slice *slice);
/* Drops what has come for a turn, which is none. */
void loop_void(struct loop *loop, uint64_t seq);

/* The summary of what slot's thread has done in the period up to now_ns. id is copied. */
int loop_summarise(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		   struct loop_summary *out);
/* A period begins: what was before does not count in summaries any more. 0 or -ENOMEM. */
int loop_new_period(struct loop *loop, struct bp_slot *slot, uint64_t now_ns);
/* How it stands at now_ns. */
void loop_stand(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		struct engine_loop *out);

#endif
