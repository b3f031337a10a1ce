/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request_worker.h - what looks like a loop by its habit, and serves one connection to
 * its end before it waits for the next: nobody's events are delayed that it had taken on.
 */
#ifndef BLOCKPROF_STALL_LOOPS_REQUEST_WORKER_H
#define BLOCKPROF_STALL_LOOPS_REQUEST_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct loop;

/* Asked while a turn lasts: only then the connection is there. What is known once stays known. */
bool request_worker_ask(struct engine *engine, struct loop *loop);
/* It waits for the next connection in accept() itself, and for nothing else before that. */
bool request_worker_accepts(struct engine *engine, struct loop *loop, int syscall);
/* In its first turns, before they are stalls. Each tick. */
void request_worker_look(struct engine *engine, struct loop *loop, uint64_t now_ns);
/*
 * Its stalls are in doubt as long as it was seen to wait for nothing but listening
 * sockets: turns that nobody looked at may have been connections that it served.
 */
void request_worker_weigh(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* Is it known to be one? */
bool is_request_worker(const struct loop *loop);

#endif
