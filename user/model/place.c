// SPDX-License-Identifier: GPL-2.0-or-later
/* place.c - which frames of a stack are worth showing. */
#include "model/place.h"

#include <limits.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"
#include "model/frame_owner.h"

#define LIBRARY_FRAMES	3 /* where no frame is the user's own */
#define NATIVE_FRAMES	5
#define COMPARED_FRAMES 128 /* of very deep stacks, only the inner frames are compared */

bool frame_has_name(const struct frame *frame)
{
	return frame->fn[0] && frame->fn[0] != '[' && !strstr(frame->fn, "+0x");
}

/* asyncio's own way from run() to the callback: what is outside of it only started the loop. */
static bool is_loop_runner(const struct frame *frame)
{
	static const char *const files[] = { "/asyncio/runners.py", "/asyncio/base_events.py" };

	if (frame->kind != FRAME_PYTHON || !frame->file)
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (ends_with(frame->file, files[i]))
			return true;
	return false;
}

/* How many frames are inside of the loop, without its outermost runner. */
static unsigned int inside_loop(const struct stack *stack)
{
	for (unsigned int i = stack->nr; i-- > 0;)
		if (is_loop_runner(&stack->frames[i]))
			return i;
	return stack->nr;
}

static bool is_native_named(const struct frame *frame)
{
	return frame->kind == FRAME_NATIVE && frame_has_name(frame);
}

/* Of the program itself: of a stripped one as "module+0x12". */
static bool is_native_own(const struct frame *frame)
{
	return frame->kind == FRAME_NATIVE && frame->fn[0] && frame->fn[0] != '[' &&
	       frame_owner(frame) == FRAME_OF_USER;
}

static bool is_native_api(const struct frame *frame)
{
	return is_native_named(frame) && frame_owner(frame) != FRAME_OF_INTERPRETER;
}

/* Where a tick of the clock hit a function without a name: each one is at another instruction. */
static bool is_bare_sample(const struct stack *stack, unsigned int at)
{
	return at == 0 && stack->frames[at].kind == FRAME_NATIVE &&
	       !frame_has_name(&stack->frames[at]);
}

/* What is shown is the first of these kinds that the loop has inside, and at most so many frames of it. */
static const struct {
	bool (*is)(const struct frame *frame);
	unsigned int frames;
} kinds[] = {
	{ frame_is_own, UINT_MAX },	    { frame_is_managed, LIBRARY_FRAMES },
	{ is_native_own, NATIVE_FRAMES },   { is_native_api, NATIVE_FRAMES },
	{ is_native_named, NATIVE_FRAMES },
};

unsigned int place_frames(const struct stack *stack, unsigned int *at, unsigned int max)
{
	unsigned int limit = inside_loop(stack), nr = 0;

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]) && !nr; kind++)
		for (unsigned int i = 0; i < limit && nr < max && nr < kinds[kind].frames; i++)
			if (kinds[kind].is(&stack->frames[i]) && !is_bare_sample(stack, i))
				at[nr++] = i;
	if (nr)
		return nr;
	for (; nr < stack->nr && nr < max && nr < NATIVE_FRAMES; nr++)
		at[nr] = nr;
	return nr;
}

const struct frame *place_of(const struct stack *stack)
{
	unsigned int at;

	return stack && place_frames(stack, &at, 1) ? &stack->frames[at] : NULL;
}

bool place_is_named(const struct stack *stack)
{
	unsigned int at[COMPARED_FRAMES];
	unsigned int nr = stack ? place_frames(stack, at, COMPARED_FRAMES) : 0;

	while (nr)
		if (frame_has_name(&stack->frames[at[--nr]]))
			return true;
	return false;
}

int place_native(const struct stack *stack, unsigned int limit)
{
	for (unsigned int i = 0; i < limit; i++)
		if (is_native_api(&stack->frames[i]))
			return (int)i;
	return -1;
}

bool place_same(const struct stack *a, const struct stack *b)
{
	unsigned int at_a[COMPARED_FRAMES], at_b[COMPARED_FRAMES], nr;

	if (!a || !b)
		return a == b;
	nr = place_frames(a, at_a, COMPARED_FRAMES);
	if (nr != place_frames(b, at_b, COMPARED_FRAMES))
		return false;
	for (unsigned int i = 0; i < nr; i++)
		if (!frame_equal(&a->frames[at_a[i]], &b->frames[at_b[i]]))
			return false;
	return true;
}

static uint64_t hash_string(uint64_t hash, const char *text)
{
	return text ? hash_bytes(hash, text, strlen(text) + 1) : hash_bytes(hash, "", 1);
}

uint64_t place_hash(uint64_t seed, const struct stack *stack)
{
	unsigned int at[COMPARED_FRAMES];
	unsigned int nr = stack ? place_frames(stack, at, COMPARED_FRAMES) : 0;
	uint64_t hash = hash_bytes(HASH_START, &seed, sizeof(seed));

	for (unsigned int i = 0; i < nr; i++) {
		const struct frame *frame = &stack->frames[at[i]];

		hash = hash_string(hash, frame->fn);
		hash = hash_string(hash, frame->file);
		hash = hash_string(hash, frame->module);
		hash = hash_bytes(hash, &frame->line, sizeof(frame->line));
	}
	return hash;
}
