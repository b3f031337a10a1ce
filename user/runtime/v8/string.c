// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * string.c - V8's strings: plain, put together of two (cons), a part of another
 * (sliced), another one by now (thin), or outside of the heap (external).
 */
#include <errno.h>
#include <string.h>

#include "runtime/v8/heap.h"

/* src/objects/instance-type.h: the same since V8 7. */
#define SHAPE_MASK     7
#define SHAPE_SEQ      0
#define SHAPE_CONS     1
#define SHAPE_EXTERNAL 2
#define SHAPE_SLICED   3
#define SHAPE_THIN     5
#define ONE_BYTE       8
#define UNCACHED       16 /* an external string that does not say where its characters are */

/* src/objects/string.tq: likewise. */
#define STRING_LENGTH  12
#define STRING_CHARS   16
#define CONS_FIRST     16
#define CONS_SECOND    24
#define SLICED_PARENT  16
#define SLICED_OFFSET  24
#define THIN_ACTUAL    16
#define EXTERNAL_CHARS 24

#define PENDING_MAX 64 /* parts of a cons string that are still to come */
#define PARTS_MAX   1024
#define SOME_BYTES  16384

/* A part of a string that is to be read. */
struct part {
	uint64_t string;
	uint32_t from;
	uint32_t nr;
};

struct parts {
	struct part pending[PENDING_MAX];
	size_t nr;
};

static int push(struct parts *parts, uint64_t string, uint32_t from, uint32_t nr)
{
	if (!nr)
		return 0;
	if (parts->nr == PENDING_MAX)
		return -E2BIG;
	parts->pending[parts->nr++] = (struct part){ string, from, nr };
	return 0;
}

int v8_string_length(const struct v8_heap *heap, uint64_t string, uint32_t *length)
{
	uint64_t word;
	int err = v8_field(heap, string, STRING_LENGTH - 4, &word);

	*length = (uint32_t)(word >> 32);
	return err ? err : *length > INT32_MAX ? -EINVAL : 0;
}

/* The first string's characters come first: it is pushed last. */
static int split(const struct v8_heap *heap, struct parts *parts, const struct part *part)
{
	uint64_t first, second;
	uint32_t length = 0, in_first;
	int err = v8_field(heap, part->string, CONS_FIRST, &first);

	if (!err)
		err = v8_field(heap, part->string, CONS_SECOND, &second);
	if (!err)
		err = v8_string_length(heap, first, &length);
	if (err)
		return err;
	in_first = part->from >= length ? 0 : length - part->from;
	if (in_first > part->nr)
		in_first = part->nr;
	err = push(parts, second, part->from > length ? part->from - length : 0,
		   part->nr - in_first);
	return err ? err : push(parts, first, part->from, in_first);
}

static int follow(const struct v8_heap *heap, struct parts *parts, const struct part *part,
		  int32_t shape)
{
	uint64_t to, offset = 0;
	int32_t from = 0;
	int err;

	if (shape == SHAPE_CONS)
		return split(heap, parts, part);
	if (shape == SHAPE_THIN)
		return v8_field(heap, part->string, THIN_ACTUAL, &to)
			       ?: push(parts, to, part->from, part->nr);
	if (shape != SHAPE_SLICED)
		return -EINVAL;
	err = v8_field(heap, part->string, SLICED_PARENT, &to);
	if (!err)
		err = v8_field(heap, part->string, SLICED_OFFSET, &offset);
	if (!err)
		err = v8_smi(offset, &from);
	if (err)
		return err;
	if (from < 0 || (uint32_t)from > INT32_MAX - part->from)
		return -EINVAL;
	return push(parts, to, part->from + (uint32_t)from, part->nr);
}

/* Returns 1 when no more is wanted. */
static int give(const struct v8_heap *heap, const struct part *part, int32_t type, v8_take *take,
		void *context)
{
	unsigned int width = type & ONE_BYTE ? 1 : 2;
	unsigned char some[SOME_BYTES];
	uint64_t chars = (part->string & ~3ull) + STRING_CHARS;
	uint32_t length, nr;
	int err = v8_string_length(heap, part->string, &length);

	if (!err && (part->from > length || part->nr > length - part->from))
		err = -EINVAL;
	if (!err && (type & SHAPE_MASK) == SHAPE_EXTERNAL)
		err = type & UNCACHED ? -EINVAL
				      : v8_field(heap, part->string, EXTERNAL_CHARS, &chars);
	for (uint32_t done = 0; !err && done < part->nr; done += nr) {
		nr = part->nr - done;
		if (nr > sizeof(some) / width)
			nr = sizeof(some) / width;
		err = memory_read(&heap->memory, chars + (uint64_t)(part->from + done) * width,
				  some, (size_t)nr * width);
		if (!err && !take(context, some, nr, width))
			return 1;
	}
	return err;
}

int v8_string_each(const struct v8_heap *heap, uint64_t string, size_t max, v8_take *take,
		   void *context)
{
	struct parts parts = { .nr = 0 };
	uint32_t length;
	int err;

	if (!v8_is_string(heap, string))
		return -EINVAL;
	err = v8_string_length(heap, string, &length);
	if (!err && length > max)
		err = -E2BIG;
	if (!err)
		err = push(&parts, string, 0, length);
	for (size_t i = 0; !err && parts.nr; i++) {
		struct part part = parts.pending[--parts.nr];
		int32_t type, shape;

		if (i == PARTS_MAX)
			return -E2BIG;
		err = v8_type(heap, part.string, &type);
		if (err)
			break;
		shape = type & SHAPE_MASK;
		if (type >= heap->layout.types_string_end)
			err = -EINVAL;
		else if (shape == SHAPE_SEQ || shape == SHAPE_EXTERNAL)
			err = give(heap, &part, type, take, context);
		else
			err = follow(heap, &parts, &part, shape);
	}
	return err > 0 ? 0 : err;
}

struct text {
	char *out;
	size_t used;
	size_t room; /* without the NUL */
	uint32_t high; /* first half of a pair of surrogates */
};

static bool put(struct text *text, uint32_t c)
{
	unsigned char utf8[4];
	size_t nr = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (nr > text->room - text->used)
		return false;
	for (size_t i = nr; i-- > 1; c >>= 6)
		utf8[i] = (unsigned char)(0x80 | (c & 0x3f));
	utf8[0] = (unsigned char)(nr == 1 ? c : (0xf00u >> nr & 0xf0) | c);
	memcpy(text->out + text->used, utf8, nr);
	text->used += nr;
	return true;
}

static bool put_unit(struct text *text, uint32_t unit)
{
	uint32_t high = text->high;

	text->high = 0;
	if (high && unit >= 0xdc00 && unit < 0xe000)
		return put(text, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
	if (high && !put(text, 0xfffd))
		return false;
	if (unit >= 0xd800 && unit < 0xdc00) {
		text->high = unit;
		return true;
	}
	return put(text, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

static bool take_text(void *context, const void *chars, size_t nr, unsigned int width)
{
	struct text *text = context;
	const unsigned char *bytes = chars;

	for (size_t i = 0; i < nr; i++)
		if (!put_unit(text, width == 1 ? bytes[i]
					       : bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8))
			return false;
	return true;
}

int v8_string(const struct v8_heap *heap, uint64_t string, char *out, size_t size)
{
	struct text text = { .out = out, .room = size - 1 };
	/* a name that is cut needs no more of its string than this */
	int err = v8_string_each(heap, string, INT32_MAX, take_text, &text);

	out[err ? 0 : text.used] = '\0';
	return err;
}
