// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netty.c - Netty's event loops: its own epoll transport, whose library it brings
 * along, or a Selector of java.nio, in threads with names of Netty's or of what is
 * built on it.
 */
#include <string.h>

#include "base/strings.h"
#include "runtime/java.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

#define TRANSPORT "libnetty_transport_native_"

static const char *const libraries[] = { TRANSPORT, "libnio.so", NULL };

/* As far as a thread's name goes in the kernel: 15 bytes. */
static bool is_named_so(const char *comm)
{
	static const char *const names[] = {
		"nioEventLoop",	 "epollEventLoop",  "multiThreadIoEv", "ioUringEventLoo", "netty-",
		"reactor-http-", "vert.x-eventloo", "grpc-nio-worker", "lettuce-nioEven"
	};

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

const struct runtime runtime_netty = {
	.name = "netty",
	.recognise = recognise,
	.libraries = libraries,
};
