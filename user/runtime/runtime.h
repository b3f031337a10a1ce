/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runtime.h - which event loop a thread runs, and where that loop waits.
 *
 * A runtime is one file in loops/ and one line in loops/list.h. It is asked about
 * a thread at a moment and says whether that thread runs its loop. Those of
 * compiled programs are mostly described by fields, which native.c reads. What
 * sets one runtime apart from others is a field or a callback of its descriptor:
 * nobody outside compares names.
 */
#ifndef BLOCKPROF_RUNTIME_RUNTIME_H
#define BLOCKPROF_RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

#define RUNTIME_VERSION_BYTES 64
#define POOL_SLEPT	      8

struct program;
struct program_functions;
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

/* A thread, caught at a moment, and what is known of its process. */
struct moment {
	pid_t pid;
	pid_t tid;
	uint64_t pthread; /* pthread_self(); 0: not known */
	struct program *program; /* what its process runs; NULL: not known */
	const char *comm; /* the thread's, "" when not known */
	struct symbols *symbols;
	struct pool *pool; /* the process's */
	struct python *python; /* the process's interpreter, NULL: none */
	/* When its process was forked; 0: not seen, or it has executed a program since. */
	uint64_t forked_ns;
	bool python_pending; /* it is a Python that cannot be read yet */
	/* It has just begun to sleep in a call that may be a loop's wait; NULL: it was looked at. */
	const struct bp_candidate *candidate;
	/* What it is blocked in, as far as known; NULL: not known, or it runs. */
	const struct bp_block *block;
	/* The stack of that block, where the kernel side has taken one; else NULL. */
	const struct bp_stack *stack;
};

struct runtime;

/* What a moment shows of the loop that a thread runs. */
struct recognised {
	const struct runtime *runtime; /* NULL: no loop, as far as this shows */
	unsigned int wait_class; /* BP_WAIT_NONE: where it waits is not known yet */
	uint64_t wait_id;
	uint64_t park_id; /* its second own wait, as in struct bp_slot; 0: none, or not known yet */
	uint64_t loop_object; /* asyncio: address of the loop */
	uint64_t turn_start_ns; /* of the turn that it is in; 0: in its wait, or not known */
	bool in_turn; /* it is in a turn for sure, even if turn_start_ns is not known */
	uint64_t task; /* asyncio: address of the Task that runs, 0: none or not known */
};

/* A loop's thread sleeps in what may be a wait, but is not the one that is known. */
enum other_wait {
	OTHER_WAIT_NONE, /* a block */
	OTHER_WAIT_OWN, /* the loop's own wait is this one from now on */
	OTHER_WAIT_PARK, /* a pool's worker parks on this futex from now on */
	OTHER_WAIT_LEFT, /* no loop runs on the thread's stack any more */
};

/* Lists end with NULL. What is not given is NULL, false or 0. */
struct runtime {
	const char *name; /* as users read it */
	/* Whether recognised was filled: this runtime has the say about such a thread. */
	bool (*recognise)(const struct runtime *runtime, const struct moment *moment,
			  struct recognised *recognised);
	/*
	 * What it is known by, for native_recognise(). programs: names of executables;
	 * function: one that an executable with this loop in it has, or a section, as
	 * ".name"; libraries: how the names of mapped files with it begin.
	 */
	const char *const *programs;
	const char *function;
	const char *const *libraries;
	/* The epoll instance that is the loop's own, whatever the thread waits on now; -1: not known. */
	int (*own_epoll)(const struct moment *moment);
	/*
	 * What a block of its loop's thread is, where the frames or the process show more
	 * than the call does. moment->block is set; moment->stack only while the block is
	 * of the turn in question. NULL: only a closed descriptor makes a difference.
	 */
	enum other_wait (*other_wait)(const struct moment *moment);
	/* Polls from another call site, made by this library's code, may be the same loop's. */
	const char *many_sites_library;
	/*
	 * Whether a pool's worker has handed its work on, so as to block as it likes.
	 * moment->block: what it is blocked in; NULL: it runs.
	 */
	bool (*handed_on)(const struct moment *moment);
	/* Futexes of its workers may be idle time: where they park is not known yet. */
	bool (*may_park)(const struct pool *pool);
	/* When the turn began that the thread is in, as the loop itself notes it; 0: not known. */
	uint64_t (*noted_start_ns)(const struct moment *moment);
	bool frames_show_end; /* the frames of a slice show whether its thread is still in the loop */
	bool by_habit; /* known by nothing but its waits, so that it may end without a sign */
	bool nests_for_child; /* a wait on another epoll instance inside a turn is one for a child */
	bool runs_javascript; /* V8's */
	/* Version for the loop record; may be NULL. 0, or -errno: not known. */
	int (*version)(struct program *program, char *version, size_t size);
};

/* The first runtime that has the say, has it. */
void runtime_recognise(const struct moment *moment, struct recognised *recognised);

/* The runtime of loops of which nothing is known but where they wait. */
const struct runtime *runtime_unknown(void);

/* The functions that runtimes are known by, always the same ones: for program_new(). */
void runtime_functions(struct program_functions *out);

/*
 * Version of a runtime, or of the interpreter that it is written for, into
 * version. NULL: not known. program and python may be NULL.
 */
const char *runtime_version(const struct runtime *runtime, struct program *program,
			    const struct python *python, char version[RUNTIME_VERSION_BYTES]);

#endif
