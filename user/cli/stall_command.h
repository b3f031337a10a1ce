/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stall_command.h - the command of --on-stall in a program whose options can
 * change while it runs: one that stays the same goes on.
 */
#ifndef BLOCKPROF_CLI_STALL_COMMAND_H
#define BLOCKPROF_CLI_STALL_COMMAND_H

#include <stdbool.h>

#include "model/model.h"
#include "run/caller.h"
#include "run/handler.h"

/* Starts as { 0 }, without a command. */
struct stall_command {
	struct caller caller; /* whose command it is, under sudo */
	struct handler *handler; /* NULL: none */
	char *text;
	bool finished;
	uint64_t dropped; /* stalls that it was not run for, and that a summary has counted */
	struct {
		bool failed, late, dropped;
	} said; /* each of them once */
};

/* --on-stall: the last one given counts. 0, or -EINVAL: wrong usage, which was said. */
int stall_command_option(const char **on_stall, const char *text);

/* Finds the caller, as whom what (for a message; NULL: nothing yet) is to be started. 0 or -errno, which was said. */
int stall_command_open(struct stall_command *command, const char *what);
void stall_command_close(struct stall_command *command);

/*
 * For the command that options name (NULL: none) *out is what
 * stall_command_set() takes; nothing has changed before that. 0 or -errno, which was said.
 */
int stall_command_prepare(const struct stall_command *command, const char *text,
			  struct handler **out);
/* Ends the command that was before, if it is another one. */
void stall_command_set(struct stall_command *command, const char *text, struct handler *handler);

/* The same in one: text may be NULL. 0 or -errno, which was said. */
int stall_command_start(struct stall_command *command, const char *text);

/* time_ns is to be filled. */
void stall_command_run(struct stall_command *command, const struct stall_record *stall);
/* Says what has gone wrong with the command. Now and then. */
void stall_command_poll(struct stall_command *command);
/* Adds what was dropped since the summary before. */
void stall_command_summarise(struct stall_command *command, struct summary_record *record);
/* No more stalls: what runs gets a moment to end. Says how it went, if not well. */
void stall_command_finish(struct stall_command *command);

#endif
