/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * without.h - --without: the turns of a recording as they would have been without
 * the time that they lost in some places. A stall that is no longer than the
 * threshold then is a shorter turn, of which only what it still lost is shown.
 */
#ifndef BLOCKPROF_REPORT_WITHOUT_H
#define BLOCKPROF_REPORT_WITHOUT_H

#include "output/ignore.h"
#include "recording/recording.h"

struct without;

/* places: rules as those of --ignore, tried on the stack of each slice: ignore_slice(). 0 or -ENOMEM. */
int without_new(struct without **out, struct ignore *places);
void without_free(struct without *without);

/* What is to read a recording, so that next gets it without that time. Both live as long as it is read. */
struct recording_reader without_reader(struct without *without,
				       const struct recording_reader *next);

/* What came of it, and what of it cannot be known. */
struct without_result {
	uint64_t stalls; /* there were */
	uint64_t gone; /* of them are none */
	uint64_t taken_ns; /* out of stalls */
	uint64_t shorter_ns; /* out of shorter turns, in sum */
	uint64_t placeless_ns; /* in stalls that lost time there: it has no stack, and stays */
	uint64_t slices_cut; /* what the recording had no room for */
	uint64_t threshold_ns; /* the last one */
	bool has_seconds; /* the lengths of turns are known within a factor of two */
};

const struct without_result *without_result(const struct without *without);

#endif
