/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outputs.h - a set of outputs that are all fed alike, and of stalls and blocked time only what --match lets through. */
#ifndef BLOCKPROF_OUTPUT_OUTPUTS_H
#define BLOCKPROF_OUTPUT_OUTPUTS_H

#include "output/output.h"

/* Starts as { 0 }; who opens and closes them fills v and nr. */
struct outputs {
	struct output **v;
	size_t nr;
	int64_t realtime_offset_ns; /* a record has the same time in each: timestamp_of() */
	const struct match *match; /* NULL: all */
	uint64_t unmatched; /* stalls that they were not fed since the last summary */
};

void outputs_start(struct outputs *outputs, const struct start_record *record);
void outputs_loop(struct outputs *outputs, const struct loop_record *record);
/* Whether it is like --match: one that is not goes to no output, and is counted. */
bool outputs_stall(struct outputs *outputs, const struct stall_record *record);
/* Those of its slices that are like --match. Whether there are any. */
bool outputs_blocked(struct outputs *outputs, const struct blocked_record *record);
void outputs_exit(struct outputs *outputs, const struct exit_record *record);
void outputs_note(struct outputs *outputs, const struct note_record *record);
/* With the number of stalls that they were not fed. */
void outputs_summary(struct outputs *outputs, const struct summary_record *record);
void outputs_dump(struct outputs *outputs, const struct dump_record *record);
/* Whether none of them can be written any more: going on is of no use. */
bool outputs_are_dead(const struct outputs *outputs);

#endif
