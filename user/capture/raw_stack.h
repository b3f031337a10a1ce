/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw_stack.h - a thread's stack before its frames have names. */
#ifndef BLOCKPROF_CAPTURE_RAW_STACK_H
#define BLOCKPROF_CAPTURE_RAW_STACK_H

#include <sys/types.h>

#include "bpf/abi.h"

struct python;

struct raw_stack {
	pid_t pid;
	struct python *python; /* the process's interpreter; NULL: none */
	const struct bp_stack *stack; /* what the kernel side found */
	const struct bp_stack_copy *copy; /* of the stack's memory, with registers; NULL: none */
};

#endif
