/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.h - lost time added up by function and base name of file, and by minute. Bounded. */
#ifndef BLOCKPROF_REPORT_PLACES_H
#define BLOCKPROF_REPORT_PLACES_H

#include "report/survey.h"
#include "report/watched.h"

struct place_sums;

int place_sums_new(struct place_sums **out); /* 0 or -ENOMEM */
void place_sums_free(struct place_sums *sums);
/* A moment by both clocks. */
struct both_clocks {
	uint64_t time_ns;
	uint64_t mono_ns;
};

/* at: of the slice's record, where it has no blocks of its own. frame NULL: it is not known where, and the cause stands for it. 0 or -ENOMEM. */
int place_sums_add(struct place_sums *sums, const struct frame *frame, const struct slice *slice,
		   struct both_clocks at);
/* A stall is named after the place. */
void place_sums_stall(struct place_sums *sums, const struct frame *frame, enum cause cause);
/* There is no more to come. */
void place_sums_finish(struct place_sums *sums, const struct minutes *minutes);
size_t place_sums_nr(const struct place_sums *sums);
struct survey_place place_sums_at(const struct place_sums *sums, size_t at);
/* Slices whose place was not kept, as there were too many: their time is of the place "[other]". */
uint64_t place_sums_left_out(const struct place_sums *sums);

#endif
