// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netty.c - Netty's event loops: its own epoll transport, whose library it brings
 * along, or a Selector of java.nio, in threads with names of Netty's or of what is
 * built on it.
 */
#include <string.h>

#include "base/strings.h"
#include "runtime/advice.h"
#include "runtime/java.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

#define TRANSPORT "libnetty_transport_native_"

static const char *const libraries[] = { TRANSPORT, "libnio.so", NULL };

/* As far as a thread's name goes in the kernel: 15 bytes. */
static bool is_named_so(const char *comm)
{
	static const char *const names[] = { "nioEventLoop",	"epollEventLoop", "multiThreadIoEv",
					     "ioUringEventLoo", "netty-",	  "reactor-http-",
					     "grpc-nio-worker", "lettuce-nioEven" };

	for (size_t i = 0; comm && i < sizeof(names) / sizeof(names[0]); i++)
		if (starts_with(comm, names[i]))
			return true;
	return false;
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	unsigned int wait_class;
	const char *caller = java_caller(moment, &wait_class);

	if (!caller || (wait_class != BP_WAIT_EPOLL && wait_class != BP_WAIT_URING) ||
	    (strncmp(caller, TRANSPORT, strlen(TRANSPORT)) && !is_named_so(moment->comm)))
		return false;
	return native_recognise(runtime, moment, recognised);
}

static const struct advice rows[] = {
	{ "schedule() of the event loop instead of Thread.sleep()", .causes = ON(SLEEP) },
	{ "schedule() of the event loop instead of Thread.sleep()", ON_WAIT,
	  .fn = "java.lang.Thread.sleep*" },
	{ "an asynchronous driver (R2DBC), or an executor of its own for JDBC", ON_WAIT,
	  .fn = JAVA_JDBC },
	{ "java.net.http.HttpClient.sendAsync() instead of {call}()", ON_WAIT, .fn = JAVA_HTTP },
	{ "a listener or thenCompose() instead of get() and join()", ON_WAIT, .fn = JAVA_FUTURE },
	{ "an executor of its own for files", ON_WAIT, .fn = JAVA_FILE },
	{ "an executor of its own for what waits for a child (Process.onExit())",
	  .causes = ON(CHILD) },
	{ "an executor of its own for files", .causes = ON(FILE) },
	{ "DnsNameResolver instead of InetAddress", .causes = ON(DNS) },
	{ "an executor of its own (EventExecutorGroup) for what computes", .causes = ON(CPU) },
	{ "a collector that runs beside the program (ZGC, Shenandoah), or a larger heap",
	  .causes = ON(GC) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_netty = {
	.name = "netty",
	.recognise = recognise,
	.libraries = libraries,
	.advice = advice,
	.workers = &java_workers,
};
