/* SPDX-License-Identifier: GPL-2.0-or-later */
/* native.h - what the loops of compiled programs have in common. */
#ifndef BLOCKPROF_RUNTIME_NATIVE_H
#define BLOCKPROF_RUNTIME_NATIVE_H

#include "runtime/runtime.h"

/*
 * A thread whose wait was called by this runtime's code, by its descriptor's
 * fields. Where that cannot be told, in a program that has this runtime, by its
 * habit.
 */
bool native_recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised);

/* Is one of its libraries in the process? */
bool native_is_mapped(const struct runtime *runtime, struct program *program);

/* How many runs of this loop, one inside the other, are on the stack from sp outwards; 2: or more. */
size_t native_runs(const struct runtime *runtime, const struct moment *moment, uint64_t sp);

/*
 * A thread of an interpreter that comes back to its wait as loops do; nothing else is
 * known of its loops. The interpreter's own code, in its executable or libraries, polls
 * whenever any of its threads waits for anything: its select() may be a loop's only.
 */
bool native_recognise_interpreter(const struct runtime *runtime, const struct moment *moment,
				  struct recognised *recognised);

/* The candidate's thread has come back to this wait often enough. */
bool native_is_habit(const struct moment *moment);
/*
 * Since it first came to this wait it has slept much further out on the same stack:
 * what calls this wait borrows it for one call.
 */
bool native_sleeps_further_out(const struct moment *moment);

/*
 * own_epoll() of programs whose main thread runs the first loop: of the epoll
 * instances that no other thread waits on the oldest, which is the lowest.
 */
int native_main_epoll(const struct moment *moment);

/* A version from a shared library's name: what is between prefix and suffix. */
int native_library_version(struct program *program, const char *prefix, const char *suffix,
			   char *version, size_t size);

#endif
