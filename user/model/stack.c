// SPDX-License-Identifier: GPL-2.0-or-later
/* stack.c - how a stack is kept in one block, hashed and compared. */
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"
#include "model/frame_owner.h"
#include "model/model.h"

/* More frames than the kernel side sends with every inlined call; outer ones are cut beyond. */
#define STACK_MAX_FRAMES 1024

static const char *const kind_names[FRAME_KIND_NR] = {
	[FRAME_KERNEL] = "kernel", [FRAME_NATIVE] = "native", [FRAME_PYTHON] = "python",
	[FRAME_JS] = "js",	   [FRAME_JIT] = "jit",
};

const char *frame_kind_name(enum frame_kind kind)
{
	return (unsigned int)kind < FRAME_KIND_NR ? kind_names[kind] : kind_names[FRAME_NATIVE];
}

enum frame_kind frame_kind_parse(const char *name)
{
	unsigned int kind = 0;

	while (kind < FRAME_KIND_NR && strcmp(kind_names[kind], name) != 0)
		kind++;
	return (enum frame_kind)kind;
}

/* NULL and "" differ: the NUL is hashed for the one, a 1 for the other. */
static uint64_t hash_string(uint64_t hash, const char *s)
{
	return s ? hash_bytes(hash, s, strlen(s) + 1) : hash_bytes(hash, "\1", 1);
}

/* Whether a frame makes no difference between two stacks. */
static bool is_left_out(const struct stack *stack, const struct frame *frame)
{
	return stack->has_python && frame_is_plumbing(frame);
}

static uint64_t hash_frames(const struct stack *stack)
{
	unsigned char cut = stack->cut;
	uint64_t hash = hash_bytes(HASH_START, &cut, 1);

	for (unsigned int i = 0; i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];
		uint32_t numbers[4] = { frame->kind, frame->line, frame->inlined,
					frame->by_frame_pointer };

		if (is_left_out(stack, frame))
			continue;
		hash = hash_bytes(hash, numbers, sizeof(numbers));
		hash = hash_string(hash, frame->fn);
		hash = hash_string(hash, frame->file);
		hash = hash_string(hash, frame->module);
	}
	return hash;
}

static const char *keep_string(char **free_bytes, const char *s)
{
	char *kept = *free_bytes;
	size_t bytes = string_bytes(s);

	if (!s)
		return NULL;
	memcpy(kept, s, bytes);
	*free_bytes += bytes;
	return kept;
}

/* Frames of one file are mostly neighbours, which share it. */
static bool shares_build_id(const struct frame *frames, size_t i)
{
	return i && same_string(frames[i].build_id, frames[i - 1].build_id);
}

struct stack *stack_new(const struct frame *frames, size_t nr, bool cut)
{
	struct stack *stack;
	size_t bytes = 0;
	char *strings;

	if (nr > STACK_MAX_FRAMES) {
		nr = STACK_MAX_FRAMES;
		cut = true;
	}
	for (size_t i = 0; i < nr; i++)
		bytes += string_bytes(frames[i].fn) + string_bytes(frames[i].file) +
			 string_bytes(frames[i].module) +
			 (shares_build_id(frames, i) ? 0 : string_bytes(frames[i].build_id));
	bytes += sizeof(*stack) + nr * sizeof(stack->frames[0]);
	stack = malloc(bytes);
	if (!stack)
		return NULL;
	stack->refs = 1;
	stack->bytes = bytes;
	stack->nr = (unsigned int)nr;
	stack->cut = cut;
	stack->has_python = false;
	strings = (char *)&stack->frames[nr];
	for (size_t i = 0; i < nr; i++) {
		stack->frames[i] = frames[i];
		stack->frames[i].fn = keep_string(&strings, frames[i].fn);
		stack->frames[i].file = keep_string(&strings, frames[i].file);
		stack->frames[i].module = keep_string(&strings, frames[i].module);
		stack->frames[i].build_id = shares_build_id(frames, i)
						    ? stack->frames[i - 1].build_id
						    : keep_string(&strings, frames[i].build_id);
		stack->has_python |= frames[i].kind == FRAME_PYTHON;
	}
	stack->hash = hash_frames(stack);
	return stack;
}

struct stack *stack_get(struct stack *stack)
{
	if (stack)
		stack->refs++;
	return stack;
}

void stack_put(struct stack *stack)
{
	if (stack && --stack->refs == 0)
		free(stack);
}

bool frame_equal(const struct frame *a, const struct frame *b)
{
	return a->kind == b->kind && a->line == b->line && a->inlined == b->inlined &&
	       a->by_frame_pointer == b->by_frame_pointer && same_string(a->fn, b->fn) &&
	       same_string(a->file, b->file) && same_string(a->module, b->module);
}

/* The next frame, from *at on, that makes a difference; NULL: there is none. */
static const struct frame *next_frame(const struct stack *stack, unsigned int *at)
{
	while (*at < stack->nr) {
		const struct frame *frame = &stack->frames[(*at)++];

		if (!is_left_out(stack, frame))
			return frame;
	}
	return NULL;
}

bool stack_equal(const struct stack *a, const struct stack *b)
{
	unsigned int at_a = 0, at_b = 0;
	const struct frame *frame_a, *frame_b;

	if (a == b)
		return true;
	if (!a || !b || a->hash != b->hash || a->cut != b->cut)
		return false;
	do {
		frame_a = next_frame(a, &at_a);
		frame_b = next_frame(b, &at_b);
		if (!frame_a || !frame_b)
			return frame_a == frame_b;
	} while (frame_equal(frame_a, frame_b));
	return false;
}
