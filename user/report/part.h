/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * part.h - --since, --until and --loops: a part of recordings, of some time and of
 * some loops. A stall is of each time that it lasts in, other records of their moment;
 * where a loop only waited is cut.
 */
#ifndef BLOCKPROF_REPORT_PART_H
#define BLOCKPROF_REPORT_PART_H

#include "base/patterns.h"
#include "recording/recording.h"

/* A moment as a user writes it. Starts as { 0 }: there is none. */
struct moment {
	enum { MOMENT_NONE, MOMENT_AT, MOMENT_OF_DAY, MOMENT_BEFORE_END } kind;
	uint64_t ns; /* since 1970, since midnight, or before the end */
};

/* RFC 3339, HH:MM[:SS], or -TIME. 0 or -EINVAL. */
int moment_parse(const char *text, struct moment *moment);

struct part;

int part_new(struct part **out); /* 0 or -ENOMEM */
void part_free(struct part *part);
void part_since(struct part *part, struct moment moment);
void part_until(struct part *part, struct moment moment);
/*
 * Only loops of which the name of thread, program, runtime, unit, control group,
 * container or machine matches. 0; -EINVAL: regex is none, and reason says why; -ENOMEM.
 */
int part_loops(struct part *part, const char *regex, char reason[PATTERN_REASON_BYTES]);

/* Whether the end of the recordings has to be known before they are read: part_end(). */
bool part_wants_end(const struct part *part);
void part_end(struct part *part, uint64_t end_ns);

/* What is to read a recording, so that next gets that part. Both live as long as it is read. */
struct recording_reader part_reader(struct part *part, const struct recording_reader *next);

/* Whether a summary was of more time than the part. */
bool part_has_cut(const struct part *part);
/* Whether all of these have seconds, by which figures of loops are known: percentiles within a factor of two. */
bool part_has_seconds(const struct part *part);

#endif
