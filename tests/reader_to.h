/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reader_to.h - what a recording holds goes to an output. */
#ifndef BLOCKPROF_TESTS_READER_TO_H
#define BLOCKPROF_TESTS_READER_TO_H

#include "output/output.h"
#include "recording/recording.h"

static void to_start(void *output, const struct start_record *record)
{
	output_start(output, record);
}

static void to_loop(void *output, const struct loop_record *record)
{
	output_loop(output, record);
}

static void to_stall(void *output, const struct stall_record *record)
{
	output_stall(output, record);
}

static void to_withdrawn(void *output, const struct withdrawn_record *record)
{
	output_withdrawn(output, record);
}

static void to_blocked(void *output, const struct blocked_record *record)
{
	output_blocked(output, record);
}

static void to_exit(void *output, const struct exit_record *record)
{
	output_exit(output, record);
}

static void to_note(void *output, const struct note_record *record)
{
	output_note(output, record);
}

static void to_summary(void *output, const struct summary_record *record)
{
	output_summary(output, record);
}

static inline struct recording_reader reader_to(struct output *output)
{
	return (struct recording_reader){
		.context = output,
		.start = to_start,
		.loop = to_loop,
		.stall = to_stall,
		.withdrawn = to_withdrawn,
		.blocked = to_blocked,
		.exit = to_exit,
		.note = to_note,
		.summary = to_summary,
	};
}

#endif
