/* SPDX-License-Identifier: GPL-2.0-or-later */
/* last.h - the page's data, as it was made last: several who ask at a time have it made once. */
#ifndef BLOCKPROF_WEB_CHILD_LAST_H
#define BLOCKPROF_WEB_CHILD_LAST_H

#include <stddef.h>
#include <stdint.h>

#define LAST_NR 2 /* of the hour, and of the last moments */

/* Starts as { 0 }. */
struct last {
	struct last_made {
		uint64_t seconds; /* that it is of */
		uint64_t until_ns; /* it is fresh, CLOCK_MONOTONIC */
		char *text; /* NULL: none */
		size_t bytes;
	} v[LAST_NR];
};

/* One that is fresh; NULL: it has to be made. Valid until the next call. */
const struct last_made *last_find(const struct last *last, uint64_t seconds);
/* Of the records in a file (hour.h), which stays open. NULL: it cannot be made. */
const struct last_made *last_make(struct last *last, uint64_t seconds, int file, uint64_t bytes);

#endif
