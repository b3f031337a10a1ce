/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threads.h - thread states by pthread_self(). The interpreter keeps them in a
 * list, which is walked once for many questions.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_THREADS_H
#define BLOCKPROF_RUNTIME_PYTHON_THREADS_H

#include <stddef.h>
#include <stdint.h>

struct python;
struct py_threads;

struct py_threads *py_threads_new(void);
void py_threads_free(struct py_threads *threads);

/*
 * A thread's state and innermost frame (0: it runs no Python code now). A
 * thread has a state in each interpreter it has to do with: the one that runs
 * frames is meant. -ESRCH: it has none.
 */
int py_threads_find(const struct python *python, uint64_t fsbase, uint64_t *tstate,
		    uint64_t *frame);

/* pthread_self() of all threads that have a state, walked anew. How many were stored, or -errno. */
int py_threads_list(const struct python *python, uint64_t *pthreads, size_t max);

#endif
