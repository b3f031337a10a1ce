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

/* It has come back to this wait often enough, and has slept elsewhere seldom. */
bool native_is_habit(const struct bp_candidate *candidate);

/*
 * own_epoll() of programs whose main thread runs the first loop: of the epoll
 * instances that no other thread waits on the oldest, which is the lowest.
 */
int native_main_epoll(const struct moment *moment);

/* A version from a shared library's name: what is between prefix and suffix. */
int native_library_version(struct program *program, const char *prefix, const char *suffix,
			   char *version, size_t size);

#endif
