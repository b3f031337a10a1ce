/* SPDX-License-Identifier: GPL-2.0-or-later */
/* encode_slice.h - slices with their stacks, targets and parties, as JSON. Keys of what is not known are left out. */
#ifndef BLOCKPROF_RECORDING_ENCODE_SLICE_H
#define BLOCKPROF_RECORDING_ENCODE_SLICE_H

#include "recording/encode_value.h"

void put_stack(struct object *object, const struct stack *stack);
/* Coroutines, outermost first. */
void put_chain(struct object *object, const struct stack *chain);
void put_target(struct object *slice, const struct target *target);
void put_party(struct object *slice, const char *key, const struct party *party);
/* The asyncio task that a slice is of. */
void put_task(struct object *object, const struct slice *slice);
/* turn_ns: when their turn began; 0: they are of many, and not told when they were. */
void put_slices(struct object *record, const struct slices *slices, uint64_t turn_ns);

#endif
