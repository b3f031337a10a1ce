/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * python.h - a CPython interpreter read from outside, without stopping it:
 * 3.8 to 3.15, release builds with the GIL.
 *
 * Everything read is foreign: sizes are bounded, pointers are followed a
 * limited number of times, types are checked before fields are believed.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_PYTHON_H
#define BLOCKPROF_RUNTIME_PYTHON_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct memory;
struct python;
struct symbols;

/*
 * Finds the interpreter of a process; symbols looks into its file, and must live
 * as long, as must memory's source. 0; -ENOENT: no Python is mapped; -EAGAIN: Python
 * that is not initialised yet; -ENOTSUP: a version or build that cannot be read
 * (python_version() of *out then says which, nothing else may be asked); -EBUSY:
 * its file cannot be looked into now, or its memory did not come in time (*out as
 * for -ENOTSUP, or NULL where the name is not one of a Python); other -errno.
 */
int python_open(struct python **out, const struct memory *memory, struct symbols *symbols);
void python_close(struct python *python);
const char *
python_version(const struct python *python); /* "3.11.7", or "3.11" when only that is known */

const char *python_implementation(
	const struct python *python); /* "CPython"; one that cannot be read: "PyPy", ... */

/* What the kernel side needs to walk frames. current_tasks is 0 until _asyncio is imported; ask again. */
int python_layout(struct python *python, struct bp_python *out);

/* Address of a thread's state: what the kernel side need not look for then. 0: it has none. */
uint64_t python_tstate(struct python *python, uint64_t fsbase);

/* pthread_self() of the thread that has the GIL now. 0: none, or not known. */
uint64_t python_gil_holder(struct python *python);
/* Does the collector run, in the thread that has the GIL? */
bool python_collecting(struct python *python);

/*
 * Python frames of the thread whose pthread_self() is fsbase, innermost first,
 * as BPF would give them. Returns how many, or -errno (-ESRCH: no such thread
 * state). The thread should be blocked; frames of a running one may be garbage
 * and python_frame_name() then fails for some.
 */
int python_frames(struct python *python, uint64_t fsbase, struct bp_python_frame *frames,
		  size_t max);

/*
 * The same of the coroutines that run for a Task now, and of the loop that called them,
 * whatever stack the thread is on: a greenlet that was started in them has one of its own.
 */
int python_task_frames(struct python *python, uint64_t task, struct bp_python_frame *frames,
		       size_t max);

struct python_name {
	const char *fn; /* qualified name from 3.11, else the plain name */
	const char *file; /* as the code object has it */
	unsigned int line; /* 0: not known */
	bool suspends; /* a coroutine's, or a generator's: it cannot be called as a function is */
};

/*
 * Strings are valid until the next call into python. 0; 1: a frame that the
 * interpreter makes for itself and tracebacks hide; -errno: no code object (any more).
 */
int python_frame_name(struct python *python, const struct bp_python_frame *frame,
		      struct python_name *out);

/* Gets what python_frame_name() gives for a frame; name is valid during the call. */
typedef void python_name_fn(void *context, int err, const struct python_name *name);
/* The names of a stack's frames, in order, with fewer reads than one by one. */
void python_frame_names(struct python *python, const struct bp_python_frame *frames, size_t nr,
			python_name_fn *fn, void *context);

/* Name and coroutine (qualified name) of an asyncio task at this address. -errno: it is none (any more). */
int python_task(struct python *python, uint64_t task_addr, char *name, size_t name_size, char *coro,
		size_t coro_size);

/* The same of a task as the kernel side copied it: it may have ended since. */
int python_task_copied(struct python *python, const struct bp_task *copied, char *name,
		       size_t name_size, char *coro, size_t coro_size);

/*
 * The asyncio loop that a thread runs, by asyncio's own word and by its frames now.
 * run_onces: how many _run_once frames are on the stack: 0 none shows, more than 1
 * nested. The other fields are of the outermost one, or of the loop that is said to
 * run and that no frame shows.
 */
struct python_loop {
	unsigned int run_onces;
	unsigned int ghosts; /* further ones, of the parent in whose turn this process was forked */
	bool said; /* asyncio says that the thread runs a loop */
	bool left; /* asyncio says that it runs none, which frames may deny where someone tampers with it */
	bool whole; /* the stack begins where a thread's does: it is no greenlet's */
	bool called; /* compiled code has called some of it, or may have (up to 3.10) */
	bool guest; /* the loop runs in a greenlet beside a program that has none */
	bool is_uvloop; /* whose frames never show */
	bool in_run; /* on the stack is a function that is called as those are that run a loop */
	bool in_call; /* and it is the innermost */
	bool in_own_select; /* innermost frames are the select of this loop, called by a _run_once */
	uint64_t loop_object; /* address of the loop, 0: not known */
	/* end_time of its innermost _run_once: CLOCK_MONOTONIC of the turn's start; 0: not set (in the wait) */
	uint64_t turn_start_ns;
	uint64_t due_ns; /* in the wait: when its first timer was due; 0: not yet, or not known */
	int epoll_fd; /* of its selector, -1: not known */
	uint64_t task; /* the Task that runs on it now, 0: none or not known */
};

int python_thread_loop(struct python *python, uint64_t fsbase, struct python_loop *out);

/* The same by frames taken earlier: run_onces, whole, called, in_run, guest and in_own_select (of an only _run_once). */
int python_frames_loop(struct python *python, const struct bp_python_frame *frames, size_t nr,
		       struct python_loop *out);

/* Does this Task's loop say that this thread runs it? */
bool python_task_is_on(struct python *python, uint64_t task, uint64_t fsbase);

/* "Tornado 6.2", where an IOLoop of that stands upon a loop of asyncio's. 0 or -errno. */
int python_tornado(struct python *python, char *name, size_t size);

/* Loops written in Python that are not asyncio's. */
enum python_hub {
	PYTHON_HUB_NONE,
	PYTHON_HUB_GEVENT, /* its hub's own greenlet: others have stacks without it */
	PYTHON_HUB_TRIO,
	PYTHON_HUB_TWISTED,
	PYTHON_HUB_EVENTLET, /* as gevent's */
	PYTHON_HUB_KOMBU,
	PYTHON_HUB_PIKA,
	PYTHON_HUB_ASYNCORE,
};

/* Which of them frames show, taken earlier or now. in_wait: innermost is the loop's wait for events. */
enum python_hub python_frames_hub(struct python *python, const struct bp_python_frame *frames,
				  size_t nr, bool *in_wait);

/*
 * The one whose hub stands still now, in a greenlet of the thread, as another greenlet
 * runs: gevent's or eventlet's, up to Python 3.12. *epoll_fd: its epoll instance; -1: not
 * known.
 */
enum python_hub python_thread_hub(struct python *python, uint64_t fsbase, int *epoll_fd);

/*
 * Why a wait that these frames, innermost first, have called is none of a loop's: as the
 * rest of a sentence. NULL: nothing speaks against it.
 */
const char *python_frames_borrow(struct python *python, const struct bp_python_frame *frames,
				 size_t nr);

/* The epoll instance of the one that the thread's frames show now. -1: none, or not known. */
int python_hub_epoll(struct python *python, uint64_t fsbase);

/*
 * Whether the thread waits for a concurrent.futures.Future that only a callback of the
 * asyncio loop which it runs itself will ever set.
 */
bool python_waits_for_own_loop(struct python *python, uint64_t fsbase);

/*
 * Host argument of the socket.getaddrinfo call that is on the thread's stack
 * now. 0, or -ENOENT.
 */
int python_getaddrinfo_host(struct python *python, uint64_t fsbase, char *host, size_t size);

#endif
