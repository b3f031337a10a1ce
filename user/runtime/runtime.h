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

#include "base/memory.h"
#include "bpf/abi.h"
#include "model/doubt.h"
#include "model/way.h"

#define RUNTIME_VERSION_BYTES 64
#define POOL_SLEPT	      8

struct advice;
struct off_loop;
struct poll_core;
struct interpreted;
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
	enum bp_parks parks; /* which of its futexes the kernel side is to show */
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
	struct memory memory; /* the process's */
	uint64_t pthread; /* pthread_self(); 0: not known */
	struct program *program; /* what its process runs; NULL: not known */
	const char *comm; /* the thread's, "" when not known */
	struct symbols *symbols;
	struct pool *pool; /* the process's */
	struct python *python; /* the process's interpreter, NULL: none */
	/* When its process was forked; 0: not seen, or it has executed a program since. */
	uint64_t forked_ns;
	bool python_pending; /* it is a Python that cannot be read yet */
	/* What Python shows of it, which is read once; NULL: each time. */
	struct interpreted *interpreted;
	/* It has just begun to sleep in a call that may be a loop's wait; NULL: it was looked at. */
	const struct bp_candidate *candidate;
	/* What the thread's polls have in common, where the candidate is one; else NULL. */
	struct poll_core *core;
	/* What it is blocked in, as far as known; NULL: not known, or it runs. */
	const struct bp_block *block;
	/* Its user stack pointer when it last entered the kernel, block or not; 0: not known. */
	uint64_t sp;
	/* The stack of that block, where the kernel side has taken one; else NULL. */
	const struct bp_stack *stack;
};

struct runtime;

#define BACKLOG_TIMERS 64

/* What a loop has still to do. */
struct loop_backlog {
	int64_t ready; /* callbacks, each a step of a Task as a rule; -1: not known */
	bool has_timers; /* these are known */
	uint64_t due_ns[BACKLOG_TIMERS]; /* when its timers are due, the first ones among them */
	size_t nr_due;
};

/* What a moment shows of the loop that a thread runs. */
struct recognised {
	const struct runtime *runtime; /* NULL: no loop, as far as this shows */
	enum way way;
	enum doubt doubt; /* of all of its stalls */
	/* What spoke against a loop, as the rest of a sentence: "libcurl polls here for one call"; a constant, or NULL. */
	const char *against;
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
	OTHER_WAIT_ALSO, /* it waits at this source, too */
	OTHER_WAIT_PARK, /* a pool's worker parks on this futex from now on */
	OTHER_WAIT_LEFT, /* no loop runs on the thread's stack any more */
};

/* Threads that do for the loop what would block it, as far as they show it. */
struct runtime_workers {
	const char *name; /* of the pool, as users read it */
	const char *entry; /* the function in which its threads begin; or */
	const char *const
		*comms; /* how their names begin: those that differ in numbers only are one pool */
	unsigned int
		limit; /* it makes further threads as long as there are fewer; 0: it makes none */
};

/* Lists end with NULL. What is not given is NULL, false or 0. */
struct runtime {
	const char *name; /* as users read it */
	/* Whether recognised was filled: this runtime has the say about such a thread. */
	bool (*recognise)(const struct runtime *runtime, const struct moment *moment,
			  struct recognised *recognised);
	/* The language that its programs are written in, where their lines are not read. */
	const char *unread;
	/*
	 * What it is known by, for native_recognise(). programs: names of executables;
	 * function: one that an executable with this loop in it has, or a section, as
	 * ".name"; libraries: how the names of mapped files with it begin.
	 */
	const char *const *programs;
	const char *function;
	const char *or_function; /* or this one */
	const char *const *libraries;
	/*
	 * Functions of those that its thread is in for as long as the loop runs, as
	 * program_calls() has them: they show a loop that hangs, or waits for the first time.
	 */
	const char *const *runs_in;
	bool waits_by_epoll; /* on an instance of its own, as a rule */
	/* The epoll instance that is the loop's own, whatever the thread waits on now; -1: not known. */
	int (*own_epoll)(const struct moment *moment);
	/*
	 * What a block of its loop's thread is, where the frames or the process show more
	 * than the call does. moment->block is set; moment->stack only while the block is
	 * of the turn in question. NULL: only a closed descriptor makes a difference.
	 */
	enum other_wait (*other_wait)(const struct moment *moment);
	/*
	 * Whether a pool's worker has handed its work on, so as to block as it likes.
	 * moment->block: what it is blocked in; NULL: it runs.
	 */
	bool (*handed_on)(const struct moment *moment);
	/* Futexes of its workers may be idle time: where they park is not known yet. */
	bool (*may_park)(const struct pool *pool);
	/* When the turn began that the thread is in, as the loop itself notes it; 0: not known. */
	uint64_t (*noted_start_ns)(const struct moment *moment);
	/* What the loop, which may run meanwhile, has still to do. loop: its object. 0 or -errno. */
	int (*backlog)(const struct moment *moment, uint64_t loop, struct loop_backlog *backlog);
	bool frames_show_end; /* the frames of a slice show whether its thread is still in the loop */
	bool by_habit; /* known by nothing but its waits, so that it may end without a sign */
	bool polls_alike; /* its threads poll the wakeup descriptor whatever they wait for, sleep included */
	bool own_queues; /* each of its threads that wait at one instance has work of its own */
	bool nests_for_child; /* a wait on another epoll instance inside a turn is one for a child */
	bool runs_javascript; /* V8's */
	bool has_deep_stacks; /* a loop inside another one needs more of a stack than is copied at first */
	/* How to get off its loop what blocks it: lists of rows, the first one asked first, and its words. */
	const struct advice *const *advice;
	const struct off_loop *off_loop; /* NULL: its rows have no such words */
	const struct runtime_workers *workers;
	/* Version for the loop record; may be NULL. 0, or -errno: not known. */
	int (*version)(struct program *program, char *version, size_t size);
	/* What stands upon it, with a version of its own, for the same place; may be NULL. Likewise. */
	int (*framework)(struct python *python, char *name, size_t size);
};

/* The first runtime that has the say, has it. */
void runtime_recognise(const struct moment *moment, struct recognised *recognised);

/* The runtime of loops of which nothing is known but where they wait. */
const struct runtime *runtime_unknown(void);

/* Of a program that is written in a language whose lines are not read, by its name; NULL: none is known. */
const struct runtime *runtime_unread(struct program *program);

/* The functions that runtimes are known by, always the same ones: for program_new(). */
void runtime_functions(struct program_functions *out);

/*
 * Version of a runtime, or of the interpreter that it is written for, into
 * version. NULL: not known. program and python may be NULL.
 */
const char *runtime_version(const struct runtime *runtime, struct program *program,
			    struct python *python, char version[RUNTIME_VERSION_BYTES]);

#endif
