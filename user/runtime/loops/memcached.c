// SPDX-License-Identifier: GPL-2.0-or-later
/* memcached.c - each worker, and the thread that accepts, runs a libevent loop. */
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "memcached", NULL };
static const char *const libraries[] = { "libevent", NULL };

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return program_is(moment->program, programs) &&
	       native_recognise(runtime, moment, recognised);
}

static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "memcached ", version, size);
}

const struct runtime runtime_memcached = {
	.name = "memcached",
	.recognise = recognise,
	.programs = programs,
	.libraries = libraries,
	.version = version,
};
