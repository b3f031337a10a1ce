/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scope.h - what is watched, for how long, and what counts as a stall. */
#ifndef BLOCKPROF_SESSION_SCOPE_H
#define BLOCKPROF_SESSION_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct engine_override;
struct filter;

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

#endif
