/* SPDX-License-Identifier: GPL-2.0-or-later */
/* again.h - a thread that had left its loop runs one again (asyncio.run() once more). */
#ifndef BLOCKPROF_STALL_LOOPS_AGAIN_H
#define BLOCKPROF_STALL_LOOPS_AGAIN_H

#include <stdint.h>

struct engine;
struct loop;

/* Its turns count again from then on. Each tick. */
void again_check(struct engine *engine, struct loop *loop, uint64_t now_ns);

#endif
