/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pools.h - thread pools whose workers are all busy while work waits. */
#ifndef BLOCKPROF_STALL_NOTES_POOLS_H
#define BLOCKPROF_STALL_NOTES_POOLS_H

#include <stdint.h>

struct engine;
struct watched;

/* Looks at the pools, and says when to do so again: watched->notes->next_pools_ns. */
void pools_look(struct engine *engine, const struct watched *watched, uint64_t now_ns);

#endif
