/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread_copy.h - registers and stack of a thread that stands still and is not
 * watched, as the kernel side copies those of threads that it watches.
 */
#ifndef BLOCKPROF_PROC_THREAD_COPY_H
#define BLOCKPROF_PROC_THREAD_COPY_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct memory;

/*
 * regs: of the thread when it had left the CPU so many times. 0; -EAGAIN: it has
 * run since; -ENOENT: nothing of its stack can be read, or it has ended.
 */
int thread_copy(const struct memory *memory, pid_t tid, const struct bp_registers *regs,
		uint64_t switches, struct bp_stack_copy *copy);

/* The same without a check whether it has run since, for who knows by other means. 0 or -ENOENT. */
int thread_copy_stack(const struct memory *memory, const struct bp_registers *regs,
		      struct bp_stack_copy *copy);

#endif
