/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - what the parts of a dump share. */
#ifndef BLOCKPROF_DUMP_PRIVATE_H
#define BLOCKPROF_DUMP_PRIVATE_H

#include "base/memory.h"
#include "capture/classify.h"
#include "dump/dump.h"
#include "probe/observer.h"
#include "runtime/runtime.h"

#define DUMP_THREADS_MAX 16384

/* A process that is dumped. */
struct subject {
	struct memory memory;
	struct python *python; /* NULL: none, or not yet */
	bool unreadable; /* a Python of which only the version is known */
	int python_error; /* why there is none, or why it is unreadable */
	uint64_t late; /* answers of memory's source before this dump */
	struct program *program; /* NULL: not known */
	struct pool pool;
};

struct dump {
	struct observer *observer;
	struct symbols *symbols;
	struct memory_source *memory;
	struct namer *namer;
	struct classify classify;
};

/* -- threads.c -- */

/* Fills threads of out; *pthreads of all of them are the caller's. 0 or -errno. */
int dump_threads(struct dump *dump, struct subject *subject, struct dump_record *out,
		 uint64_t **pthreads);

/* -- blind.c -- */

/* Marks in out what could not be seen of it, after all else of it was read. */
void dump_blind(const struct dump *dump, const struct subject *subject, struct dump_record *out);

/* -- tasks.c -- */

/* Fills tasks of out. pthreads: of its threads. */
void dump_tasks(const struct subject *subject, const uint64_t *pthreads, struct dump_record *out);

#endif
