/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outputs.h - a set of outputs that are fed alike: of stalls and blocked time, what --match and --ignore let through. */
#ifndef BLOCKPROF_OUTPUT_OUTPUTS_H
#define BLOCKPROF_OUTPUT_OUTPUTS_H

#include "output/output.h"

struct ignore;

#define OUTPUTS_LASTING 256

/* Starts as { 0 }. v and nr are set by the code that opens and closes the outputs. */
struct outputs {
	struct output **v;
	size_t nr;
	int64_t realtime_offset_ns; /* a record has the same time in each: timestamp_of() */
	const struct match *match; /* NULL: all */
	uint64_t unmatched; /* stalls that --match left out since the last summary */
	struct ignore *ignore; /* NULL: no rules */
	/* Those that were reported while they last, and that a rule may fit later on. */
	struct lasting {
		pid_t pid;
		pid_t tid;
		char turn[40];
	} lasting[OUTPUTS_LASTING];
	size_t nr_lasting;
};

void outputs_start(struct outputs *outputs, const struct start_record *record);
void outputs_loop(struct outputs *outputs, const struct loop_record *record);
/*
 * Whether --match and --ignore let it through; a stall that they do not is counted,
 * and withdrawn where it was reported while it lasted.
 */
bool outputs_stall(struct outputs *outputs, const struct stall_record *record);
/* To all: whether --match let its stall through is not kept. */
void outputs_withdrawn(struct outputs *outputs, const struct withdrawn_record *record);
/* The slices that --match lets through. Whether there are any. */
bool outputs_blocked(struct outputs *outputs, const struct blocked_record *record);
void outputs_second(struct outputs *outputs, const struct second_record *record);
void outputs_exit(struct outputs *outputs, const struct exit_record *record);
void outputs_note(struct outputs *outputs, const struct note_record *record);
/* Adds the numbers of stalls that --match and --ignore left out. */
void outputs_summary(struct outputs *outputs, const struct summary_record *record);
void outputs_dump(struct outputs *outputs, const struct dump_record *record);
void outputs_diff(struct outputs *outputs, const struct diff_record *record);
/* Before something else is written to the terminal. */
void outputs_hide(struct outputs *outputs);
/* How much of all of them has been written. */
uint64_t outputs_bytes(const struct outputs *outputs);
/* Writes what readers take now of what is kept for them. Whether something is left. */
bool outputs_try(struct outputs *outputs);
/* Whether none of them can be written any more, so that it is of no use to go on. */
bool outputs_are_dead(const struct outputs *outputs);

#endif
