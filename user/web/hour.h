/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hour.h - what the page shows: a recording of the last hour, in memory. Loops, seconds added
 * up to steps, stalls, and small blocks; each kind has a bound, and says since when it is whole.
 */
#ifndef BLOCKPROF_WEB_HOUR_H
#define BLOCKPROF_WEB_HOUR_H

#include <stdio.h>

#include "model/model.h"
#include "web/recent.h"
#include "web/wire/wire.h"

struct hour;
struct match;

int hour_new(struct hour **out); /* 0 or -ENOMEM */
void hour_free(struct hour *hour); /* NULL is fine */
/* Another watch begins; match: small blocks of such stacks only, NULL: of any. It outlives the watch. */
void hour_new_watch(struct hour *hour, const struct match *match);
void hour_loop(struct hour *hour, const struct loop_record *loop);
void hour_second(struct hour *hour, const struct second_record *second);
void hour_blocked(struct hour *hour, const struct blocked_record *blocked);
/* A recording has ended: what it lacks is lacking in the hour, too. */
void hour_recorded(struct hour *hour, const struct summary_record *summary);
/* Each second. now_ns: CLOCK_MONOTONIC. */
void hour_tick(struct hour *hour, uint64_t now_ns);

/* What a recording begins with, the stalls that it has, and what it lacks since the last has ended. */
struct hour_with {
	const struct start_record *start; /* its time is set */
	const struct recent *stalls;
	const struct summary_record *unseen;
};

/*
 * The records since question->since_ns, as lines of JSON; before them one with "type":"missing",
 * which says what is not whole: what ended by "stalls_ms", "blocked_ms", "seconds_ms", and how many
 * stalls besides are "lasting"; and what was not seen since "unseen_ms", the last record says. 0 or -errno.
 */
int hour_write(struct hour *hour, FILE *out, const struct web_question *question,
	       const struct hour_with *with);

#endif
