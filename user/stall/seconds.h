/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seconds.h - each second what each loop did in it. */
#ifndef BLOCKPROF_STALL_SECONDS_H
#define BLOCKPROF_STALL_SECONDS_H

#include <stdint.h>

struct engine;
struct loop;

/* Tells of the second that has passed, if one has. */
void seconds_run(struct engine *engine, uint64_t now_ns);
/* A loop ends, or the watch: what has not been told of it yet. */
void seconds_end(struct engine *engine, struct loop *loop, uint64_t now_ns);
void seconds_forget(struct engine *engine);

#endif
