// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * java_nio.c - loops around a Selector of java.nio, which on Linux is an epoll
 * instance (EPollSelectorImpl). A thread that reads a socket waits in poll() of the
 * same library, time and again at the same place: that is no loop.
 */
#include <string.h>

#include "runtime/java.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libnio.so", NULL };

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	unsigned int wait_class;
	const char *caller = java_caller(moment, &wait_class);

	if (!caller)
		return false;
	if (wait_class != BP_WAIT_EPOLL)
		return !strcmp(caller, "libnio.so") || !strcmp(caller, "libnet.so");
	return native_recognise(runtime, moment, recognised);
}

const struct runtime runtime_java_nio = {
	.name = "java-nio",
	.recognise = recognise,
	.libraries = libraries,
};
