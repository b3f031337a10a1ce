/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes.h - notes of what a process with loops runs out of: workers of a thread
 * pool, or tasks and threads that become ever more.
 */
#ifndef BLOCKPROF_STALL_NOTES_NOTES_H
#define BLOCKPROF_STALL_NOTES_NOTES_H

#include <stdint.h>

struct engine;

/*
 * Looks at one process, if one is due. Each is looked at once a second, or
 * more seldom: what that takes is kept below a hundredth of a CPU in all.
 */
void notes_take(struct engine *engine, uint64_t now_ns);

#endif
