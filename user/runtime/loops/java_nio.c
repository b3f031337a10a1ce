// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * java_nio.c - loops around a Selector of java.nio, which on Linux is an epoll
 * instance (EPollSelectorImpl). A thread that reads a socket waits in poll() of the
 * same library, time and again at the same place: that is no loop.
 */
#include <string.h>

#include "base/strings.h"
#include "runtime/loops/java.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const libraries[] = { "libnio.so", NULL };

const char *java_caller(const struct sighting *sighting, unsigned int *wait_class)
{
	const struct bp_candidate *candidate = sighting->candidate;
	const struct bp_block *block = sighting->block;
	const char *caller;

	*wait_class = candidate ? candidate->wait_class : block ? block->wait_class : BP_WAIT_NONE;
	if (!*wait_class || !program_library(sighting->program, "libjvm.so"))
		return NULL;
	caller = program_caller(sighting->program, candidate ? candidate->sp : block->sp);
	return caller ? base_name(caller) : NULL;
}

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	unsigned int wait_class;
	const char *caller = java_caller(sighting, &wait_class);

	if (!caller)
		return false;
	if (wait_class != BP_WAIT_EPOLL)
		return !strcmp(caller, "libnio.so") || !strcmp(caller, "libnet.so");
	return native_judge(runtime, sighting, verdict);
}

const struct runtime runtime_java_nio = {
	.name = "java-nio",
	.judge = judge,
	.libraries = libraries,
};
