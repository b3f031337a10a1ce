// SPDX-License-Identifier: GPL-2.0-or-later
/* twisted.c - Twisted's reactors: ReactorBase.mainLoop() calls what is due, and the wait, in turn. */
#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	return interpreted_recognise(runtime, moment, PYTHON_HUB_TWISTED, recognised);
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_hub_wait(moment, PYTHON_HUB_TWISTED);
}

static const struct off_loop off_loop = {
	.thread = "deferToThread(%s)",
	.process = "a process (reactor.spawnProcess)",
	.sleep = "task.deferLater()",
};

static const struct advice rows[] = {
	{ "treq, or {thread}", ON_WAIT,
	  .file = "/requests/|/urllib3/|/urllib/request.py|/http/client.py" },
	{ "reactor.spawnProcess() instead of subprocess", ON_WAIT, .file = "/subprocess.py" },
	{ "twisted.enterprise.adbapi, which has a pool of threads", ON_WAIT,
	  .file = "/psycopg2/|/pymysql/|/MySQLdb/" },
	{ "twisted.enterprise.adbapi, which has a pool of threads", ON_WAIT,
	  .module = "_psycopg.|libpq.|_mysql.|_sqlite3.|libsqlite3." },
	{ "reactor.resolve(), or {thread}", .causes = ON(DNS) },
	{ "endpoints and protocols of twisted.internet, or {thread}", ON(SOCKET), .direct = true },
	{ "a DeferredLock or DeferredQueue, or {thread}", ON(LOCK), .direct = true },
	{ "{thread} for files, too", ON(FILE), .direct = true },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, advice_python, NULL };

const struct runtime runtime_twisted = {
	.name = "twisted",
	.recognise = recognise,
	.other_wait = other_wait,
	.frames_show_end = true,
	.advice = advice,
	.off_loop = &off_loop,
};
