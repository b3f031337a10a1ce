// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gevent.c - the hub of gevent, a greenlet whose run() calls libev or libuv in a
 * compiled module. While another greenlet runs, the hub is on no stack.
 */
#include "runtime/hub.h"

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	return hub_judge(runtime, sighting, PYTHON_HUB_GEVENT, verdict);
}

const struct runtime runtime_gevent = { .name = "gevent", .judge = judge };
