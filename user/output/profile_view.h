/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_view.h - a profile that goes on for as long as the service runs: written again and
 * again, whole or what came since some moment, and thinned out rather than full.
 */
#ifndef BLOCKPROF_OUTPUT_PROFILE_VIEW_H
#define BLOCKPROF_OUTPUT_PROFILE_VIEW_H

#include "output/profile.h"

#define PROFILE_MARKS 4

struct profile_view {
	const unsigned int *mark; /* only what came since then; NULL: all */
	bool merged; /* threads and tasks are not told apart */
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint64_t duration_ns; /* 0: it is no difference */
};

/* As profile_open_with_addresses(), but of no output. It may take so many bytes. 0 or -ENOMEM. */
int profile_new(struct profile **out, const struct output_options *options);
void profile_free(struct profile *profile); /* NULL is fine */
/* From now on these stall_only and match of options count. */
void profile_set_options(struct profile *profile, const struct output_options *options);
/* From here on, mark being less than PROFILE_MARKS, is what a view of that mark has. 0 or -ENOMEM. */
int profile_set_mark(struct profile *profile, unsigned int mark);
void profile_clear_mark(struct profile *profile, unsigned int mark);
/* Writes it to sink, and goes on. 0 or -errno; -ENOENT: the mark is not set. */
int profile_write_view(struct profile *profile, const struct profile_view *view,
		       profile_write *write, struct sink *sink);
/*
 * When it is nearly full the smaller half of its samples is added up in the stack "[other]" of
 * their cause and process: sums of those that stay never fall. 0 or -ENOMEM: it is as it was.
 */
int profile_make_room(struct profile *profile);

#endif
