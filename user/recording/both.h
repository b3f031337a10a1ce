/* SPDX-License-Identifier: GPL-2.0-or-later */
/* both.h - a recording that two read at once. */
#ifndef BLOCKPROF_RECORDING_BOTH_H
#define BLOCKPROF_RECORDING_BOTH_H

#include "recording/recording.h"

struct both_readers {
	const struct recording_reader *v[2];
};

/* Reads until both have enough; they live as long as it is read. */
struct recording_reader both_reader(struct both_readers *both);

#endif
