/* SPDX-License-Identifier: GPL-2.0-or-later */
/* moment.h - what is known of a watched process, for its runtime to be asked by. */
#ifndef BLOCKPROF_STALL_STATE_MOMENT_H
#define BLOCKPROF_STALL_STATE_MOMENT_H

#include "runtime/runtime.h"

struct engine;
struct watched;

/* Of a thread as far as its process is known already. What it is caught in is for the caller to fill in. */
struct moment moment_of(struct engine *engine, struct watched *watched, pid_t tid);
/* What the process runs, found if it is not known; NULL: it cannot be. */
struct program *moment_program(struct engine *engine, struct watched *watched);

#endif
