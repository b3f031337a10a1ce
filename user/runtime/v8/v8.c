// SPDX-License-Identifier: GPL-2.0-or-later
/* v8.c - which slots of a frame say what function it runs, and where. */
#include "runtime/v8/v8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/pages.h"
#include "runtime/v8/code.h"
#include "runtime/v8/function.h"
#include "runtime/v8/private.h"

#define CALLS_MAX	32
#define TABLE_BYTES_MAX (1u << 20)
#define ANONYMOUS	"<anonymous>"
#define UNKNOWN		"[unknown]"

int v8_new(struct v8 **out, const struct v8_heap *heap)
{
	struct v8 *v8 = calloc(1, sizeof(*v8));
	int err = v8 ? v8_scripts_new(&v8->scripts) : -ENOMEM;

	if (err) {
		free(v8);
		return err;
	}
	v8->heap = *heap;
	*out = v8;
	return 0;
}

void v8_close(struct v8 *v8)
{
	if (!v8)
		return;
	v8_scripts_free(v8->scripts);
	pages_free(v8->pages);
	free(v8);
}

void v8_stack_end(struct v8 *v8)
{
	if (v8->pages)
		pages_forget(v8->pages);
}

/* offset: in the source, -1: not known. */
static void name_frame(struct v8 *v8, uint64_t shared, int32_t offset, struct v8_frame *frame)
{
	const struct v8_heap *heap = &v8->heap;
	uint64_t script;

	*frame = (struct v8_frame){ .line = 0 };
	frame->unread = v8_shared_name(heap, shared, frame->fn, sizeof(frame->fn));
	if (frame->unread)
		snprintf(frame->fn, sizeof(frame->fn), UNKNOWN);
	if (!v8_shared_script(heap, shared, &script) &&
	    !v8_script_name(heap, script, frame->file, sizeof(frame->file)))
		frame->line = v8_script_line(v8->scripts, heap, script, offset);
	if (!frame->fn[0])
		snprintf(frame->fn, sizeof(frame->fn), "%s",
			 strcmp(frame->file, V8_NO_FILE) ? ANONYMOUS : "eval");
}

/* Where in the source a bytecode is of; -1: not known. */
static int32_t bytecode_position(const struct v8_heap *heap, uint64_t bytecode, int32_t offset)
{
	unsigned char *table __freeing = NULL;
	struct v8_position position;
	uint64_t object;
	size_t size;

	if (v8_field(heap, bytecode, heap->layout.bytecode_positions, &object) ||
	    v8_bytes(heap, object, TABLE_BYTES_MAX, &table, &size) ||
	    v8_position_find(&(struct v8_table){ table, size },
			     heap->layout.positions_have_two_bits, offset, &position))
		return -1;
	return position.offset;
}

/* Which bytecode baseline code is at; -1: not known. */
static int32_t baseline_offset(struct v8 *v8, const struct v8_code *code, uint64_t bytecode,
			       const struct v8_native *native)
{
	const struct v8_heap *heap = &v8->heap;
	unsigned char *table __freeing = NULL, *bytes __freeing = NULL;
	uint64_t object, length;
	int32_t nr, offset;
	size_t size;

	if (!v8_sizes(v8) || v8_field(heap, bytecode, V8_ARRAY_LENGTH, &length) ||
	    v8_smi(length, &nr) || nr <= 0 || nr > (int32_t)TABLE_BYTES_MAX ||
	    v8_field(heap, code->object, heap->layout.code_positions, &object) ||
	    v8_bytes(heap, object, TABLE_BYTES_MAX, &table, &size))
		return -1;
	bytes = malloc((size_t)nr);
	if (!bytes ||
	    memory_read(&heap->memory, (bytecode & ~3ull) + (uint64_t)heap->layout.bytecode_data,
			bytes, (size_t)nr) ||
	    v8_baseline_find(&(struct v8_table){ table, size },
			     &(struct v8_table){ bytes, (size_t)nr }, v8_sizes(v8),
			     native->addr - code->start + native->exact, &offset))
		return -1;
	return offset;
}

static int slot(const struct v8_heap *heap, const struct v8_native *native, int32_t offset,
		uint64_t *word)
{
	uint64_t addr = native->fp + (uint64_t)(int64_t)offset;

	if (addr % sizeof(*word))
		return -EINVAL;
	if (addr < native->sp || addr - native->sp >= native->stack_bytes ||
	    native->stack_bytes - (addr - native->sp) < sizeof(*word))
		return memory_read_ptr(&heap->memory, addr, word);
	memcpy(word, native->stack + (addr - native->sp), sizeof(*word));
	return 0;
}

/* Where the runtime's own code is surely what runs, there is a function, whatever became of it. */
static int unread_frame(const struct v8_native *native, struct v8_frame *frame)
{
	if (!native->made && !native->builtin)
		return 0;
	*frame = (struct v8_frame){ .fn = UNKNOWN, .unread = true };
	return 1;
}

/* A frame's slots, as interpreted and baseline code have them; and functions built in. */
static int slots_frame(struct v8 *v8, const struct v8_native *native, const struct v8_code *code,
		       struct v8_frame *frame)
{
	const struct v8_heap *heap = &v8->heap;
	const struct v8_layout *layout = &heap->layout;
	uint64_t context, function, shared, bytecode, word;
	int32_t offset = -1, type;

	if (slot(heap, native, layout->fp_context, &context) ||
	    slot(heap, native, layout->fp_function, &function) ||
	    slot(heap, native, layout->fp_bytecode, &bytecode) ||
	    slot(heap, native, layout->fp_bytecode_offset, &word))
		return -ENOENT;
	/* frames that are no function's have their type there, which no object's address is */
	if (!v8_is_pointer(context) || !v8_is_pointer(function))
		return 0;
	v8_follow(heap, &context);
	v8_follow(heap, &function);
	if (v8_type(heap, context, &type) || v8_type(heap, function, &type))
		return unread_frame(native, frame);
	if (type < layout->type_function_first || type > layout->type_function_last ||
	    v8_shared_of(heap, function, &shared))
		return 0;
	if (v8_is(heap, bytecode, layout->type_bytecode)) {
		if (code)
			offset = baseline_offset(v8, code, bytecode, native);
		else if (!v8_smi(word, &offset)) /* from the tagged address of the array */
			offset -= layout->bytecode_data - 1;
		if (offset >= 0)
			offset = bytecode_position(heap, bytecode, offset);
	}
	name_frame(v8, shared, offset, frame);
	/* steps of promises and the like are functions, too, but nobody wrote or called them */
	return frame->file[0] || strcmp(frame->fn, ANONYMOUS) ? 1 : 0;
}

static int made_frames(struct v8 *v8, const struct v8_native *native, struct v8_frame *frames,
		       size_t max)
{
	struct v8_call calls[CALLS_MAX];
	struct v8_code code;
	int nr = v8_code_find(&v8->heap, native->addr, &v8->instructions_map, &code);

	if (nr)
		return nr;
	if (code.baseline)
		return slots_frame(v8, native, &code, frames);
	nr = v8_code_calls(&v8->heap, &code, native->addr - !native->exact, calls,
			   max < CALLS_MAX ? max : CALLS_MAX);
	for (int i = 0; i < nr; i++)
		name_frame(v8, calls[i].shared, calls[i].offset, &frames[i]);
	return nr;
}

int v8_frames(struct v8 *v8, const struct v8_native *native, struct v8_frame *frames, size_t max)
{
	int nr = -ENOENT;

	if (!max)
		return -EINVAL;
	if (native->made)
		nr = made_frames(v8, native, frames, max);
	return nr >= 0 ? nr : slots_frame(v8, native, NULL, frames);
}
