/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heap.h - objects of V8's heap, read from outside. Nothing is believed: a
 * pointer is one only with its tag, an object only by the type in its map, and
 * sizes are bounded.
 *
 * Words are tagged: a number (smi) in the upper half of a word whose lower half
 * is 0, or the address of an object plus 1 (weak pointers: plus 3).
 */
#ifndef BLOCKPROF_RUNTIME_V8_HEAP_H
#define BLOCKPROF_RUNTIME_V8_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "runtime/v8/layout.h"

struct v8_heap {
	struct memory memory;
	struct v8_layout layout;
};

#define V8_ARRAY_LENGTH 8 /* FixedArrayBase::length */
#define V8_ARRAY_DATA	16

/* All return 0 or -errno: -EINVAL: not such an object. */

/* The word at offset bytes of a tagged object. */
int v8_field(const struct v8_heap *heap, uint64_t object, int32_t offset, uint64_t *word);
int v8_smi(uint64_t word, int32_t *value);
int v8_type(const struct v8_heap *heap, uint64_t object, int32_t *type);
bool v8_is(const struct v8_heap *heap, uint64_t object, int32_t type);
bool v8_is_string(const struct v8_heap *heap, uint64_t object);
/* Only by its tag. */
bool v8_is_pointer(uint64_t word);
/*
 * Where the object is now, if a collection has moved it since its address was read: the
 * word of its map is its new address then (MapWord::ToForwardingAddress() of
 * src/objects/objects-inl.h, without compressed pointers, as Node.js is built).
 */
void v8_follow(const struct v8_heap *heap, uint64_t *object);
/* Element of an array of words. */
int v8_element(const struct v8_heap *heap, uint64_t array, int32_t index, uint64_t *word);
/* Bytes of a byte array; the caller frees *bytes. -E2BIG: more than max. */
int v8_bytes(const struct v8_heap *heap, uint64_t array, size_t max, unsigned char **bytes,
	     size_t *size);
/* A string as UTF-8, cut to fit, always terminated. */
int v8_string(const struct v8_heap *heap, uint64_t string, char *out, size_t size);

/*
 * A string's characters in order, some at a time: width is 1 or 2 bytes each.
 * take returns false to end it early, which is no error. -E2BIG: more than max
 * characters, or nested too deep.
 */
typedef bool v8_take(void *context, const void *chars, size_t nr, unsigned int width);
int v8_string_each(const struct v8_heap *heap, uint64_t string, size_t max, v8_take *take,
		   void *context);
int v8_string_length(const struct v8_heap *heap, uint64_t string, uint32_t *length);

#endif
