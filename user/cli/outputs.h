/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outputs.h - what -o and -F ask for, opened and fed together. Functions that
 * fail have told the user why (message.h).
 */
#ifndef BLOCKPROF_CLI_OUTPUTS_H
#define BLOCKPROF_CLI_OUTPUTS_H

#include "output/output.h"

#define OUTPUTS_MAX 32

struct output_spec {
	const char *path; /* "-": stdout */
	const struct output_format *format; /* NULL: by the path's suffix; text on stdout */
	bool implied; /* stdout that only an -F before any -o asked for */
};

/* Starts as { 0 }. Strings are those of the command line and must stay. */
struct outputs_spec {
	struct output_spec v[OUTPUTS_MAX];
	size_t nr;
};

/* -o PATH. 0, or -EINVAL: wrong usage. */
int outputs_spec_path(struct outputs_spec *spec, const char *path);
/* -F NAME: for the -o before it, else for stdout. 0, or -EINVAL: wrong usage. */
int outputs_spec_format(struct outputs_spec *spec, const char *name);
/* After the last option: fills in formats, and stdout where nothing was given. 0 or -EINVAL. */
int outputs_spec_finish(struct outputs_spec *spec);
/* Whether this open regular file would be written to: it shall not be read then. */
bool outputs_spec_writes(const struct outputs_spec *spec, const char *path);

/*
 * Opens all or none; -errno. colour and columns of options are found out here,
 * for a stdout that is a terminal.
 */
int outputs_open(struct outputs *outputs, const struct outputs_spec *spec,
		 const struct output_options *options);
void outputs_start(struct outputs *outputs, const struct start_record *record);
void outputs_loop(struct outputs *outputs, const struct loop_record *record);
/* Whether it is like --match: one that is not goes to no output, and is counted. */
bool outputs_stall(struct outputs *outputs, const struct stall_record *record);
/* Those of its slices that are like --match. */
void outputs_blocked(struct outputs *outputs, const struct blocked_record *record);
void outputs_exit(struct outputs *outputs, const struct exit_record *record);
void outputs_note(struct outputs *outputs, const struct note_record *record);
void outputs_summary(struct outputs *outputs, const struct summary_record *record);
void outputs_dump(struct outputs *outputs, const struct dump_record *record);
/* Whether none of them can be written any more: going on is of no use. */
bool outputs_are_dead(const struct outputs *outputs);
/*
 * Completes and closes all. 0, or the first -errno. A reader of stdout that
 * went away (| head) had enough: that is no error.
 */
int outputs_close(struct outputs *outputs);

#endif
