// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gevent.c - the hub of gevent, a greenlet whose run() calls libev or libuv in a
 * compiled module. While another greenlet runs, the hub is on no stack.
 */
#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_GEVENT, recognised);
}

static const struct off_loop off_loop = {
	.thread = "gevent.get_hub().threadpool.apply(%s)",
	.process = "a process (multiprocessing)",
	.sleep = "gevent.sleep()",
};

static const struct advice rows[] = {
	{ "gevent.monkey.patch_all() before all other imports", ON_WAIT & ~ON(FILE),
	  .file = "/socket.py|/ssl.py|/subprocess.py|/threading.py|/queue.py|/selectors.py" },
	{ "psycogreen, so that libpq waits in the hub, or {thread}", ON_WAIT,
	  .module = "_psycopg.|libpq." },
	{ "a driver in Python (pymysql), or {thread}", ON_WAIT,
	  .module = "_mysql.|libmysqlclient.|libmariadb." },
	{ "{sleep}, or gevent.monkey.patch_all() before all other imports", ON(SLEEP),
	  .direct = true },
	{ "gevent.monkey.patch_all() before the socket module is imported",
	  .causes = ON(SOCKET) | ON(DNS) },
	{ "gevent.monkey.patch_all(), or {thread}", ON(LOCK) | ON(CHILD) | ON(POLL),
	  .direct = true },
	{ "{thread} for files, too", ON(FILE), .direct = true },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, advice_python, NULL };

const struct runtime runtime_gevent = {
	.name = "gevent",
	.recognise = recognise,
	.advice = advice,
	.off_loop = &off_loop,
};
