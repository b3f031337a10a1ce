/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * running_loop.h - the loop that asyncio itself says a thread runs: what
 * asyncio.get_running_loop() would give there. A greenlet's switch changes frames,
 * and leaves it as it is.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_RUNNING_LOOP_H
#define BLOCKPROF_RUNTIME_PYTHON_RUNNING_LOOP_H

#include <stdint.h>

struct python;

/* 0, with the loop's address or 0: none, or only a parent's, by whose fork it came; -errno: not known. */
int py_running_loop(struct python *python, uint64_t tstate, uint64_t *loop);

#endif
