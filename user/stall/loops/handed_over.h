/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handed_over.h - loops that are another thread's now, or no more. */
#ifndef BLOCKPROF_STALL_LOOPS_HANDED_OVER_H
#define BLOCKPROF_STALL_LOOPS_HANDED_OVER_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct loop;

/* Of the loop whose turn began at since_ns. lasts: it is not over. */
bool is_handed_over(struct engine *engine, struct loop *loop, uint64_t since_ns, bool lasts);
#define SPAN_LASTS UINT64_MAX

/* A turn, and the source that its loop had in it. */
struct source_span {
	uint64_t source;
	uint64_t
		closed_ns; /* when it was seen to be closed, as a block in this turn began; 0: it was not */
	uint64_t start_ns;
	uint64_t end_ns; /* SPAN_LASTS: it is not over */
};

/*
 * The instance at which the loop, known by nothing else, waited, was closed in this
 * turn: maybe it is one that is made for each wait.
 */
bool is_source_gone(const struct engine *engine, struct loop *loop, const struct source_span *span);
/*
 * Where the kernel side does not show that: whether its instance lives on between two
 * waits is looked at, while it is not known. Each tick.
 */
void source_look(const struct engine *engine, struct loop *loop);

#endif
