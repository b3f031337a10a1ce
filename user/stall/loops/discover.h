/* SPDX-License-Identifier: GPL-2.0-or-later */
/* discover.h - which processes are watched. */
#ifndef BLOCKPROF_STALL_LOOPS_DISCOVER_H
#define BLOCKPROF_STALL_LOOPS_DISCOVER_H

#include <sys/types.h>

#include "bpf/abi.h"

struct engine;

/* A process that the user named comes under watch. 0 or -errno. */
int discover_asked(struct engine *engine, pid_t pid);
/* Where the system is filtered: picks from the processes that are there. 0 or -errno. */
int discover_all(struct engine *engine);
/* A process came, became another program, or ended. */
void discover_process(struct engine *engine, const struct bp_process *record);
/* The same where no record said so: it is gone, or runs another program. */
void discover_gone(struct engine *engine, pid_t pid);
void discover_other(struct engine *engine, pid_t pid);

#endif
