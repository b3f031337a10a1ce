/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scope_options.h - what is watched, and what counts as a stall: the options
 * that watch, top and serve have in common. Functions that fail have printed why
 * (message.h).
 */
#ifndef BLOCKPROF_CLI_SCOPE_OPTIONS_H
#define BLOCKPROF_CLI_SCOPE_OPTIONS_H

#include "cli/usage.h"
#include "session/session.h"

/* For the tables of a command that has a scope. Its own long options are numbered from OPTION_OWN on. */
enum {
	OPTION_ALL_THREADS = 256,
	OPTION_LOOP,
	OPTION_CGROUP,
	OPTION_OWN,
};

/* The options for the whole system, and all of them. */
#define SCOPE_SYSTEM_SHORT_OPTIONS "c:u:t:"
#define SCOPE_SYSTEM_LONG_OPTIONS                                                           \
	{ "comm", required_argument, NULL, 'c' }, { "unit", required_argument, NULL, 'u' }, \
		{ "cgroup", required_argument, NULL, OPTION_CGROUP },                       \
		{ "threshold", required_argument, NULL, 't' },                              \
	{                                                                                   \
		"all-threads", no_argument, NULL, OPTION_ALL_THREADS                        \
	}
#define SCOPE_SHORT_OPTIONS SCOPE_SYSTEM_SHORT_OPTIONS "p:fd:"
#define SCOPE_LONG_OPTIONS                                                  \
	SCOPE_SYSTEM_LONG_OPTIONS, { "pid", required_argument, NULL, 'p' }, \
		{ "follow", no_argument, NULL, 'f' },                       \
		{ "duration", required_argument, NULL, 'd' },               \
	{                                                                   \
		"loop", required_argument, NULL, OPTION_LOOP                \
	}

void scope_init(struct scope *scope);
/* 0, USAGE_OTHER: it is none of these, -EINVAL: wrong usage, or -ENOMEM. */
int scope_take(struct scope *scope, int option, const char *value);
/* After the last option. 0, or -EINVAL: some of them do not go together. */
int scope_finish(const struct scope *scope, bool command);
void scope_free(struct scope *scope);

/* Whether the processes can be watched, and their numbers are those of our /proc. 0 or -errno. */
int scope_check(const struct scope *scope);
/* Prints why a session could not be opened, or not go on. */
void scope_report_failure(const struct session *session);

#endif
