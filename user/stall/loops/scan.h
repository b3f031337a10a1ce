/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - processes that have shown no loop yet are looked at again: a Python may
 * not have started yet, and a loop may never have had to wait.
 */
#ifndef BLOCKPROF_STALL_LOOPS_SCAN_H
#define BLOCKPROF_STALL_LOOPS_SCAN_H

#include <stdint.h>

struct engine;
struct watched;

/* Looks at those that are due. Each tick. */
void scan_run(struct engine *engine, uint64_t now_ns);
/* The process is due for such a look: maybe before the next one. */
void scan_soon(struct engine *engine, const struct watched *watched);

#endif
