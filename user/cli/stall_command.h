/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stall_command.h - the command of --on-stall. Options can change while a watch
 * goes on: a command that stays the same is not started anew. Functions that fail
 * have printed why (message.h).
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
	uint64_t not_run; /* stalls that it was not run for, and that a summary has counted */
	struct {
		bool failed, late, not_run;
	} reported; /* each of them once */
};

/* Takes --on-stall: the last one that is given counts. 0, or -EINVAL: wrong usage. */
int stall_command_option(const char **on_stall, const char *text);

/* Finds the caller, as whom what is to be started (named in the message; NULL: nothing yet). 0 or -errno. */
int stall_command_open(struct stall_command *command, const char *what);
void stall_command_close(struct stall_command *command);

/*
 * Starts the command that options name (NULL: none), for stall_command_set(); up
 * to that call nothing has changed. 0 or -errno.
 */
int stall_command_prepare(const struct stall_command *command, const char *text,
			  struct handler **out);
/* Ends the command that was before, if it is another one. */
void stall_command_set(struct stall_command *command, const char *text, struct handler *handler);

/* Both in one; text may be NULL. 0 or -errno. */
int stall_command_start(struct stall_command *command, const char *text);

/* Its time_ns has to be set. */
void stall_command_run(struct stall_command *command, const struct stall_record *stall);
/* A stall that was reported as ongoing was none. */
void stall_command_withdrawn(struct stall_command *command,
			     const struct withdrawn_record *withdrawn);
/* Reports what has gone wrong with the command, each kind once. To be called now and then. */
void stall_command_poll(struct stall_command *command);
/* Adds the stalls that it was not run for since the summary before. */
void stall_command_summarise(struct stall_command *command, struct summary_record *record);
/* No more stalls: what runs gets a moment to end. Reports how it went, if not well. */
void stall_command_finish(struct stall_command *command);

#endif
