/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * minute.h - the lines of a minute, and who gets them. A unit may have as many as it leaves
 * for others, a process half of what its unit may have, by the same rule; what lasted twice as
 * long as all that was told of both gets a line beyond that. The rest is said in one line at
 * the end.
 */
#ifndef BLOCKPROF_SERVE_MINUTE_H
#define BLOCKPROF_SERVE_MINUTE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/model.h"

#define MINUTE_LINES	  120
#define MINUTE_LONGEST	  20 /* lines besides those, for what lasted longer than all before it */
#define MINUTE_UNIT_BYTES 128

struct minute;

/* The unit of a process, its container or cgroup where it has none; "": not known. */
typedef void minute_unit_fn(pid_t pid, char unit[MINUTE_UNIT_BYTES]);

int minute_new(struct minute **out, minute_unit_fn *unit); /* 0 or -ENOMEM */
void minute_free(struct minute *minute);

/* Something that is worth a line. */
struct minute_item {
	const struct thread_id *id;
	uint64_t lasted_ns; /* 0: a note */
	bool ongoing; /* it comes again: until then it is not left out */
};

/* Whether it gets one. */
bool minute_take(struct minute *minute, const struct minute_item *item, uint64_t now_ns);
/*
 * What was left out, once the minute is over: "1000 more stalls and notes in the last minute:
 * 990 of web.service, the longest 5.0 s (python3[12]); ...". The caller's; NULL: nothing was,
 * or it is not over.
 */
char *minute_left_out(struct minute *minute, uint64_t now_ns);

#endif
