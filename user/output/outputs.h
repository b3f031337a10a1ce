/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outputs.h - a set of outputs that are fed alike: of stalls and blocked time, what --match lets through. */
#ifndef BLOCKPROF_OUTPUT_OUTPUTS_H
#define BLOCKPROF_OUTPUT_OUTPUTS_H

#include "output/output.h"

/* Starts as { 0 }. v and nr are set by the code that opens and closes the outputs. */
struct outputs {
	struct output **v;
	size_t nr;
	int64_t realtime_offset_ns; /* a record has the same time in each: timestamp_of() */
	const struct match *match; /* NULL: all */
	uint64_t unmatched; /* stalls that --match left out since the last summary */
};

void outputs_start(struct outputs *outputs, const struct start_record *record);
void outputs_loop(struct outputs *outputs, const struct loop_record *record);
/* Whether --match lets it through; a stall that it does not is counted. */
bool outputs_stall(struct outputs *outputs, const struct stall_record *record);
/* The slices that --match lets through. Whether there are any. */
bool outputs_blocked(struct outputs *outputs, const struct blocked_record *record);
void outputs_exit(struct outputs *outputs, const struct exit_record *record);
void outputs_note(struct outputs *outputs, const struct note_record *record);
/* Adds the number of stalls that --match left out. */
void outputs_summary(struct outputs *outputs, const struct summary_record *record);
void outputs_dump(struct outputs *outputs, const struct dump_record *record);
/* Whether none of them can be written any more, so that it is of no use to go on. */
bool outputs_are_dead(const struct outputs *outputs);

#endif
