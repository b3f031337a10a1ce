/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode_slice.h - slices with their stacks, targets and parties, from JSON. */
#ifndef BLOCKPROF_RECORDING_DECODE_SLICE_H
#define BLOCKPROF_RECORDING_DECODE_SLICE_H

#include "recording/decode_value.h"

enum cause decode_cause_of(struct decoder *decoder, json_t *object);
/* In the order of the record; nothing is merged. turn_ns: when their turn began; 0: they are of many. */
void decode_slices(struct decoder *decoder, json_t *record, uint64_t turn_ns,
		   struct slices *slices);

#endif
