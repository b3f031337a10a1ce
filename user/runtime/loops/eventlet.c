// SPDX-License-Identifier: GPL-2.0-or-later
/* eventlet.c - eventlet's hub, a greenlet: while another one runs, it is on no stack. */
#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_EVENTLET, recognised);
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_hub_wait(moment, PYTHON_HUB_EVENTLET);
}

static const struct off_loop off_loop = {
	.thread = "eventlet.tpool.execute(%s)",
	.process = "a process (multiprocessing)",
	.sleep = "eventlet.sleep()",
};

static const struct advice rows[] = {
	{ "eventlet.monkey_patch() before all other imports", ON_WAIT & ~ON(FILE),
	  .file = "/socket.py|/ssl.py|/subprocess.py|/threading.py|/queue.py|/selectors.py" },
	{ "psycogreen, so that libpq waits in the hub, or {thread}", ON_WAIT,
	  .module = "_psycopg.|libpq." },
	{ "a driver in Python (pymysql), or {thread}", ON_WAIT,
	  .module = "_mysql.|libmysqlclient.|libmariadb." },
	{ "{sleep}, or eventlet.monkey_patch() before all other imports", ON(SLEEP),
	  .direct = true },
	{ "eventlet.monkey_patch() before the socket module is imported",
	  .causes = ON(SOCKET) | ON(DNS) },
	{ "eventlet.monkey_patch(), or {thread}", ON(LOCK) | ON(CHILD) | ON(POLL), .direct = true },
	{ "{thread} for files, too", ON(FILE), .direct = true },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, advice_python, NULL };

const struct runtime runtime_eventlet = {
	.name = "eventlet",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
	.advice = advice,
	.off_loop = &off_loop,
};
