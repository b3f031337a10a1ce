/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restarts.h - how often a child that died is started again: some times in a row, then one by one. */
#ifndef BLOCKPROF_BASE_RESTARTS_H
#define BLOCKPROF_BASE_RESTARTS_H

#include <stdbool.h>
#include <stdint.h>

struct restarts {
	unsigned int max; /* in a row */
	uint64_t each_ns; /* after which one more is granted */
	unsigned int left;
	uint64_t granted_ns; /* when that was last made more */
	uint64_t taken; /* in all */
};

struct restarts restarts_of(unsigned int max, uint64_t each_ns);
/* Whether one more is granted now; it counts as taken then. */
bool restarts_take(struct restarts *restarts);

#endif
