/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snapshot.h - the stack of a thread that runs, taken by a CPU clock in its own context. */
#ifndef BLOCKPROF_PROBE_THREAD_SAMPLE_H
#define BLOCKPROF_PROBE_THREAD_SAMPLE_H

#include <sys/types.h>

#include "bpf/abi.h"

/*
 * Fills the kernel and user parts of stack, and copy, with 0 bytes where there
 * is nothing to be had; waits until the thread has run for a millisecond, but
 * not longer than max_ms. 0; -EAGAIN: it did not; or other -errno.
 */
int thread_sample_take(pid_t tid, int max_ms, struct bp_stack *stack, struct bp_stack_copy *copy);

#endif
