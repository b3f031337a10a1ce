/* SPDX-License-Identifier: GPL-2.0-or-later */
/* function.h - what functions are called, by their SharedFunctionInfo. */
#ifndef BLOCKPROF_RUNTIME_V8_FUNCTION_H
#define BLOCKPROF_RUNTIME_V8_FUNCTION_H

#include "runtime/v8/heap.h"

/* The SharedFunctionInfo of a JSFunction, or of a wrapper around one. 0 or -EINVAL. */
int v8_shared_of(const struct v8_heap *heap, uint64_t object, uint64_t *shared);
/* The name in the source, else the one that the parser inferred ("server.handle"); "": none. */
int v8_shared_name(const struct v8_heap *heap, uint64_t shared, char *name, size_t size);
/* 0, or -ENOENT: a function of V8 itself. */
int v8_shared_script(const struct v8_heap *heap, uint64_t shared, uint64_t *script);

#endif
