/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html_page.h - what is known for a page: recordings, loops, stalls. Of a comparison
 * there are two, before and after. All of it is bounded.
 */
#ifndef BLOCKPROF_OUTPUT_HTML_PAGE_H
#define BLOCKPROF_OUTPUT_HTML_PAGE_H

#include "model/model.h"
#include "output/html_kept.h"
#include "output/html_loops.h"
#include "output/html_places.h"

#define HTML_RECORDINGS_MAX 256 /* further ones count as parts of the last */

/* How many of what, in words that are harmless to print. */
struct html_count {
	char *words;
	uint64_t count;
	uint64_t longest_ns; /* of turns that were discarded */
};

struct html_counts {
	struct html_count *v;
	size_t nr;
};

struct html_recording {
	char *host; /* these are harmless to print */
	char *kernel;
	char *version;
	char *scope;
	uint64_t threshold_ns;
	uint64_t start_ns, end_ns; /* time_ns of its records */
	struct zone zone;
	bool has_summary;
	struct html_counts lost, blind, discarded;
	char **notes;
	size_t nr_notes;
	uint64_t notes_left_out;
	uint64_t stalls, doubtful; /* of the first, besides */
	uint64_t stalled_ns, longest_ns; /* of both */
	uint64_t left_out, left_out_ns; /* of these: not shown one by one */
	uint64_t unmatched, ignored; /* by --match, by --ignore */
};

struct html_page {
	struct html_recording *recordings;
	size_t nr_recordings;
	uint64_t recordings_left_out;
	struct html_loops *loops;
	struct html_places *places;
	struct html_kept *kept;
	struct html_stacks *stacks;
	struct finals *finals;
	struct names *names; /* of processes of this host */
	bool stalls_only;
};

int html_page_new(struct html_page **out, bool stalls_only); /* 0 or -ENOMEM, as these do */
void html_page_free(struct html_page *page);
int html_page_start(struct html_page *page, const struct start_record *start);
int html_page_loop(struct html_page *page, const struct loop_record *loop);
int html_page_stall(struct html_page *page, const struct stall_record *stall);
void html_page_withdrawn(struct html_page *page, const struct withdrawn_record *withdrawn);
int html_page_blocked(struct html_page *page, const struct blocked_record *blocked);
int html_page_second(struct html_page *page, const struct second_record *second);
int html_page_note(struct html_page *page, const struct note_record *note);
int html_page_summary(struct html_page *page, const struct summary_record *summary);
/* There is no more to come, and everything is in its order. */
int html_page_finish(struct html_page *page);
size_t html_page_bytes(const struct html_page *page);

/* When it begins and ends: the first and last moment of anything in it; 0: it is empty. */
uint64_t html_page_start_ns(const struct html_page *page);
uint64_t html_page_end_ns(const struct html_page *page);
/* Time that its loops were watched. */
uint64_t html_page_watched_ns(const struct html_page *page);

#endif
