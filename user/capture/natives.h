/* SPDX-License-Identifier: GPL-2.0-or-later */
/* natives.h - the native frames of a stack by their addresses. */
#ifndef BLOCKPROF_CAPTURE_NATIVES_H
#define BLOCKPROF_CAPTURE_NATIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "capture/copies.h"
#include "symbol/symbol.h"

#define NATIVES_MAX 768 /* five for each Python frame of older versions, and more */

/* Innermost first. */
struct natives {
	struct native_frame v[NATIVES_MAX];
	size_t nr;
	bool cut; /* outer ones are missing */
	bool walked; /* by frame pointers alone, which may lead anywhere */
};

/*
 * Those that copy unwinds to; where it is NULL, or does not unwind, those that the
 * kernel side found by frame pointers. use: what became of copy.
 */
void natives_find(struct natives *natives, struct symbols *symbols, pid_t pid,
		  const struct bp_stack *raw, const struct bp_stack_copy *copy,
		  struct copy_use *use);

#endif
