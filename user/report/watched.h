/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watched.h - for how long, and in which minutes, loops were watched. */
#ifndef BLOCKPROF_REPORT_WATCHED_H
#define BLOCKPROF_REPORT_WATCHED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct watched;

int watched_new(struct watched **out); /* 0 or -ENOMEM */
void watched_free(struct watched *watched);

/* A recording begins; it has gone on until then; it ends, and so does the time of its loops. */
void watched_begin(struct watched *watched, uint64_t time_ns);
void watched_until(struct watched *watched, uint64_t time_ns);
int watched_end(struct watched *watched); /* 0 or -ENOMEM */

/* Something came of a loop, by its number (loop_numbers.h), or of a thread that is none: SIZE_MAX. 0 or -ENOMEM. */
int watched_see(struct watched *watched, size_t loop, pid_t pid, uint64_t from_ns, uint64_t to_ns);
void watched_exit(struct watched *watched, pid_t pid, uint64_t time_ns);
/* For how long this recording says that it watched the loop. */
void watched_sum(struct watched *watched, size_t loop, uint64_t wall_ns);

/* Of all loops, in all. */
uint64_t watched_ns(const struct watched *watched);

/* For how long loops were watched in each minute. */
struct minutes {
	uint64_t first; /* since 1970 */
	size_t nr;
	uint64_t *loop_ns;
	size_t whole; /* those with half a minute of a loop, or more */
};

/* The caller frees. 0 or -ENOMEM. */
int watched_minutes(const struct watched *watched, struct minutes *minutes);
void minutes_free(struct minutes *minutes);
/* 0: it is too short a part of one to be compared. */
uint64_t minutes_loop_ns(const struct minutes *minutes, uint64_t minute);

#endif
