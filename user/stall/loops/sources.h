/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources.h - which loops' threads serve the same source of events: they are one loop. */
#ifndef BLOCKPROF_STALL_LOOPS_SOURCES_H
#define BLOCKPROF_STALL_LOOPS_SOURCES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct engine;
struct loop;

/* A loop at this source, whose thread is another one; NULL: none is known. source 0: none. */
struct loop *sources_find(struct engine *engine, uint64_t source, pid_t tid);
/* The loop has its slot, which says its source: the kernel side learns with whom it shares that. */
void sources_join(struct engine *engine, struct loop *loop);
/* A thread serves the source whose waits the kernel side does not show: it has no slot, or there is no cell. */
void sources_unseen(struct engine *engine, uint64_t source);
/* None that is known of does, of the loop's source. */
bool sources_are_seen(struct engine *engine, const struct loop *loop);
/* It has made its instance anew, as the kernel side has seen. Each tick. */
void sources_follow(struct engine *engine, struct loop *loop);
/* Its thread serves it no more. */
void sources_leave(struct engine *engine, struct loop *loop);

#endif
