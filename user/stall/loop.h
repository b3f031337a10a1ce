/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.h - a thread whose time is kept, as user space knows it: what belongs to a slot. */
#ifndef BLOCKPROF_LOOP_H
#define BLOCKPROF_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

struct loop {
	unsigned int slot;
	struct thread_id id; /* runtime NULL: a thread that is no loop */
	bool announced;
	uint64_t turn_seq; /* the turn that slices last came for */
	struct slices turn; /* of it */
	uint64_t void_seq; /* a turn that is none after all: not told */
	struct slices blocked; /* of turns that were no stalls, not told yet */
	uint64_t stalls;
	uint64_t told_seq; /* the turn told of as ongoing last */
	uint64_t next_told_ns;
	/* The block that the thread was in when it was bound: what the kernel side could not see. */
	struct slice earlier;
	uint64_t earlier_since_ns; /* 0: none */
};

struct loop *loop_new(unsigned int slot, pid_t pid, pid_t tid, const char *runtime);
void loop_free(struct loop *loop);
int loop_set_runtime(struct loop *loop, const char *runtime);

/* The turn that slices come for is seq from now on; one before it was no stall. */
void loop_turn(struct loop *loop, uint64_t seq);
/* Takes what slice owns. */
void loop_add(struct loop *loop, struct slice *slice);
void loop_add_blocked(struct loop *loop, struct slice *slice);
/* Drops what has come for a turn, which is none. */
void loop_void(struct loop *loop, uint64_t seq);

/* The summary of what slot's thread has done up to now_ns. id is copied. */
int loop_summarise(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		   struct loop_summary *out);

#endif
