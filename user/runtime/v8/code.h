/* SPDX-License-Identifier: GPL-2.0-or-later */
/* code.h - code that V8 made at run time: whose it is, and of which source. */
#ifndef BLOCKPROF_RUNTIME_V8_CODE_H
#define BLOCKPROF_RUNTIME_V8_CODE_H

#include <stdbool.h>

#include "runtime/v8/heap.h"

struct v8_code {
	uint64_t object; /* the Code */
	uint64_t start; /* of the instructions */
	uint64_t data; /* what optimised code is undone with, or the bytecode of baseline code */
	bool baseline;
};

/*
 * The code around an address. *map is the map of the objects around code, as
 * far as it is known: kept by the caller from call to call, 0 at first.
 * 0, or -ENOENT: no code of V8.
 */
int v8_code_find(const struct v8_heap *heap, uint64_t addr, uint64_t *map, struct v8_code *out);

/* A call that optimised code is in: the function and where in its source. */
struct v8_call {
	uint64_t shared;
	int32_t offset; /* -1: not known */
};

/*
 * The function that optimised code is of, with those that were inlined there
 * around an address, innermost first. Returns how many, or -errno.
 */
int v8_code_calls(const struct v8_heap *heap, const struct v8_code *code, uint64_t addr,
		  struct v8_call *calls, size_t max);

#endif
