/* SPDX-License-Identifier: GPL-2.0-or-later */
/* thread_sample.h - one sample of a thread that runs, taken by a CPU clock of its own. */
#ifndef BLOCKPROF_PROBE_THREAD_SAMPLE_H
#define BLOCKPROF_PROBE_THREAD_SAMPLE_H

#include <sys/types.h>

#include "bpf/abi.h"

/*
 * Fills the kernel and user parts of stack, and copy, which has 0 bytes where none
 * can be had. Waits until the thread has run for a millisecond, but not longer than
 * max_ms. 0; -EAGAIN: it did not; or another -errno.
 */
int thread_sample_take(pid_t tid, int max_ms, struct bp_stack *stack, struct bp_stack_copy *copy);

#endif
