/* SPDX-License-Identifier: GPL-2.0-or-later */
/* binding.h - loops' threads get slots, in which the kernel side keeps their time. */
#ifndef BLOCKPROF_STALL_LOOPS_BINDING_H
#define BLOCKPROF_STALL_LOOPS_BINDING_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct engine;
struct loop;
struct moment;
struct recognised;

/*
 * Asks for a slot for a thread; it gets it when the kernel side comes by it next.
 * snapshot: where it is blocked, NULL: not known.
 */
void binding_ask(struct engine *engine, const struct moment *moment,
		 const struct recognised *recognised, const struct bp_watched_snapshot *snapshot);
/* Is any asked for? */
bool binding_is_asked(const struct engine *engine);
/* What is left then is of threads that have ended, or got no slot, which is counted. */
void binding_forget(struct engine *engine);
/* The thread of a slot that the kernel side bound by itself, or that was bound before. */
struct loop *binding_slot(struct engine *engine, unsigned int slot, pid_t pid, pid_t tid);
/*
 * The files of programs that are new are read before their names are needed: that takes
 * some ten milliseconds, in which a short block of a first turn ends. Each tick.
 */
void binding_read_files(struct engine *engine);
/* Its loop record once more. */
void binding_report_again(struct engine *engine, struct loop *loop);

#endif
