// SPDX-License-Identifier: GPL-2.0-or-later
/* code.c - how V8's code says whose it is, and what was inlined where. */
#include "runtime/v8/code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/v8/function.h"
#include "runtime/v8/positions.h"

#define CODE_BYTES_MAX	(512u << 10) /* of one function */
#define TABLE_BYTES_MAX (1u << 20)
#define BLOCK_BYTES	4096
/* Elements of the deoptimisation data. */
#define EXITS_BEHIND_INLINING 1 /* where the exits start, how many of two kinds, then entries */
#define ENTRIES_BEHIND_EXITS  3
#define ENTRY_WORDS	      3
#define ENTRY_PC	      2
#define EXIT_BYTES	      4 /* Deoptimizer::kLazyDeoptExitSize and the other, x64 and arm64 */
#define NO_SHARED	      (-1) /* InliningPosition: the function itself */

static int instructions_at(const struct v8_heap *heap, uint64_t addr, uint64_t pc,
			   struct v8_code *out)
{
	const struct v8_layout *layout = &heap->layout;
	uint64_t object = addr + 1, size_word;
	int err = 0;

	out->object = object;
	if (layout->instructions_code)
		err = v8_field(heap, object, layout->instructions_code, &out->object);
	if (err || !v8_is(heap, out->object, layout->type_code))
		return -ENOENT;
	if (!layout->code_start)
		out->start = addr + (uint64_t)layout->code_header;
	else
		err = v8_field(heap, out->object, layout->code_start, &out->start);
	if (!err)
		err = v8_field(heap, out->object, layout->code_size, &size_word);
	if (!err)
		err = v8_field(heap, out->object, layout->code_deoptimization, &out->data);
	if (err || out->start < addr || pc < out->start || pc - out->start > (uint32_t)size_word)
		return -ENOENT;
	out->baseline = v8_is(heap, out->data, layout->type_bytecode);
	return 0;
}

/* Does an object around code begin with this word? */
static bool begins_code(const struct v8_heap *heap, uint64_t addr, uint64_t word, uint64_t *map)
{
	if (*map && word != *map)
		return false;
	if ((word & 7) != 1 || !v8_is(heap, addr + 1, heap->layout.type_instructions))
		return false;
	*map = word;
	return true;
}

/* Code itself says nothing, but it lies behind the head of an object: the nearest one before it. */
static int search(const struct v8_heap *heap, uint64_t pc, uint64_t *map, struct v8_code *out)
{
	uint64_t words[BLOCK_BYTES / sizeof(uint64_t)];
	uint64_t block = pc & ~(uint64_t)(BLOCK_BYTES - 1);
	uint64_t end = pc > CODE_BYTES_MAX ? pc - CODE_BYTES_MAX : BLOCK_BYTES;

	for (; block >= end; block -= BLOCK_BYTES) {
		if (memory_read(&heap->memory, block, words, sizeof(words)))
			return -ENOENT;
		for (size_t i = sizeof(words) / sizeof(words[0]); i-- > 0;) {
			uint64_t addr = block + i * sizeof(words[0]);

			if (addr < pc && begins_code(heap, addr, words[i], map))
				return instructions_at(heap, addr, pc, out);
		}
	}
	return -ENOENT;
}

int v8_code_find(const struct v8_heap *heap, uint64_t addr, uint64_t *map, struct v8_code *out)
{
	bool guessed = *map != 0;
	int err = search(heap, addr, map, out);

	/* the map can be another one by now */
	if (err && guessed) {
		*map = 0;
		err = search(heap, addr, map, out);
	}
	if (err)
		*map = 0;
	return err;
}

/* InliningPosition of deoptimization-data.h: 16 bytes each. */
struct inlining {
	uint64_t position;
	int32_t function; /* index of a literal */
	int32_t pad;
};

struct inlinings {
	struct inlining *v;
	size_t nr;
};

static int literal_shared(const struct v8_heap *heap, uint64_t data, int32_t index,
			  uint64_t *shared)
{
	const struct v8_layout *layout = &heap->layout;
	uint64_t literals, object;
	int err;

	if (index == NO_SHARED) {
		err = v8_element(heap, data, layout->deoptimization_shared, &object);
	} else {
		err = v8_element(heap, data, layout->deoptimization_literals, &literals);
		if (!err)
			err = v8_element(heap, literals, index, &object);
	}
	return err ? err : v8_shared_of(heap, object, shared);
}

static int data_smi(const struct v8_heap *heap, uint64_t data, int32_t index, int32_t *value)
{
	uint64_t word;

	return v8_element(heap, data, index, &word) ?: v8_smi(word, value);
}

/*
 * Code that an assumption failed for goes on in the interpreter when a call in
 * it returns: the return address is then one of the exits, which stand behind
 * the code, in the order of their entries (deoptimization-data.h). Where the
 * call was, its entry says. *offset is in the call: one less than the exit's.
 */
static int undo_exit(const struct v8_heap *heap, const struct v8_code *code, int32_t *offset)
{
	int32_t first = heap->layout.deoptimization_inlining + EXITS_BEHIND_INLINING;
	int32_t start, pc;

	if (data_smi(heap, code->data, first, &start) || start < 0 || *offset < start)
		return 0;
	if (data_smi(heap, code->data,
		     first + ENTRIES_BEHIND_EXITS +
			     (*offset - start + EXIT_BYTES - 1) / EXIT_BYTES * ENTRY_WORDS +
			     ENTRY_PC,
		     &pc) ||
	    pc <= 0 || pc >= start)
		return -ENOENT;
	*offset = pc - 1;
	return 0;
}

/* Where the code is in the source, as far as its table says. */
static int position_of(const struct v8_heap *heap, const struct v8_code *code, uint64_t addr,
		       struct v8_position *position)
{
	unsigned char *table __freeing = NULL;
	int32_t offset = (int32_t)(addr - code->start);
	uint64_t object;
	size_t size;
	int err = undo_exit(heap, code, &offset);

	if (!err)
		err = v8_field(heap, code->object, heap->layout.code_positions, &object);
	if (!err)
		err = v8_bytes(heap, object, TABLE_BYTES_MAX, &table, &size);
	if (!err)
		err = v8_position_find(&(struct v8_table){ table, size },
				       heap->layout.positions_have_two_bits, offset, position);
	return err;
}

static int read_inlinings(const struct v8_heap *heap, uint64_t data, struct inlinings *out)
{
	unsigned char *bytes = NULL;
	uint64_t object;
	size_t size;
	int err = v8_element(heap, data, heap->layout.deoptimization_inlining, &object);

	if (!err)
		err = v8_bytes(heap, object, TABLE_BYTES_MAX, &bytes, &size);
	if (err)
		return err;
	out->v = (struct inlining *)bytes;
	out->nr = size / sizeof(*out->v);
	return 0;
}

int v8_code_calls(const struct v8_heap *heap, const struct v8_code *code, uint64_t addr,
		  struct v8_call *calls, size_t max)
{
	struct v8_position position = { -1, -1 };
	struct inlinings inlinings = { .nr = 0 };
	void *owned __freeing = NULL;
	size_t nr = 0;

	if (!max)
		return -EINVAL;
	if (position_of(heap, code, addr, &position))
		position = (struct v8_position){ -1, -1 };
	if (position.inlining >= 0 && !read_inlinings(heap, code->data, &inlinings))
		owned = inlinings.v;
	while (position.inlining >= 0 && (size_t)position.inlining < inlinings.nr && nr + 1 < max) {
		const struct inlining *inlined = &inlinings.v[position.inlining];
		struct v8_position outer;

		if (literal_shared(heap, code->data, inlined->function, &calls[nr].shared))
			break;
		calls[nr++].offset = position.offset;
		/* what is inlined has been met later than what it is inlined into */
		if (v8_position_decode(inlined->position, &outer) ||
		    outer.inlining >= position.inlining)
			outer = (struct v8_position){ -1, -1 };
		position = outer;
	}
	if (position.inlining >= 0)
		position.offset = -1;
	if (literal_shared(heap, code->data, NO_SHARED, &calls[nr].shared))
		return nr ? (int)nr : -ENOENT;
	calls[nr++].offset = position.offset;
	return (int)nr;
}
