// SPDX-License-Identifier: GPL-2.0-or-later
/* place.c - which frames of a stack are worth showing. */
#include "model/place.h"

#include <limits.h>
#include <string.h>

#include "base/strings.h"
#include "model/frame_owner.h"

#define LIBRARY_FRAMES	3 /* where no frame is the user's own */
#define NATIVE_FRAMES	5
#define COMPARED_FRAMES 128 /* of very deep stacks, only the inner frames are compared */

/* Where a name is not known, a frame has "[unknown]" or "module+0x12". */
static bool has_name(const struct frame *frame)
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
	return frame->kind == FRAME_NATIVE && has_name(frame);
}

static bool is_native_api(const struct frame *frame)
{
	return is_native_named(frame) && frame_owner(frame) != FRAME_OF_INTERPRETER;
}

/* What is shown is the first of these kinds that the loop has inside, and at most so many frames of it. */
static const struct {
	bool (*is)(const struct frame *frame);
	unsigned int frames;
} kinds[] = {
	{ frame_is_own, UINT_MAX },
	{ frame_is_managed, LIBRARY_FRAMES },
	{ is_native_api, NATIVE_FRAMES },
	{ is_native_named, NATIVE_FRAMES },
};

unsigned int place_frames(const struct stack *stack, unsigned int *at, unsigned int max)
{
	unsigned int limit = inside_loop(stack), nr = 0;

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]) && !nr; kind++)
		for (unsigned int i = 0; i < limit && nr < max && nr < kinds[kind].frames; i++)
			if (kinds[kind].is(&stack->frames[i]))
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

	if (!a || !b || a->cut != b->cut)
		return a == b;
	nr = place_frames(a, at_a, COMPARED_FRAMES);
	if (nr != place_frames(b, at_b, COMPARED_FRAMES))
		return false;
	for (unsigned int i = 0; i < nr; i++)
		if (!frame_equal(&a->frames[at_a[i]], &b->frames[at_b[i]]))
			return false;
	return true;
}
