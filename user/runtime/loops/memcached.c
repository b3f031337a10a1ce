// SPDX-License-Identifier: GPL-2.0-or-later
/* memcached.c - each worker, and the thread that accepts, runs a libevent loop. */
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "memcached", NULL };
static const char *const libraries[] = { "libevent", NULL };

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	return program_is(sighting->program, programs) && native_judge(runtime, sighting, verdict);
}

static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, "memcached ", version, size);
}

const struct runtime runtime_memcached = {
	.name = "memcached",
	.judge = judge,
	.programs = programs,
	.libraries = libraries,
	.version = version,
};
