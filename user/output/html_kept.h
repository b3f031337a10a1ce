/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_kept.h - the stalls that a page shows one by one: the longest, as many as there is room for. */
#ifndef BLOCKPROF_OUTPUT_HTML_KEPT_H
#define BLOCKPROF_OUTPUT_HTML_KEPT_H

#include "model/model.h"
#include "output/html_stacks.h"

#define HTML_STALLS_MAX 10000

struct html_stall {
	struct stall_record stall;
	uint32_t loop; /* html_loops.h */
	size_t bytes;
};

struct html_kept;

/* A stall is left out: of that loop. */
typedef void html_kept_left_out(void *context, uint32_t loop, uint64_t ns);

/* 0 or -ENOMEM. max: HTML_STALLS_MAX at the most. */
int html_kept_new(struct html_kept **out, size_t max, html_kept_left_out *left_out, void *context);
void html_kept_free(struct html_kept *kept);
/* Copies the stall, with stacks shared. 0 or -ENOMEM. */
int html_kept_add(struct html_kept *kept, struct html_stacks *stacks,
		  const struct stall_record *stall, uint32_t loop);
/* No more than so many from now on. */
void html_kept_limit(struct html_kept *kept, size_t max);
size_t html_kept_bytes(const struct html_kept *kept);
size_t html_kept_nr(const struct html_kept *kept);
/* In the order of their times, once html_kept_sort() was called; nothing is added then. */
void html_kept_sort(struct html_kept *kept);
const struct html_stall *html_kept_at(const struct html_kept *kept, size_t at);

#endif
