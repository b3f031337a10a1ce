// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * java_nio.c - loops around a Selector of java.nio, which on Linux is an epoll
 * instance (EPollSelectorImpl). A thread that reads a socket waits in poll() of the
 * same library, time and again at the same place: that is no loop.
 */
#include <string.h>

#include "runtime/advice.h"
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
	if (wait_class != BP_WAIT_EPOLL) {
		if (strcmp(caller, "libnio.so") != 0 && strcmp(caller, "libnet.so") != 0)
			return false;
		recognised->against = "a socket of Java's waits here for the answer to one call";
		return true;
	}
	return native_recognise(runtime, moment, recognised);
}

static const struct advice rows[] = {
	{ "a ScheduledExecutorService instead of Thread.sleep()", .causes = ON(SLEEP) },
	{ "an executor of its own for what does more than the selector's keys ask for",
	  .causes = ON(FILE) | ON(SOCKET) | ON(DNS) | ON(CHILD) | ON(CPU) },
	{ "a collector that runs beside the program (ZGC, Shenandoah), or a larger heap",
	  .causes = ON(GC) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

/* Executors' default, Tomcat's, Undertow's, Vert.x's, Jetty's, Spring's: 15 letters of a name at the most */
static const char *const executors[] = { "pool-",	  "http-nio-", "XNIO-",
					 "vert.x-worker", "qtp",       "task-",
					 "ForkJoinPool",  "executor-", NULL };

const struct runtime_workers java_workers = { .name = "an executor", .comms = executors };

const struct runtime runtime_java_nio = {
	.name = "java-nio",
	.recognise = recognise,
	.libraries = libraries,
	.advice = advice,
	.workers = &java_workers,
};
