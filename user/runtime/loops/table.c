// SPDX-License-Identifier: GPL-2.0-or-later
/* table.c - the order in which runtimes are asked about a thread. */
#include "base/strings.h"
#include "runtime/loops/loops.h"
#include "runtime/program.h"
#include "runtime/python/python.h"

static const struct runtime *const runtimes[] = {
#define RUNTIME(name) &runtime_##name,
#include "runtime/loops/list.h"
#undef RUNTIME
};

#define RUNTIMES (sizeof(runtimes) / sizeof(runtimes[0]))

_Static_assert(RUNTIMES <= PROGRAM_FUNCTIONS_MAX, "a bit for each function");

void runtime_recognise(const struct moment *moment, struct recognised *recognised)
{
	memset(recognised, 0, sizeof(*recognised));
	for (size_t i = 0; i < RUNTIMES; i++)
		if (runtimes[i]->recognise(runtimes[i], moment, recognised))
			return;
}

const struct runtime *runtime_unknown(void)
{
	return &runtime_generic;
}

void runtime_functions(struct program_functions *out)
{
	out->nr = 0;
	for (size_t i = 0; i < RUNTIMES; i++)
		if (runtimes[i]->function)
			out->names[out->nr++] = runtimes[i]->function;
}

const char *runtime_version(const struct runtime *runtime, struct program *program,
			    const struct python *python, char version[RUNTIME_VERSION_BYTES])
{
	if (runtime && runtime->version)
		return runtime->version(program, version, RUNTIME_VERSION_BYTES) ? NULL : version;
	return python ? python_version(python) : NULL;
}
