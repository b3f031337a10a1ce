/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handler.h - --on-stall CMD: a shell command that is run for each stall, with the
 * stall's line of JSON on standard input, as a recording has it.
 *
 * A process of its own starts the commands (runner.h), as the calling user. This
 * one, which reads the kernel's records, only puts a stall in memory and hands it
 * over. Stalls that cannot be handed over, or find the queue full, are counted.
 */
#ifndef BLOCKPROF_RUN_HANDLER_H
#define BLOCKPROF_RUN_HANDLER_H

#include <stdbool.h>

#include "model/model.h"
#include "run/runner.h"

struct caller;
struct handler;

/* Forks: to be called before anything large is there. 0 or -errno. */
int handler_new(struct handler **out, const char *command, const struct caller *caller);
/*
 * Every report of a stall: the command is run once for each stall, when it has
 * ended, or by handler_close() if it lasts until then. Its time_ns has to be set.
 */
void handler_stall(struct handler *handler, const struct stall_record *stall);
/* It was none: the command is not run for it. */
void handler_withdrawn(struct handler *handler, const struct withdrawn_record *withdrawn);
struct runner_counts handler_counts(const struct handler *handler);
/*
 * No more stalls. Commands that run, or are to be run, get a moment to end
 * (RUNNER_END_NS), then none of them is left.
 */
void handler_close(struct handler *handler);
/* Whether the process that runs commands has ended; waits for that so long. */
bool handler_has_ended(const struct handler *handler, int ms);
/* After handler_close(): waits until it has ended, which takes a bounded time. */
void handler_wait(struct handler *handler);
/* Without handler_wait() before, waits too, but forgets the stalls that last. NULL: nothing. */
void handler_free(struct handler *handler);

#endif
