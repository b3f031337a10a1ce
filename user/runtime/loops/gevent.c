// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gevent.c - the hub of gevent, a greenlet whose run() calls libev or libuv in a
 * compiled module. While another greenlet runs, the hub is on no stack.
 */
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_GEVENT, recognised);
}

const struct runtime runtime_gevent = { .name = "gevent", .recognise = recognise };
