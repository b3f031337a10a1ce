/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.h - which event loop a thread runs, and where that loop waits.
 *
 * A runtime is one file and one line in the table of runtime.c. Its judge is
 * shown a thread at a moment and says whether that thread runs its loop. Those
 * of compiled programs are mostly described by fields, and judged by native.c.
 */
#ifndef BLOCKPROF_RUNTIME_RUNTIME_H
#define BLOCKPROF_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

#define RUNTIMES_MAX	      64
#define RUNTIME_VERSION_BYTES 64
#define POOL_SLEPT	      8

struct program;
struct python;
struct symbols;

/*
 * What has been learnt of a process whose workers park: they wait for events in
 * turn, and those whose turn it is not, on futexes. All 0 at first.
 */
struct pool {
	bool tokio;
	bool nameless; /* known by its threads' names only: no function of it has one */
	bool parks; /* the kernel side is to show its futexes */
	bool shown; /* it does */
	unsigned int drivers; /* epoll instances that such workers wait at */
	uint64_t driver_fd; /* the latest of them */
	uint64_t park_depth; /* of the stack where a worker parks, the same in all; 0: not known */
	/* Futexes that named threads of a program without symbols have slept on: how deep, and which. */
	struct {
		uint64_t depth;
		uint64_t word; /* what BP_PARK_ID() adds for it */
	} slept[POOL_SLEPT];
	unsigned int nr_slept;
	unsigned int scans_driver;
	unsigned int scans_park;
};

/* A thread, caught at a moment. */
struct sighting {
	pid_t pid;
	pid_t tid;
	uint64_t pthread; /* pthread_self() */
	struct program *program; /* what its process runs; NULL: not known */
	const char *comm; /* the thread's, "" when not known */
	struct symbols *symbols;
	struct pool *pool; /* the process's */
	struct python *python; /* the process's interpreter, NULL: none */
	uint64_t
		forked_ns; /* when its process was forked; 0: not seen, or it has executed a program since */
	bool python_pending; /* it is a Python that cannot be read yet */
	/* It has just begun to sleep in a call that may be a loop's wait; NULL: it was looked at. */
	const struct bp_candidate *candidate;
	/* What it is blocked in, as far as known; NULL: not known, or it runs. */
	const struct bp_block *block;
};

struct verdict {
	const char *runtime; /* NULL: no loop, as far as this shows */
	unsigned int wait_class; /* BP_WAIT_NONE: where it waits is not known yet */
	uint64_t wait_id;
	uint64_t park_id; /* its second own wait, as in struct bp_slot; 0: none, or not known yet */
	uint64_t loop_object; /* asyncio: address of the loop */
	uint64_t turn_start_ns; /* of the turn that it is in; 0: in its wait, or not known */
	bool in_turn; /* it is in a turn for sure, even if turn_start_ns is not known */
	uint64_t task; /* asyncio: address of the Task that runs, 0: none or not known */
};

struct runtime {
	const char *name;
	/* Whether verdict was filled: this runtime has the say about such a thread. */
	bool (*judge)(const struct runtime *runtime, const struct sighting *sighting,
		      struct verdict *verdict);
	/*
	 * What it is known by, for native_judge(); each may be NULL. Lists end with NULL.
	 * programs: names of executables; function: one that an executable with this
	 * loop in it has, or a section, as ".name"; libraries: how the names of mapped files with it begin.
	 */
	const char *const *programs;
	const char *function;
	const char *const *libraries;
	/* The epoll instance that is the loop's own, whatever the thread waits on now; -1: not known. */
	int (*own_epoll)(const struct sighting *sighting);
	/* A wait on another epoll instance inside a turn is one for a child process. */
	bool nests_for_child;
	bool runs_javascript; /* V8's: runtime/v8/ */
	/* Version for the loop record; may be NULL. 0, or -errno: not known. */
	int (*version)(struct program *program, char *version, size_t size);
};

extern const struct runtime runtime_asyncio;
extern const struct runtime runtime_generic;
extern const struct runtime runtime_gevent;
extern const struct runtime runtime_glib;
extern const struct runtime runtime_go;
extern const struct runtime runtime_haproxy;
extern const struct runtime runtime_java_nio;
extern const struct runtime runtime_libev;
extern const struct runtime runtime_libevent;
extern const struct runtime runtime_libuv;
extern const struct runtime runtime_memcached;
extern const struct runtime runtime_netty;
extern const struct runtime runtime_nginx;
extern const struct runtime runtime_node;
extern const struct runtime runtime_postgres;
extern const struct runtime runtime_redis;
extern const struct runtime runtime_tokio;
extern const struct runtime runtime_trio;
extern const struct runtime runtime_uvloop;

/*
 * A worker that calls block_in_place() gives its tasks to another thread first:
 * it is one no more. Whether it is in there, from sp outwards; and whether it has
 * come back from there, and waits for work outside of a worker's code.
 */
bool tokio_in_place(struct symbols *symbols, pid_t pid, uint64_t sp);
bool tokio_waits_for_work(const struct pool *pool, uint64_t pthread, const struct bp_block *block);

/* The first runtime that has the say, has it. */
void runtime_judge(const struct sighting *sighting, struct verdict *verdict);

/* The functions that runtimes are known by, always the same ones. How many. */
size_t runtime_functions(const char *names[RUNTIMES_MAX]);

/* See struct runtime; name may be NULL. */
bool runtime_nests_for_child(const char *name);
bool runtime_runs_javascript(const char *name);

/*
 * Version of a runtime, or of the interpreter that it is written for, into
 * version. NULL: not known. program and python may be NULL.
 */
const char *runtime_version(const char *name, struct program *program, const struct python *python,
			    char version[RUNTIME_VERSION_BYTES]);

#endif
