// SPDX-License-Identifier: GPL-2.0-or-later
/* native_stack.c - which native frames a thread has, by its copied stack or else by frame pointers. */
#include "capture/native_stack.h"

static void walk(struct native_stack *native_stack, const struct bp_stack *raw)
{
	native_stack->nr = raw->user_nr < BP_USER_FRAMES ? raw->user_nr : BP_USER_FRAMES;
	native_stack->cut = raw->flags & BP_STACK_USER_CUT;
	native_stack->walked = true;
	for (size_t i = 0; i < native_stack->nr; i++)
		native_stack->v[i] = (struct native_frame){
			.addr = raw->user[i],
			.flags = i ? NATIVE_BY_FRAME_POINTER : NATIVE_EXACT,
		};
}

static bool unwind(struct native_stack *native_stack, struct symbols *symbols,
		   const struct raw_stack *raw, struct copy_use *use)
{
	const struct bp_stack_copy *copy = raw->copy;
	unsigned int flags = 0;
	int nr;

	if (!copy || !copy->bytes)
		return false;
	nr = symbols_unwind(symbols, raw->pid, copy, native_stack->v, NATIVE_STACK_MAX, &flags);
	if (nr <= 0)
		return false;
	native_stack->nr = (size_t)nr;
	native_stack->cut = flags & UNWIND_CUT || nr == NATIVE_STACK_MAX;
	native_stack->walked = false;
	use->unwound = true;
	use->cut = flags & UNWIND_CUT;
	use->bytes = 0;
	for (size_t i = 0; i < native_stack->nr; i++) {
		uint64_t depth = native_stack->v[i].cfa - copy->regs.reg[BP_REGISTER_SP];

		if (depth <= copy->bytes && depth > use->bytes)
			use->bytes = (uint32_t)depth;
	}
	return true;
}

void native_stack_find(struct native_stack *native_stack, struct symbols *symbols,
		       const struct raw_stack *raw, struct copy_use *use)
{
	if (!unwind(native_stack, symbols, raw, use))
		walk(native_stack, raw->stack);
}
