// SPDX-License-Identifier: GPL-2.0-or-later
/* vertx.c - Vert.x: event loops of Netty's, in threads of its own names. */
#include <string.h>

#include "base/strings.h"
#include "runtime/advice.h"
#include "runtime/java.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const libraries[] = { "libnetty_transport_native_", "libnio.so", NULL };

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	unsigned int wait_class;
	/* as far as a thread's name goes in the kernel: vert.x-eventloop-thread-0 */
	const char *caller = starts_with(moment->comm, "vert.x-eventloo")
				     ? java_caller(moment, &wait_class)
				     : NULL;

	return caller && (wait_class == BP_WAIT_EPOLL || wait_class == BP_WAIT_URING) &&
	       native_recognise(runtime, moment, recognised);
}

static const struct advice rows[] = {
	{ "vertx.setTimer() instead of Thread.sleep()", .causes = ON(SLEEP) },
	{ "vertx.setTimer() instead of Thread.sleep()", ON_WAIT, .fn = "java.lang.Thread.sleep*" },
	{ "a reactive client (vertx-pg-client, vertx-mysql-client), or executeBlocking()", ON_WAIT,
	  .fn = JAVA_JDBC },
	{ "WebClient instead of {call}(), or executeBlocking()", ON_WAIT, .fn = JAVA_HTTP },
	{ "compose futures instead of get() and join(), or executeBlocking()", ON_WAIT,
	  .fn = JAVA_FUTURE },
	{ "vertx.fileSystem(), or executeBlocking()", ON_WAIT, .fn = JAVA_FILE },
	{ "executeBlocking() for what waits for a child", .causes = ON(CHILD) },
	{ "vertx.fileSystem(), or executeBlocking()", .causes = ON(FILE) },
	{ "a client of Vert.x's own, or executeBlocking()", .causes = ON(SOCKET) | ON(DNS) },
	{ "executeBlocking() for what computes", .causes = ON(CPU) },
	{ "a collector that runs beside the program (ZGC, Shenandoah), or a larger heap",
	  .causes = ON(GC) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_vertx = {
	.name = "vert.x",
	.recognise = recognise,
	.libraries = libraries,
	.advice = advice,
	.workers = &java_workers,
};
