/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * way_out.h - the caller of a function that says nothing about its frame, of x86-64: where
 * its code would return to. musl is built like that, and with it all of Alpine, and
 * static programs of Rust, Go's cgo and Zig.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_WAY_OUT_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_WAY_OUT_H

#include "symbol/child/unwind/unwind_step.h"

#define WAY_OUT_STEPS	    1024 /* instructions that are followed of one function */
#define WAY_OUT_STEPS_STACK 16384 /* and of all of a stack: hostile code has no end */
#define WAY_OUT_FORKS	    24 /* conditional jumps whose other side may be tried */

/* As the functions of unwind_step.h. */
int unwind_by_way_out(struct unwind_state *state, const struct unwind_code_reader *reader,
		      uint64_t *cfa);

#endif
