/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threshold.h - the times that follow from the threshold, each within the bounds in which it makes sense. */
#ifndef BLOCKPROF_MODEL_THRESHOLD_H
#define BLOCKPROF_MODEL_THRESHOLD_H

#include <stdint.h>

enum threshold_part {
	THRESHOLD_BLOCK, /* a block this long gets a stack of its own; shorter ones when they add up to it */
	THRESHOLD_SAMPLE_AGE, /* CPU ticks count in turns this old */
	THRESHOLD_SAMPLE_EVERY, /* the time between them */
	THRESHOLD_WAITING, /* while work waits in a pool, it is looked at this often */
	THRESHOLD_OLD, /* a turn, or a block, this old is looked at closely, and that often */
};

uint64_t threshold_part_ns(uint64_t threshold_ns, enum threshold_part part);

#endif
