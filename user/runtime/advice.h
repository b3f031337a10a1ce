/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * advice.h - how to get what blocks a loop off it, in one line. What is known are
 * rows of data: those of a runtime stand in its file, those that runtimes of a
 * language share in advice_python.c, and those of all in advice.c. A stall for
 * which no row is made has no advice.
 */
#ifndef BLOCKPROF_RUNTIME_ADVICE_H
#define BLOCKPROF_RUNTIME_ADVICE_H

#include "model/model.h"

#define ADVICE_BYTES 256

struct runtime;

/* A set of causes. */
#define ON(cause) (1u << CAUSE_##cause)
/* Whatever a call can wait for. */
#define ON_WAIT                                                                                    \
	(ON(SLEEP) | ON(FILE) | ON(SOCKET) | ON(DNS) | ON(PIPE) | ON(TTY) | ON(LOCK) | ON(CHILD) | \
	 ON(POLL) | ON(IPC) | ON(OTHER))

/*
 * When all that is given is true of a stall's verdict, text is its advice. Where fn,
 * file or module is given, they are those of one frame between the user's own
 * innermost function and the block: the call that was made, and what that calls.
 * Alternatives are separated by "|".
 *
 * In text, {thread} and {process} are how this runtime hands work to one, {sleep}
 * how it sleeps; {runner} is who had the CPU; {call} is the frame's function and {twin} that without "Sync".
 */
struct advice {
	const char *text; /* NULL: the end of the rows */
	unsigned int causes; /* never 0 */
	/* Of a function: all of its name, or what it begins with ("fs_*") or ends with ("*Sync"). */
	const char *fn;
	/* How the path of a source file begins, behind the directory that libraries are installed in. */
	const char *file;
	const char *module; /* how the name of a mapped file begins */
	const char *syscall;
	bool direct; /* no other library stands between the user's function and the block */
	bool library; /* one does */
};

/* How to have something done elsewhere, for {thread} and so on. */
struct off_loop {
	const char *thread; /* with %s for the function */
	const char *process;
	const char *sleep;
};

/* Rows that several runtimes have in their lists. */
extern const struct advice advice_python[];

/* The row for a stall of this runtime, and the frame that it is given for (NULL: for none). NULL: there is no row. */
const struct advice *advice_find(const struct runtime *runtime, const struct stall_record *stall,
				 const struct frame **call);

/* Whether there is advice for it, in text. Names of the program are in it only where they are plain identifiers. */
bool advice_of(const struct runtime *runtime, const struct stall_record *stall,
	       char text[ADVICE_BYTES]);

#endif
