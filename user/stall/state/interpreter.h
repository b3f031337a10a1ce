/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interpreter.h - the interpreter of a watched process, found when it is there. */
#ifndef BLOCKPROF_STALL_STATE_INTERPRETER_H
#define BLOCKPROF_STALL_STATE_INTERPRETER_H

#include <stdbool.h>
#include <sys/types.h>

struct engine;
struct python;
struct watched;

/* Looks for it if it is time to. NULL: it has none that can be read, or none yet. */
struct python *interpreter_find(struct engine *engine, struct watched *watched);
/* The same of a process; NULL also when that is not watched. */
struct python *interpreter_of(struct engine *engine, pid_t pid);
/* There is one, and it cannot be read yet. */
bool interpreter_is_coming(const struct watched *watched);

#endif
