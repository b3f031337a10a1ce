/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html_loops.h - the loops of a page, and what they did over time. Bounded: steps of
 * time become longer when there are too many, and what is in them is added up.
 */
#ifndef BLOCKPROF_OUTPUT_HTML_LOOPS_H
#define BLOCKPROF_OUTPUT_HTML_LOOPS_H

#include "model/model.h"
#include "output/html_stacks.h"

#define HTML_LOOPS_MAX 4096 /* further ones are one */

/* A second of a loop, or several. */
struct html_second {
	uint64_t time_ns, end_ns;
	uint64_t turns;
	uint64_t longest_ns;
	uint64_t idle_ns;
	uint64_t by_cause_ns[CAUSE_NR];
	uint64_t buckets[SECOND_BUCKETS]; /* of turns that ended in it */
	uint64_t lost;
};

/* Its time in turns that were no stalls. */
struct html_blocked {
	uint64_t time_ns;
	struct slices slices;
};

struct html_loop {
	uint32_t recording;
	bool others; /* all that there was no room for */
	struct thread_id id;
	char *process; /* "python3[4242]"; these are harmless to print */
	char *unit;
	char *container; /* "container web", "pod shop/web-7d9 (app)" */
	/* By its summary, or else by its seconds. */
	bool has_summary;
	uint64_t turns, wall_ns, idle_ns;
	struct ledger ledger;
	uint64_t longest_ns, p50_ns, p99_ns;
	uint64_t stalls; /* but the doubtful ones */
	uint64_t buckets[SECOND_BUCKETS]; /* of turns, by seconds */
	struct html_second *seconds;
	size_t nr_seconds;
	struct html_blocked *blocked;
	size_t nr_blocked;
};

struct html_loops;

int html_loops_new(struct html_loops **out); /* 0 or -ENOMEM */
void html_loops_free(struct html_loops *loops);
size_t html_loops_nr(const struct html_loops *loops);
struct html_loop *html_loops_at(const struct html_loops *loops, size_t at);
size_t html_loops_bytes(const struct html_loops *loops);

/* The number of a loop, which may be new. These return 0 or -ENOMEM. */
int html_loops_find(struct html_loops *loops, uint32_t recording, const struct thread_id *id,
		    uint32_t *number);
int html_loops_second(struct html_loops *loops, uint32_t number,
		      const struct second_record *second);
int html_loops_blocked(struct html_loops *loops, uint32_t number, struct html_stacks *stacks,
		       const struct blocked_record *blocked);
void html_loops_summary(struct html_loops *loops, uint32_t number,
			const struct loop_summary *summary);
/* There is no more to come: of loops without a summary, what seconds say. */
void html_loops_finish(struct html_loops *loops);

#endif
