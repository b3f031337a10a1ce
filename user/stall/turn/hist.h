/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hist.h - lengths of turns as the kernel side counts them: bp_slot.hist, BP_HIST_BUCKETS counters. */
#ifndef BLOCKPROF_STALL_TURN_HIST_H
#define BLOCKPROF_STALL_TURN_HIST_H

#include <stdint.h>

/* The middle of a bucket. */
uint64_t hist_bucket_ns(unsigned int bucket);
/* At least so many percent of the turns were no longer than this, within 6.3%. 0: there were none. */
uint64_t hist_percentile_ns(const unsigned int *hist, unsigned int percent);

#endif
