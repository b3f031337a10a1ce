/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pace.h - when the probes that cost something are on. */
#ifndef BLOCKPROF_STALL_TURN_PACE_H
#define BLOCKPROF_STALL_TURN_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

/* Turns the costly probes on while a turn is old, and off when none has been for a while. Each tick. */
void pace_set(struct engine *engine, uint64_t now_ns);
/* They are wanted for a moment, though no turn is old. */
void pace_want(struct engine *engine, uint64_t now_ns);
/* Whether they are on, and since when. */
bool pace_is_on(const struct engine *engine);
uint64_t pace_on_since_ns(const struct engine *engine);

#endif
