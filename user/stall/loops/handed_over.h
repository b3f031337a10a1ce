/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handed_over.h - loops that are another thread's now, or no more. */
#ifndef BLOCKPROF_STALL_LOOPS_HANDED_OVER_H
#define BLOCKPROF_STALL_LOOPS_HANDED_OVER_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct loop;

/* Of the loop whose turn began at since_ns. */
bool is_handed_over(const struct engine *engine, const struct loop *loop, uint64_t since_ns);

#endif
