// SPDX-License-Identifier: GPL-2.0-or-later
/* table.c - the order in which runtimes are asked about a thread. */
#include <stdio.h>

#include "base/strings.h"
#include "runtime/borrowers.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"
#include "runtime/python/python.h"

static const struct runtime *const runtimes[] = {
#define RUNTIME(name) &runtime_##name,
#include "runtime/loops/list.h"
#undef RUNTIME
};

#define RUNTIMES (sizeof(runtimes) / sizeof(runtimes[0]))

_Static_assert(RUNTIMES + 16 <= PROGRAM_FUNCTIONS_MAX, "a bit for each function");

void runtime_recognise(const struct moment *moment, struct recognised *recognised)
{
	struct interpreted interpreted = { 0 };
	struct moment asked = *moment;

	asked.interpreted = &interpreted;
	memset(recognised, 0, sizeof(*recognised));
	/* each of them asks who called the wait */
	program_hold(moment->program, true);
	for (size_t i = 0; i < RUNTIMES; i++)
		if (runtimes[i]->recognise(runtimes[i], &asked, recognised))
			break;
	program_hold(moment->program, false);
}

const struct runtime *runtime_unknown(void)
{
	return &runtime_generic;
}

void runtime_functions(struct program_functions *out)
{
	out->nr = 0;
	for (size_t i = 0; i < RUNTIMES; i++) {
		if (runtimes[i]->function)
			out->names[out->nr++] = runtimes[i]->function;
		if (runtimes[i]->or_function)
			out->names[out->nr++] = runtimes[i]->or_function;
	}
	borrowers_functions(out);
}

const struct runtime *runtime_unread(struct program *program)
{
	for (size_t i = 0; program && i < RUNTIMES; i++)
		if (runtimes[i]->unread && program_is(program, runtimes[i]->programs))
			return runtimes[i];
	return NULL;
}

const char *runtime_version(const struct runtime *runtime, struct program *program,
			    struct python *python, char version[RUNTIME_VERSION_BYTES])
{
	char framework[RUNTIME_VERSION_BYTES / 2];

	if (runtime && runtime->version)
		return runtime->version(program, version, RUNTIME_VERSION_BYTES) ? NULL : version;
	if (!python)
		return NULL;
	if (!runtime || !runtime->framework ||
	    runtime->framework(python, framework, sizeof(framework)))
		return python_version(python);
	snprintf(version, RUNTIME_VERSION_BYTES, "%.*s, %s",
		 (int)(RUNTIME_VERSION_BYTES - sizeof(framework) - 2), python_version(python),
		 framework);
	return version;
}
