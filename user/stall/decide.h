/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.h - what becomes of a loop's turn: reported, passed over, cut short,
 * discarded, or counted as doubtful.
 */
#ifndef BLOCKPROF_STALL_DECIDE_H
#define BLOCKPROF_STALL_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "stall/state/live.h"
#include "stall/turn/report.h"

struct engine;
struct loop;

/*
 * A record of a turn has come. false: what it is of is no turn, or not any more;
 * where the thread had left its loop by then, the turn ended with what came before,
 * and that is reported if it was a stall.
 */
bool decide_record(struct engine *engine, struct loop *loop, const struct bp_slice *record);

/* A turn that passed the threshold has ended. false: it is not to be reported. */
bool decide_ended(struct engine *engine, struct loop *loop, const struct bp_turn *record,
		  struct ended_turn *turn);

/*
 * Whether the loop is in a turn that is to be reported now, as one that lasts.
 * live is filled; at_end: the watch ends.
 */
bool decide_lasting(struct engine *engine, struct loop *loop, uint64_t now_ns, bool at_end,
		    struct live *live, struct lasting_turn *turn);

#endif
