/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scope.h - what is watched, and what counts as a stall: the options that
 * watch, top and serve have in common. Functions that fail have told the user
 * why (message.h).
 */
#ifndef BLOCKPROF_CLI_SCOPE_H
#define BLOCKPROF_CLI_SCOPE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/usage.h"
#include "stall/engine.h"
#include "stall/loops/filter.h"

struct scope {
	pid_t *pids; /* none: the whole system, or a COMMAND */
	size_t nr_pids;
	struct filter *filter; /* of the whole system only these; NULL: all */
	uint64_t threshold_ns;
	uint64_t duration_ns; /* 0: no end */
	bool follow;
	bool all_threads;
	struct engine_override *overrides;
	size_t nr_overrides;
};

/* For getopt's tables of a command that has a scope. A command's own long options count from OPTION_OWN. */
enum {
	OPTION_ALL_THREADS = 256,
	OPTION_LOOP,
	OPTION_CGROUP,
	OPTION_OWN,
};

/* Those of every process that is not named one by one, and all of them. */
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
/* 0; USAGE_OTHER: it is not one of these; -EINVAL: wrong usage; -ENOMEM. */
int scope_take(struct scope *scope, int option, const char *value);
/* After the last option. 0, or -EINVAL: they do not go together. */
int scope_finish(const struct scope *scope, bool command);
void scope_free(struct scope *scope);

#endif
