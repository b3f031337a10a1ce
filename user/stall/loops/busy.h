/* SPDX-License-Identifier: GPL-2.0-or-later */
/* busy.h - programs that compute all the time: there may be a loop in them that never sleeps in its wait. */
#ifndef BLOCKPROF_STALL_LOOPS_BUSY_H
#define BLOCKPROF_STALL_LOOPS_BUSY_H

#include <stdint.h>

struct engine;

/* Has their waits shown for a moment, less and less often. Each tick. */
void busy_run(struct engine *engine, uint64_t now_ns);

#endif
