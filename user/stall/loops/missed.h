/* SPDX-License-Identifier: GPL-2.0-or-later */
/* missed.h - what has become of processes since records of their programs and ends were lost. */
#ifndef BLOCKPROF_STALL_LOOPS_MISSED_H
#define BLOCKPROF_STALL_LOOPS_MISSED_H

#include <stdbool.h>

struct engine;

/* Those that are gone are let go, those that run another program are looked at anew. Returns whether to look again. */
bool missed_look(struct engine *engine);

#endif
