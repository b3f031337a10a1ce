/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interleave.h - where Python frames are among the native ones.
 *
 * Each run of the interpreter's C loop has one native frame, or a few, and
 * runs one Python frame, or several that call each other. From 3.10 on the
 * kernel side gives an address in the native frame of each run, which finds it
 * without names; before, and where the extent of native frames is not known,
 * the functions' names have to do, run by run from the inside. Either way no
 * Python frame is lost or changes its place among the others.
 */
#ifndef BLOCKPROF_CAPTURE_INTERLEAVE_H
#define BLOCKPROF_CAPTURE_INTERLEAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

struct interleave {
	const struct bp_python_frame *python; /* innermost first */
	size_t nr;
	size_t next; /* the first that has no place yet */
	bool in_loop; /* the native frame before belongs to the loop */
};

/* frames are the caller's, and are to live as long. */
void interleave_start(struct interleave *state, const struct bp_python_frame *frames, size_t nr);

/*
 * To be called for each native frame, innermost first: fn is its function,
 * cfa where its stack frame ends (0: not known). True: it is the interpreter's
 * loop or a part of it, and gives way to the Python frames from what
 * state->next was up to *end (exclusive), which may be none.
 */
bool interleave_step(struct interleave *state, const char *fn, uint64_t cfa, size_t *end);

/* Whether a function is, by its name, a part of the interpreter's loop. */
bool interleave_is_loop(const char *fn);

#endif
