/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_places.h - stalls added up by the place that they are named after, and the cause: the page's table. Bounded. */
#ifndef BLOCKPROF_OUTPUT_HTML_PLACES_H
#define BLOCKPROF_OUTPUT_HTML_PLACES_H

#include "model/model.h"

#define HTML_TASKS_SHOWN 3

struct html_place {
	char *name; /* these are harmless to print */
	enum cause cause;
	uint64_t ns; /* of all its stalls */
	uint64_t stalls;
	uint64_t doubtful; /* of these */
	uint64_t longest_ns;
	/* Of the longest. */
	char *target;
	char *culprit;
	char *advice; /* of the first that has one */
	char *tasks[HTML_TASKS_SHOWN]; /* that were seen first */
	size_t nr_tasks;
	bool more_tasks;
};

struct html_places;

int html_places_new(struct html_places **out); /* 0 or -ENOMEM */
void html_places_free(struct html_places *places);
int html_places_add(struct html_places *places, const struct stall_record *stall);
size_t html_places_bytes(const struct html_places *places);
/* Most time first, once html_places_sort() was called; nothing is added then. */
void html_places_sort(struct html_places *places);
size_t html_places_nr(const struct html_places *places);
const struct html_place *html_places_at(const struct html_places *places, size_t at);

#endif
