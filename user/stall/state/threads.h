/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.h - which threads a watched process has. */
#ifndef BLOCKPROF_STALL_STATE_THREADS_H
#define BLOCKPROF_STALL_STATE_THREADS_H

struct engine;
struct watched;

/* Notes those that have come since they were noted last. */
void threads_note(struct engine *engine, struct watched *watched);

#endif
