/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.h - what is known of each thread: whether it runs a loop, by which way, and what spoke against it. */
#ifndef BLOCKPROF_STALL_LOOPS_ACCOUNT_H
#define BLOCKPROF_STALL_LOOPS_ACCOUNT_H

#include <stdbool.h>

struct engine;
struct moment;
struct recognised;
struct watched;

/* A thread has been asked about. Where it is another answer than before, that is told. */
void account_thread(struct engine *engine, struct watched *watched, const struct moment *moment,
		    const struct recognised *recognised);

/* Nobody asked for this process, and it is a blockprof: it is left out, which is told once. */
bool account_other_blockprof(struct engine *engine, struct watched *watched);

#endif
