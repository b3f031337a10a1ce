/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handler.h - --on-stall CMD: a shell command that is run for each stall, which
 * it gets on standard input as the one line of JSON that a recording has.
 *
 * A process of its own starts the commands (runner.h), as the calling user: the
 * one that reads the kernel's records only puts a stall in memory and hands it
 * over. What cannot be handed over, or finds the queue full, is counted.
 */
#ifndef BLOCKPROF_RUN_HANDLER_H
#define BLOCKPROF_RUN_HANDLER_H

#include "model/model.h"
#include "run/runner.h"

struct caller;
struct handler;

/* Forks: to be called before anything large is there. command stays the caller's. 0 or -errno. */
int handler_new(struct handler **out, const char *command, const struct caller *caller);
/*
 * Every stall, as it is told: the command is run once for each, when it has
 * ended, or by handler_finish() if it lasts until then. time_ns is to be filled.
 */
void handler_stall(struct handler *handler, const struct stall_record *stall);
/* Says what has gone wrong with the command, each kind once. Now and then. */
void handler_poll(struct handler *handler);
/*
 * No more stalls. Commands that run, or are to be run, get a moment to end
 * (RUNNER_END_NS), then none of them is left; says how it went.
 */
void handler_finish(struct handler *handler);
struct runner_counts handler_counts(const struct handler *handler);
void handler_free(
	struct handler
		*handler); /* after handler_finish(), or as that without stalls; NULL: nothing */

#endif
