// SPDX-License-Identifier: GPL-2.0-or-later
/* copy_size.c - the size that serves for all threads without a slot together. */
#include "stall/state/copy_size.h"

#include "probe/probe.h"
#include "stall/state/state.h"

void copy_size_of_other(struct engine *engine, const struct bp_stack_copy *copy,
			const struct copy_use *use)
{
	if (copy && copy_size_adapt(&engine->others_size, copy, use))
		probe_stack_copy_bytes(engine->probe, engine->others_size.bytes);
}
