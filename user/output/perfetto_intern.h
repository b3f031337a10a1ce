/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perfetto_intern.h - what a trace says once and names by a number afterwards:
 * stacks, and what they are made of. Bounded: what is known is forgotten when there
 * is no room for more, and the trace has to say that it is.
 */
#ifndef BLOCKPROF_OUTPUT_PERFETTO_INTERN_H
#define BLOCKPROF_OUTPUT_PERFETTO_INTERN_H

#include "model/model.h"
#include "perfetto.pb-c.h"

struct perfetto_intern;

/* bytes: of memory for it, at the most. 0 or -ENOMEM. */
int perfetto_intern_new(struct perfetto_intern **out, size_t bytes);
void perfetto_intern_free(struct perfetto_intern *intern);

/*
 * A stack's number, from 1 on; instead: a frame in place of it where there is none.
 * 0, -ENOSPC: there is no room, and it fits after perfetto_intern_forget() at best; -ENOMEM.
 */
int perfetto_intern_stack(struct perfetto_intern *intern, const struct stack *stack,
			  const char *instead, uint64_t *iid);
int perfetto_intern_forget(struct perfetto_intern *intern); /* 0 or -ENOMEM */

/*
 * What is new since the last time, NULL: nothing is. Valid until the next call of any
 * of these. 0 or -ENOMEM.
 */
int perfetto_intern_news(struct perfetto_intern *intern, Perfetto__InternedData **out);

#endif
