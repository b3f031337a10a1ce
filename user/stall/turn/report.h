/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - turns and blocked time to the outputs. What is reported is decided in decide.h. */
#ifndef BLOCKPROF_STALL_TURN_REPORT_H
#define BLOCKPROF_STALL_TURN_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

struct engine;
struct live;
struct loop;

/* A turn that is over. */
struct ended_turn {
	uint64_t seq;
	uint64_t start_ns; /* where it really began: start.h */
	uint64_t end_ns;
	struct bp_ledger ledger; /* from there */
	bool estimated; /* its beginning or its end was cut off, so the ledger's parts may not add up */
	enum doubt doubt;
	int64_t delayed_events; /* -1: not known */
	uint64_t nested_since_ns; /* as in struct bp_slot */
	const struct bp_sum *sums; /* BP_SUMS of them; NULL: none */
	const struct bp_runner *runners; /* BP_RUNNERS of them; NULL: none */
};

/* A turn that lasts. */
struct lasting_turn {
	const struct live *live;
	uint64_t now_ns;
	uint64_t start_ns; /* as above */
	struct bp_ledger ledger; /* up to now_ns */
	enum doubt doubt;
};

/* What has come of it is the record's then. */
void report_ended(struct engine *engine, struct loop *loop, const struct ended_turn *turn);
/* now: the block that it is in, which the record takes. at_end: the watch ends. */
void report_lasting(struct engine *engine, struct loop *loop, const struct lasting_turn *turn,
		    struct slices *now, bool at_end);
/* Is it time to report that this turn lasts? */
bool report_is_due(const struct loop *loop, uint64_t seq, uint64_t now_ns);
/* It was reported as lasting. */
bool report_has_begun(const struct loop *loop, uint64_t seq);

/* It was, and neither its end nor that it was none. */
bool report_is_open(const struct loop *loop, uint64_t seq);
/* If so: it was none. */
void report_withdraw(struct engine *engine, struct loop *loop, uint64_t seq, enum discard reason);

/* Blocked time that is not reported yet. */
void report_blocked(struct engine *engine, struct loop *loop);
/* From this moment on. */
void report_start(struct engine *engine, uint64_t now_ns);
/* Is it time to report blocked time, of all loops? Asked once a tick. */
bool report_blocked_is_due(struct engine *engine, uint64_t now_ns);

#endif
