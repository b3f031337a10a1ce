// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/natives.h"

static void walk(struct natives *natives, const struct bp_stack *raw)
{
	natives->nr = raw->user_nr < BP_USER_FRAMES ? raw->user_nr : BP_USER_FRAMES;
	natives->cut = raw->flags & BP_STACK_USER_CUT;
	natives->walked = true;
	for (size_t i = 0; i < natives->nr; i++)
		natives->v[i] = (struct native_frame){
			.addr = raw->user[i],
			.flags = i ? NATIVE_BY_FRAME_POINTER : NATIVE_EXACT,
		};
}

static bool unwind(struct natives *natives, struct symbols *symbols, pid_t pid,
		   const struct bp_stack_copy *copy, struct copy_use *use)
{
	unsigned int flags = 0;
	int nr;

	if (!copy || !copy->bytes)
		return false;
	nr = symbols_unwind(symbols, pid, copy, natives->v, NATIVES_MAX, &flags);
	if (nr <= 0)
		return false;
	natives->nr = (size_t)nr;
	natives->cut = flags & UNWIND_CUT || nr == NATIVES_MAX;
	natives->walked = false;
	use->unwound = true;
	use->cut = flags & UNWIND_CUT;
	use->bytes = 0;
	for (size_t i = 0; i < natives->nr; i++) {
		uint64_t depth = natives->v[i].cfa - copy->regs.reg[BP_REGISTER_SP];

		if (depth <= copy->bytes && depth > use->bytes)
			use->bytes = (uint32_t)depth;
	}
	return true;
}

void natives_find(struct natives *natives, struct symbols *symbols, pid_t pid,
		  const struct bp_stack *raw, const struct bp_stack_copy *copy,
		  struct copy_use *use)
{
	if (!unwind(natives, symbols, pid, copy, use))
		walk(natives, raw);
}
