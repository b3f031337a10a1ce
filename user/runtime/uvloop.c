// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uvloop.c - asyncio on libuv: a compiled module with libuv in it, called loop.*.so
 * in a directory called uvloop. Tasks are asyncio's.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/native.h"
#include "runtime/program.h"

static bool is_uvloop(const char *path)
{
	return path && strstr(path, "/uvloop/loop.");
}

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	const struct bp_candidate *candidate = sighting->candidate;
	const struct bp_block *block = sighting->block;
	uint64_t sp = candidate ? candidate->sp : block && block->wait_class ? block->sp : 0;

	if (!sighting->python || !sp || !is_uvloop(program_caller(sighting->program, sp)))
		return false;
	if (candidate && !native_is_habit(candidate))
		return true;
	verdict->runtime = runtime->name;
	verdict->wait_class = candidate ? candidate->wait_class : block->wait_class;
	verdict->wait_id = candidate ? candidate->wait_id : block->wait_id;
	return true;
}

const struct runtime runtime_uvloop = { .name = "uvloop", .judge = judge };
