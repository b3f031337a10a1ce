/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runner.h - the process that runs --on-stall's command: a few at a time, each
 * with a time limit, the rest in a bounded queue. Files come over a socket; each
 * becomes the standard input of one run. It sends a byte when it is ready, and
 * ends when the socket is closed.
 */
#ifndef BLOCKPROF_RUN_RUNNER_H
#define BLOCKPROF_RUN_RUNNER_H

#include <stdint.h>

#include "base/clock.h"

#define RUNNER_MAX	4 /* commands that run at a time */
#define RUNNER_QUEUE	64 /* stalls that wait for one of those to end */
#define RUNNER_LIMIT_NS (10 * NS_PER_SEC) /* for one run, then SIGTERM */
#define RUNNER_KILL_NS	NS_PER_SEC /* from SIGTERM to SIGKILL */
#define RUNNER_END_NS	(3 * NS_PER_SEC) /* for all of them when the socket is closed */

/* In memory that both processes have; only the runner writes. */
struct runner_counts {
	uint64_t run; /* commands that have ended */
	uint64_t failed; /* ended with another status than 0, by themselves */
	uint64_t late; /* took too long and were ended */
	uint64_t not_run; /* the queue was full, or the end came */
	int first_status; /* of the first that failed, as wait() gives it; -1: it could not be started */
};

/* Never returns. This process is already the user's that commands are to run as. */
void runner_run(int socket, const char *command, struct runner_counts *counts)
	__attribute__((noreturn));

#endif
