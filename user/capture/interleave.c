// SPDX-License-Identifier: GPL-2.0-or-later
/* interleave.c - where between native frames those of Python belong. */
#include "capture/interleave.h"

#include <string.h>

#include "base/strings.h"

/* What a native frame is by the name of its function. */
enum part {
	PART_NONE,
	PART_LOOP, /* one run of it */
	PART_HANDLER, /* called by the loop (3.14 on, where the compiler has tail calls): inside of it */
	PART_WRAPPER, /* calls the loop: around it */
};

/* Compilers add ".cold", ".localalias" and the like. */
static enum part part_of(const char *fn)
{
	if (starts_with(fn, "_PyEval_EvalFrameDefault"))
		return PART_LOOP;
	if (starts_with(fn, "_TAIL_CALL_"))
		return PART_HANDLER;
	if (starts_with(fn, "_PyEval_EvalFrame") || starts_with(fn, "PyEval_EvalFrame"))
		return PART_WRAPPER;
	return PART_NONE;
}

bool interleave_is_loop(const char *fn)
{
	return part_of(fn) != PART_NONE;
}

void interleave_start(struct interleave *state, const struct bp_python_frame *frames, size_t nr)
{
	*state = (struct interleave){ .python = frames, .nr = nr };
}

/* Behind the outermost frame of the run that comes next. */
static size_t end_of_run(const struct interleave *state)
{
	size_t at = state->next;

	while (at < state->nr)
		if (state->python[at++].code & BP_PYTHON_ENTRY)
			break;
	return at;
}

/* Takes the runs whose place is inside of where this stack frame ends. False: there are none. */
static bool by_place(struct interleave *state, uint64_t cfa)
{
	bool found = false;

	while (state->next < state->nr) {
		size_t end = end_of_run(state);
		uint64_t loop = state->python[end - 1].loop;

		if (!loop || loop >= cfa)
			break;
		state->next = end;
		found = true;
	}
	return found;
}

bool interleave_step(struct interleave *state, const char *fn, uint64_t cfa, size_t *end)
{
	enum part part = part_of(fn);
	bool was_in_loop = state->in_loop, is_loop = part == PART_LOOP;
	size_t next_end = end_of_run(state);
	bool placed = cfa && state->next < state->nr && state->python[next_end - 1].loop;

	state->in_loop = false;
	*end = state->next;
	if (!state->nr)
		return false;
	if (placed)
		is_loop = by_place(state, cfa) || is_loop;
	else if (is_loop || (part == PART_WRAPPER && !was_in_loop))
		state->next = next_end;
	*end = state->next;
	/* a wrapper of which nothing else was seen is taken for the loop */
	state->in_loop = is_loop || part == PART_HANDLER || part == PART_WRAPPER;
	return state->in_loop;
}
