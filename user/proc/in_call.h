/* SPDX-License-Identifier: GPL-2.0-or-later */
/* in_call.h - whether a thread is where it was. */
#ifndef BLOCKPROF_PROC_IN_CALL_H
#define BLOCKPROF_PROC_IN_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct memory;

/* Is it blocked in this system call, called with this user stack pointer? false also where that cannot be read. */
bool is_in_call(const struct memory *target, pid_t tid, int nr, uint64_t sp);

#endif
