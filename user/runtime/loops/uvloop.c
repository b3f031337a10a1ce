// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * uvloop.c - asyncio on libuv: a compiled module with libuv in it, called loop.*.so
 * in a directory called uvloop. Tasks are asyncio's.
 */
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/loops/loops.h"
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
static bool recognise_elsewhere(const struct runtime *runtime, const struct moment *moment,
				struct recognised *recognised)
{
	int own = moment->forked_ns ? -1 : native_main_epoll(moment);

	if (own < 0)
		return false;
	recognised->runtime = runtime;
	recognised->wait_class = BP_WAIT_EPOLL;
	recognised->wait_id = (uint64_t)own;
	recognised->in_turn = true;
	return true;
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	unsigned int wait_class = candidate ? candidate->wait_class : block ? block->wait_class : 0;
	uint64_t sp = 0;

	/* a thread of libuv's pool parks: no loop */
	if (wait_class == BP_WAIT_FUTEX)
		return false;
	if (wait_class)
		sp = candidate ? candidate->sp : block->sp;
	if (!moment->python || !is_uvloop(program_library(moment->program, "loop.")))
		return false;
	if (!sp)
		return recognise_elsewhere(runtime, moment, recognised);
	if (!is_caller(moment->program, sp))
		return false;
	if (candidate && !native_is_habit(candidate))
		return true;
	recognised->runtime = runtime;
	recognised->wait_class = candidate ? candidate->wait_class : block->wait_class;
	recognised->wait_id = candidate ? candidate->wait_id : block->wait_id;
	return true;
}

const struct runtime runtime_uvloop = { .name = "uvloop", .recognise = recognise };
