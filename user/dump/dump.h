/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump.h - what a process is doing now: every thread and every asyncio task,
 * read from outside while it goes on.
 */
#ifndef BLOCKPROF_DUMP_DUMP_H
#define BLOCKPROF_DUMP_DUMP_H

#include <sys/types.h>

#include "model/dump.h"

struct dump;
struct observer;
struct memory_source;
struct symbols;

/* observer, symbols and memory outlive it. 0 or -errno. */
int dump_new(struct dump **out, struct observer *observer, struct symbols *symbols,
	     struct memory_source *memory);
void dump_close(struct dump *dump);
/* Makes a dump of one process, for dump_free(). 0, -ESRCH: it has ended, or another -errno. */
int dump_take(struct dump *dump, pid_t pid, struct dump_record *out);

#endif
