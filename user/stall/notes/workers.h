/* SPDX-License-Identifier: GPL-2.0-or-later */
/* workers.h - pools of compiled code whose workers are all busy: libuv's, Tokio's, Java's. */
#ifndef BLOCKPROF_STALL_NOTES_WORKERS_H
#define BLOCKPROF_STALL_NOTES_WORKERS_H

#include <stdint.h>

struct engine;
struct watched;
struct runtime_workers;

/* The pool that goes with the loops of a process; NULL: none. */
const struct runtime_workers *workers_of(struct engine *engine, const struct watched *watched);
/* Looks at it, and says when to do so again: watched->notes->next_workers_ns. */
void workers_look(struct engine *engine, const struct watched *watched, uint64_t now_ns);

#endif
