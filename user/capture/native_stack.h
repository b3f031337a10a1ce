/* SPDX-License-Identifier: GPL-2.0-or-later */
/* native_stack.h - the native frames of a stack by their addresses. */
#ifndef BLOCKPROF_CAPTURE_NATIVE_STACK_H
#define BLOCKPROF_CAPTURE_NATIVE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "capture/raw_stack.h"
#include "capture/stack_copies.h"
#include "symbol/symbol.h"

#define NATIVE_STACK_MAX 768 /* five for each Python frame of older versions, and more */

/* Innermost first. */
struct native_stack {
	struct native_frame v[NATIVE_STACK_MAX];
	size_t nr;
	bool cut; /* outer ones are missing */
	bool walked; /* by frame pointers alone, which may lead anywhere */
};

/*
 * Those that the copy unwinds to; where there is none, or it does not unwind, those
 * that the kernel side found by frame pointers. use: what became of the copy.
 */
void native_stack_find(struct native_stack *native_stack, struct symbols *symbols,
		       const struct raw_stack *raw, struct copy_use *use);

#endif
