/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hist.h - how long turns were, as counters: HIST_STEPS of them to each octave,
 * one to each nanosecond below HIST_STEPS. The kernel side counts in the same
 * ones (bp_slot.hist).
 */
#ifndef BLOCKPROF_MODEL_HIST_H
#define BLOCKPROF_MODEL_HIST_H

#include <stdint.h>

#define HIST_STEPS   8
#define HIST_BUCKETS (48 * HIST_STEPS)

/* Which one counts a turn of this length. */
unsigned int hist_bucket(uint64_t ns);
/* The middle of a bucket. */
uint64_t hist_bucket_ns(unsigned int bucket);
/* At least so many percent of the turns were no longer than this, within 6.3%. 0: there were none. */
uint64_t hist_percentile_ns(const unsigned int hist[HIST_BUCKETS], unsigned int percent);

#endif
