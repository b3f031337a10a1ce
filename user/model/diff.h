/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff.h - what changed between two sets of recordings, by where the time went,
 * as much as there was in an hour of one loop. Strings belong to whoever made it.
 */
#ifndef BLOCKPROF_MODEL_DIFF_H
#define BLOCKPROF_MODEL_DIFF_H

#include "model/model.h"

/* A new one takes a row in diff.c and a word in scripts/blockprof.schema.json. */
enum diff_change {
	DIFF_NEW,
	DIFF_GONE,
	DIFF_WORSE,
	DIFF_BETTER,
	DIFF_SAME, /* no more than the minutes differ among themselves */
	DIFF_TOO_SHORT, /* to tell a change from that */
	DIFF_CHANGE_NR,
};

const char *diff_change_name(enum diff_change change);

#define DIFF_MINUTES_LEAST 5 /* of a recording, to know by how much they differ */

/* Stalls longer than these are counted apart. */
#define DIFF_STEPS 7
extern const uint64_t diff_step_ns[DIFF_STEPS];

/* One set of recordings. */
struct diff_side {
	uint64_t mono_ns; /* of the first of its records */
	uint64_t time_ns;
	struct zone zone; /* where that was, unless as here */
	const char *hosts; /* "web1, web2"; NULL: not known */
	uint64_t threshold_ns; /* the largest of them; 0: not known */
	uint64_t loops;
	uint64_t loop_ns; /* for how long loops were watched, in all */
	uint64_t minutes; /* of the recordings, but those watched for less than half of one */
	uint64_t stalls;
	uint64_t stalled_ns;
	uint64_t over[DIFF_STEPS]; /* stalls */
	uint64_t turns;
	uint64_t longest_ns;
	uint64_t p50_ns; /* of the loop that has most; 0: not known, as for p99 */
	uint64_t p99_ns;
	bool has_seconds; /* and so the rest is known */
	uint64_t buckets[SECOND_BUCKETS]; /* turns of all loops by their lengths: second.h */
};

/* ns in an hour of one loop. */
uint64_t diff_hour_ns(const struct diff_side *side, uint64_t ns);

struct diff_amount {
	uint64_t ns;
	uint64_t stalls; /* named after the place */
};

/* A function, and the base name of its file: a line moves with every edit. */
struct diff_place {
	enum diff_change change;
	bool chance; /* of one that is new or gone: it was too rare for that to say much */
	const char *fn;
	const char *file; /* NULL: not known */
	enum cause cause; /* of most of its time, in the recordings that have more */
	struct diff_amount before, after;
};

/* What all turns had of a cause, in stalls or not, by their seconds. */
struct diff_cause {
	enum diff_change change;
	bool chance;
	enum cause cause;
	uint64_t before_ns, after_ns;
};

/* So many percent of the turns of all loops were no longer, within a factor of two, by their seconds. */
struct diff_percentile {
	enum diff_change change; /* WORSE: longer */
	unsigned int percent;
	uint64_t before_ns, after_ns;
};

#define DIFF_PERCENTILES 2

struct diff_stack {
	const char *line; /* folded, without numbers of processes, threads and lines */
	uint64_t before_us; /* in an hour of one loop */
	uint64_t after_us;
};

struct diff_record {
	uint64_t mono_ns; /* those of after */
	uint64_t time_ns;
	struct diff_side before, after;
	const struct diff_place
		*places; /* new, gone, worse, better, and the rest; largest difference first */
	size_t nr_places;
	/* Where both sides have seconds. */
	struct diff_cause causes[CAUSE_NR]; /* most time first */
	size_t nr_causes;
	struct diff_percentile percentiles[DIFF_PERCENTILES];
	size_t nr_percentiles;
	const struct diff_stack *stacks; /* by their lines */
	size_t nr_stacks;
};

#endif
