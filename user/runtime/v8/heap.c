// SPDX-License-Identifier: GPL-2.0-or-later
/* heap.c - when a word is believed to be an object of a type. */
#include "runtime/v8/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TAG_MASK   3
#define TAG_OBJECT 1
#define TAG_WEAK   3

static uint64_t address(uint64_t object)
{
	return object & ~(uint64_t)TAG_MASK;
}

bool v8_is_pointer(uint64_t word)
{
	return ((word & TAG_MASK) == TAG_OBJECT || (word & TAG_MASK) == TAG_WEAK) &&
	       word > TAG_MASK;
}

int v8_field(const struct v8_heap *heap, uint64_t object, int32_t offset, uint64_t *word)
{
	if (!v8_is_pointer(object))
		return -EINVAL;
	return memory_read_ptr(&heap->memory, address(object) + (uint64_t)offset, word);
}

int v8_smi(uint64_t word, int32_t *value)
{
	if ((uint32_t)word)
		return -EINVAL;
	*value = (int32_t)(word >> 32);
	return 0;
}

/* The type of objects that a map is of, and the map's own map where meta is not NULL. */
static int read_map(const struct v8_heap *heap, uint64_t map, int32_t *type, uint64_t *meta)
{
	uint16_t value = 0;
	struct memory_piece fields[] = {
		{ address(map) + (uint64_t)heap->layout.map_instance_type, &value, sizeof(value),
		  0 },
		{ address(map), meta, sizeof(*meta), 0 },
	};
	int err;

	if (!v8_is_pointer(map) || (map & TAG_MASK) != TAG_OBJECT || address(map) % 8)
		return -EINVAL;
	err = memory_read_all(&heap->memory, fields, meta ? 2 : 1);
	*type = value;
	return err;
}

int v8_type(const struct v8_heap *heap, uint64_t object, int32_t *type)
{
	uint64_t map, meta;
	int32_t meta_type;
	int err = v8_field(heap, object, 0, &map);

	if (!err)
		err = read_map(heap, map, type, &meta);
	if (!err)
		err = read_map(heap, meta, &meta_type, NULL);
	if (err)
		return err;
	return meta_type == heap->layout.type_map ? 0 : -EINVAL;
}

bool v8_is(const struct v8_heap *heap, uint64_t object, int32_t type)
{
	int32_t its;

	return type >= 0 && !v8_type(heap, object, &its) && its == type;
}

bool v8_is_string(const struct v8_heap *heap, uint64_t object)
{
	int32_t type;

	return !v8_type(heap, object, &type) && type < heap->layout.types_string_end;
}

void v8_follow(const struct v8_heap *heap, uint64_t *object)
{
	uint64_t map;

	if (!v8_field(heap, *object, 0, &map) && map && !(map & TAG_MASK))
		*object = map | TAG_OBJECT;
}

static int array_length(const struct v8_heap *heap, uint64_t array, int32_t *length)
{
	uint64_t word;
	int err = v8_field(heap, array, V8_ARRAY_LENGTH, &word);

	if (!err)
		err = v8_smi(word, length);
	return err ? err : *length < 0 ? -EINVAL : 0;
}

int v8_element(const struct v8_heap *heap, uint64_t array, int32_t index, uint64_t *word)
{
	int32_t length;
	int err = array_length(heap, array, &length);

	if (err)
		return err;
	if (index < 0 || index >= length)
		return -EINVAL;
	return memory_read_ptr(&heap->memory,
			       address(array) + V8_ARRAY_DATA + 8ull * (uint32_t)index, word);
}

int v8_bytes(const struct v8_heap *heap, uint64_t array, size_t max, unsigned char **bytes,
	     size_t *size)
{
	const struct v8_layout *layout = &heap->layout;
	int32_t length;
	int err;

	if (!v8_is(heap, array, layout->type_byte_array) &&
	    !v8_is(heap, array, layout->type_trusted_byte_array))
		return -EINVAL;
	err = array_length(heap, array, &length);
	if (err)
		return err;
	if ((size_t)length > max)
		return -E2BIG;
	*size = (size_t)length;
	*bytes = malloc(*size + 1);
	if (!*bytes)
		return -ENOMEM;
	err = memory_read(&heap->memory, address(array) + V8_ARRAY_DATA, *bytes, *size);
	if (err) {
		free(*bytes);
		*bytes = NULL;
	}
	return err;
}
