// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * node.c - Node.js: libuv, linked in or as libnode's neighbour. The main thread
 * and each worker thread run a loop; child_process.execSync() and its like run
 * another one inside a callback, on an epoll instance made for it
 * (spawn_sync.cc), which is no idleness. Threads of the pool wait for locks.
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "node", "nodejs", NULL };
static const char *const libraries[] = { "libnode.so", "libuv.so", NULL };

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	if (!program_is(moment->program, programs) &&
	    !program_library(moment->program, "libnode.so"))
		return false;
	return native_recognise(runtime, moment, recognised);
}

/* deps: the address of its own headers' archive (process.release.headersUrl) */
static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "nodejs.org/download/release/v", version, size);
}

const struct runtime runtime_node = {
	.name = "node",
	.recognise = recognise,
	.programs = programs,
	.libraries = libraries,
	.own_epoll = native_main_epoll,
	.nests_for_child = true,
	.runs_javascript = true,
	.version = version,
};
