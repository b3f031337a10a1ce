/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - V8 in one process, for its own files and tests. */
#ifndef BLOCKPROF_RUNTIME_V8_PRIVATE_H
#define BLOCKPROF_RUNTIME_V8_PRIVATE_H

#include "runtime/v8/heap.h"
#include "runtime/v8/positions.h"
#include "runtime/v8/script.h"
#include "runtime/v8/v8.h"

struct pages;

struct v8 {
	struct v8_heap heap;
	struct pages *pages; /* what heap is read through; NULL: nothing is kept */
	struct v8_scripts *scripts;
	uint64_t instructions_map; /* see v8_code_find() */
	struct v8_bytecode_sizes sizes;
	bool sizes_asked;
	struct v8_source source; /* no function: sizes are there, or not to be had */
	uint64_t text; /* an address in the file that V8 is in */
};

/* One whose memory is read as heap says. 0 or -ENOMEM. */
int v8_new(struct v8 **out, const struct v8_heap *heap);
/* The sizes of bytecodes, read when they are needed first. NULL: not known. */
const struct v8_bytecode_sizes *v8_sizes(struct v8 *v8);

#endif
