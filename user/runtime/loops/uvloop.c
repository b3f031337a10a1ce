// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uvloop.c - asyncio on libuv: a compiled module with libuv in it, called loop.*.so
 * in a directory called uvloop. Tasks are asyncio's.
 */
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/native.h"
#include "runtime/program.h"

static bool is_uvloop(const char *path)
{
	return path && strstr(path, "/uvloop/loop.");
}

/* Debian's is linked with the system's libuv. */
static bool is_caller(struct program *program, uint64_t sp)
{
	const char *caller = program_caller(program, sp);

	return is_uvloop(caller) || (caller && !strncmp(base_name(caller), "libuv.so", 8));
}

/* The main thread, blocked in something else or running: its loop is there if it has an epoll instance. */
static bool judge_elsewhere(const struct runtime *runtime, const struct sighting *sighting,
			    struct verdict *verdict)
{
	int own = sighting->forked_ns ? -1 : native_main_epoll(sighting);

	if (own < 0)
		return false;
	verdict->runtime = runtime->name;
	verdict->wait_class = BP_WAIT_EPOLL;
	verdict->wait_id = (uint64_t)own;
	verdict->in_turn = true;
	return true;
}

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	const struct bp_candidate *candidate = sighting->candidate;
	const struct bp_block *block = sighting->block;
	unsigned int wait_class = candidate ? candidate->wait_class : block ? block->wait_class : 0;
	uint64_t sp = 0;

	/* a thread of libuv's pool parks: no loop */
	if (wait_class == BP_WAIT_FUTEX)
		return false;
	if (wait_class)
		sp = candidate ? candidate->sp : block->sp;
	if (!sighting->python || !is_uvloop(program_library(sighting->program, "loop.")))
		return false;
	if (!sp)
		return judge_elsewhere(runtime, sighting, verdict);
	if (!is_caller(sighting->program, sp))
		return false;
	if (candidate && !native_is_habit(candidate))
		return true;
	verdict->runtime = runtime->name;
	verdict->wait_class = candidate ? candidate->wait_class : block->wait_class;
	verdict->wait_id = candidate ? candidate->wait_id : block->wait_id;
	return true;
}

const struct runtime runtime_uvloop = { .name = "uvloop", .judge = judge };
