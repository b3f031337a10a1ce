/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interpreted.h - what the loops written in Python have in common. */
#ifndef BLOCKPROF_RUNTIME_INTERPRETED_H
#define BLOCKPROF_RUNTIME_INTERPRETED_H

#include "runtime/python/python.h"
#include "runtime/runtime.h"

/* What is read of a moment for all runtimes that ask. All 0 at first. */
struct interpreted {
	bool loop_is_read;
	int loop_err;
	struct python_loop loop;
	bool hub_is_read;
	struct interpreted_hub {
		enum python_hub
			hub; /* that runs on the thread, or would if another greenlet did not */
		bool in_wait;
		bool aside; /* no frame of it is on the stack: it is known by the thread's locals */
		int epoll_fd; /* of one that is aside; -1: not known */
	} hub;
};

/* python_thread_loop() of the moment's thread. */
int interpreted_loop(const struct moment *moment, struct python_loop *out);

/*
 * Fills recognised for a thread whose Python frames are hub's: in its wait, or, where
 * another stack cannot be the loop's, in a turn. Whether they are hub's.
 */
bool interpreted_recognise(const struct runtime *runtime, const struct moment *moment,
			   enum python_hub hub, struct recognised *recognised);

/* other_wait() of asyncio's loops. */
enum other_wait interpreted_other_wait(const struct moment *moment);

/* Of the others, whose frames, where they are no greenlet's, are on the stack as long as they run. */
enum other_wait interpreted_hub_wait(const struct moment *moment, enum python_hub hub);

/* other_wait() of a loop of compiled code, which asyncio knows: has the thread left it, as far as this stack can tell? */
bool interpreted_left_unseen(const struct moment *moment);

/*
 * The thread runs Python, but where it was when it came to the candidate's wait was not
 * seen: it was before its interpreter was known. What it is in now may be something else.
 */
bool interpreted_lacks_frames(const struct moment *moment);
/* Why the candidate's wait is none of a loop's, by the Python code that made it. NULL: nothing speaks against it. */
const char *interpreted_borrows(const struct moment *moment);

/* Has this instance, of a process that was forked and runs its parent's program, come from the parent? */
bool interpreted_is_inherited(const struct moment *moment, int fd);

#endif
