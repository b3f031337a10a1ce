/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exhaustion.h - notes of what a process with loops runs out of: work that
 * waits as all workers of a thread pool are busy (which no loop is seen to
 * block in), tasks or threads that become ever more.
 */
#ifndef BLOCKPROF_STALL_NOTES_EXHAUSTION_H
#define BLOCKPROF_STALL_NOTES_EXHAUSTION_H

#include <stdint.h>

struct engine;
struct exhaustion; /* of one process */

/*
 * Looks at one process, if one is due. Each is looked at once a second, or
 * more seldom: what that takes is kept below a hundredth of a CPU in all.
 */
void exhaustion_scan(struct engine *engine, uint64_t now_ns);
void exhaustion_free(struct exhaustion *exhaustion);

#endif
