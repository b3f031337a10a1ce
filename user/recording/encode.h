/* SPDX-License-Identifier: GPL-2.0-or-later */
/* encode.h - records as lines of a recording: JSON Lines. */
#ifndef BLOCKPROF_RECORDING_ENCODE_H
#define BLOCKPROF_RECORDING_ENCODE_H

#include <stdio.h>

#include "base/siphash.h"
#include "model/diff.h"
#include "model/dump.h"
#include "model/model.h"

/* Where lines go. Each is whole, with its newline. */
struct line_writer {
	int (*write)(void *context, const char *line, size_t bytes); /* 0 or -errno */
	void *context;
	const struct siphash_key
		*redact; /* what of a line is not to be shown is hashed; NULL: nothing */
};

/* To a file as it stands. */
struct line_writer line_writer_of(FILE *out);

/* A record's time_ns has to be set. 0, -ENOMEM, or the -errno of the writer. */
int encode_start(const struct line_writer *to, const struct start_record *start);
int encode_loop(const struct line_writer *to, const struct loop_record *loop);
int encode_stall(const struct line_writer *to, const struct stall_record *stall);
int encode_withdrawn(const struct line_writer *to, const struct withdrawn_record *withdrawn);
int encode_blocked(const struct line_writer *to, const struct blocked_record *blocked);
int encode_second(const struct line_writer *to, const struct second_record *second);
int encode_exit(const struct line_writer *to, const struct exit_record *exited);
int encode_note(const struct line_writer *to, const struct note_record *note);
int encode_summary(const struct line_writer *to, const struct summary_record *summary);
/* Several lines: the process, then its threads, then its tasks. */
int encode_dump(const struct line_writer *to, const struct dump_record *dump);
/* Several lines: what was compared, then each place. */
int encode_diff(const struct line_writer *to, const struct diff_record *diff);

/* The line of a stall in memory; the caller frees; NULL: no memory. */
char *encode_stall_line(const struct stall_record *stall);

#endif
