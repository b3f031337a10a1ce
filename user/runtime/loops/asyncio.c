// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asyncio.c - a thread that runs an asyncio loop, by asyncio's own word, or with a
 * _run_once on its stack. It waits in the selector of the outermost one; that of
 * another loop, which a callback started, is a block. Loops of compiled code behave
 * as asyncio's and have no selector: they wait where they are seen to.
 */
#include <errno.h>

#include "runtime/advice.h"
#include "runtime/interpreted.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/python/look.h"
#include "runtime/python/python.h"
#include "runtime/python/queues.h"

/* What the thread sleeps in, now or since it was caught. class BP_WAIT_NONE: in nothing that may be a wait. */
struct sleeps {
	unsigned int class;
	uint64_t id;
};

static struct sleeps sleeps_in(const struct moment *moment)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;

	if (candidate)
		return (struct sleeps){ candidate->wait_class, candidate->wait_id };
	if (block)
		return (struct sleeps){ block->wait_class, block->wait_id };
	return (struct sleeps){ .class = BP_WAIT_NONE };
}

/* Is that the loop's own wait? then: by the frames of when it began. */
static bool is_own(const struct python_loop *now, const struct python_loop *then,
		   const struct sleeps *sleeps)
{
	if (!sleeps->class || sleeps->class == BP_WAIT_FUTEX)
		return false;
	if (now->epoll_fd >= 0 && sleeps->class == BP_WAIT_EPOLL &&
	    sleeps->id == (uint64_t)now->epoll_fd)
		return true;
	if (then->in_own_select)
		return true;
	return now->said && !now->run_onces && now->epoll_fd < 0 && now->in_call && !now->task;
}

/*
 * In a child, what is said and what the frames show may be the parent's: it is a
 * loop's own when it has served, or has an instance that the parent has not.
 */
static bool is_parents(const struct moment *moment, const struct python_loop *now)
{
	if (now->turn_start_ns && now->turn_start_ns < moment->forked_ns)
		return true;
	return !now->run_onces && now->epoll_fd >= 0 &&
	       interpreted_is_inherited(moment, now->epoll_fd);
}

static void fill_wait(const struct moment *moment, const struct python_loop *now,
		      const struct python_loop *then, struct recognised *recognised)
{
	struct sleeps sleeps = sleeps_in(moment);
	int epoll_fd;

	if (is_own(now, then, &sleeps)) {
		recognised->wait_class = sleeps.class;
		recognised->wait_id = sleeps.id;
		return;
	}
	epoll_fd = now->epoll_fd;
	if (epoll_fd < 0 && now->in_run && !now->run_onces)
		epoll_fd = native_main_epoll(moment);
	if (epoll_fd >= 0) {
		recognised->wait_class = BP_WAIT_EPOLL;
		recognised->wait_id = (uint64_t)epoll_fd;
	}
	/* it has left its wait, and may be kept from going on (by the GIL) since its timer was due */
	recognised->turn_start_ns = now->in_own_select ? now->due_ns : now->turn_start_ns;
	recognised->in_turn = moment->block || !now->in_own_select;
	recognised->task = now->task;
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	struct python_loop then = { .epoll_fd = -1 }, now = { .epoll_fd = -1 };

	if (moment->python_pending)
		return true; /* asked again when it can be read */
	if (!moment->python)
		return false;
	if (interpreted_loop(moment, &now) < 0)
		now = (struct python_loop){ .epoll_fd = -1 };
	if (now.is_uvloop)
		return false;
	/* the frames of the moment when it began to sleep, rather than those of now */
	if (!candidate || !candidate->stack.python_nr || now.ghosts ||
	    python_frames_loop(moment->python, candidate->stack.python, candidate->stack.python_nr,
			       &then) < 0)
		then = now;
	if (!then.run_onces && !now.said)
		return false;
	fill_wait(moment, &now, &then, recognised);
	/* a child has the frames of the turn in which it was forked, but runs no loop of its own by that */
	if (recognised->in_turn && is_parents(moment, &now)) {
		*recognised = (struct recognised){ .against = "its parent's loop forked it" };
		return true;
	}
	recognised->runtime = runtime;
	recognised->way = now.said ? WAY_WORD : WAY_STACK;
	recognised->doubt = now.guest || then.guest ? DOUBT_GUEST : DOUBT_NONE;
	recognised->loop_object = now.loop_object;
	return true;
}

static enum other_wait other_wait(const struct moment *moment)
{
	return interpreted_other_wait(moment);
}

/* BaseEventLoop._run_once() keeps it as end_time. */
static uint64_t noted_start_ns(const struct moment *moment)
{
	struct python_loop noted = { .epoll_fd = -1 };

	if (!moment->python || python_thread_loop(moment->python, moment->pthread, &noted) < 0)
		return 0;
	return noted.turn_start_ns;
}

static int backlog(const struct moment *moment, uint64_t loop, struct loop_backlog *backlog)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(moment->python);
	int nr;

	if (!moment->python || !loop || python_loop_ready(moment->python, loop, &backlog->ready))
		return -ENOENT;
	nr = python_loop_timers(moment->python, loop, backlog->due_ns, BACKLOG_TIMERS);
	backlog->has_timers = nr >= 0;
	backlog->nr_due = nr > 0 ? (size_t)nr : 0;
	return 0;
}

const struct off_loop off_asyncio = {
	.thread = "await asyncio.to_thread(%s)",
	.process = "a ProcessPoolExecutor (loop.run_in_executor)",
	.sleep = "await asyncio.sleep()",
};

/* Twins that are asyncio's: the outermost of these calls is the one that the program made. */
static const struct advice rows[] = {
	/* HTTP */
	{ "httpx.AsyncClient or aiohttp instead of requests, or {thread}", ON_WAIT,
	  .file = "/requests/" },
	{ "httpx.AsyncClient or aiohttp instead of urllib3, or {thread}", ON_WAIT,
	  .file = "/urllib3/" },
	{ "httpx.AsyncClient or aiohttp instead of urllib.request, or {thread}", ON_WAIT,
	  .file = "/urllib/request.py" },
	{ "httpx.AsyncClient or aiohttp instead of http.client, or {thread}", ON_WAIT,
	  .file = "/http/client.py" },
	{ "httpx.AsyncClient instead of httpx.Client and httpx.get()", ON_WAIT, .file = "/httpx/" },
	/* databases and brokers */
	{ "an asynchronous driver (asyncpg, psycopg 3), or {thread}", ON_WAIT,
	  .file = "/psycopg2/" },
	{ "an asynchronous driver (asyncpg, psycopg 3), or {thread}", ON_WAIT,
	  .module = "_psycopg.|libpq." },
	{ "psycopg.AsyncConnection instead of psycopg.Connection", ON_WAIT, .file = "/psycopg/" },
	{ "aiosqlite, or {thread}", ON_WAIT | ON(CPU), .module = "_sqlite3.|libsqlite3." },
	{ "an asynchronous driver (asyncmy, aiomysql), or {thread}", ON_WAIT,
	  .file = "/pymysql/|/MySQLdb/" },
	{ "an asynchronous driver (asyncmy, aiomysql), or {thread}", ON_WAIT,
	  .module = "_mysql.|libmysqlclient.|libmariadb." },
	{ "mysql.connector.aio, or {thread}", ON_WAIT, .file = "/mysql/connector/" },
	{ "redis.asyncio instead of redis.Redis", ON_WAIT, .file = "/redis/" },
	{ "pymongo.AsyncMongoClient (or Motor) instead of MongoClient", ON_WAIT,
	  .file = "/pymongo/" },
	{ "create_async_engine() and AsyncSession instead of a synchronous engine, or {thread}",
	  ON_WAIT, .file = "/sqlalchemy/" },
	{ "Django's asynchronous queries (aget, acreate), or sync_to_async() around them", ON_WAIT,
	  .file = "/django/db/" },
	{ "aioboto3 or aiobotocore instead of boto3, or {thread}", ON_WAIT,
	  .file = "/botocore/|/boto3/" },
	{ "AsyncElasticsearch instead of Elasticsearch", ON_WAIT,
	  .file = "/elasticsearch/|/elastic_transport/" },
	{ "aio-pika instead of pika's BlockingConnection", ON_WAIT, .file = "/pika/" },
	{ "aiokafka, or {thread}", ON_WAIT, .file = "/kafka/" },
	{ "aiokafka, or {thread}", ON_WAIT, .module = "librdkafka." },
	{ "grpc.aio instead of grpc", ON_WAIT, .file = "/grpc/" },
	{ "oracledb.connect_async(), or {thread}", ON_WAIT, .file = "/oracledb/" },
	{ "zmq.asyncio instead of zmq", ON_WAIT, .file = "/zmq/" },
	{ "zmq.asyncio instead of zmq", ON_WAIT, .module = "libzmq." },
	{ "aiomcache, or {thread}", ON_WAIT, .file = "/pymemcache/|/memcache.py" },
	{ "aiodocker, or {thread}", ON_WAIT, .file = "/docker/" },
	{ "kubernetes_asyncio, or {thread}", ON_WAIT, .file = "/kubernetes/" },
	{ "websockets or aiohttp instead of websocket-client", ON_WAIT, .file = "/websocket/" },
	/* children, names, futures */
	{ "asyncio.create_subprocess_exec() instead of subprocess", ON_WAIT,
	  .file = "/subprocess.py" },
	{ "await loop.getaddrinfo() instead of socket.getaddrinfo()", ON_WAIT, .fn = "getaddrinfo",
	  .file = "/socket.py" },
	{ "await asyncio.open_connection() instead of socket.create_connection()", ON_WAIT,
	  .fn = "create_connection", .file = "/socket.py" },
	{ "await asyncio.wrap_future() instead of result() and wait()", ON_WAIT,
	  .file = "/concurrent/futures/" },
	{ "await it: a second loop inside of a turn holds up the first one", ON_WAIT,
	  .fn = "run_until_complete", .file = "/asyncio/|/nest_asyncio.py" },
	{ "await the asynchronous function itself instead of async_to_sync()", ON_WAIT,
	  .file = "/asgiref/" },
	/* what the program waits for without any library */
	{ "asyncio.create_subprocess_exec() instead of os.system() and os.wait()", ON(CHILD),
	  .direct = true },
	{ "await loop.getaddrinfo() instead of the lookups of socket", ON(DNS), .direct = true },
	{ "await loop.sock_connect() with a socket that does not block", ON(SOCKET),
	  .syscall = "connect", .direct = true },
	{ "asyncio.start_server() or await loop.sock_accept() instead of accept()", ON(SOCKET),
	  .syscall = "accept4", .direct = true },
	{ "asyncio.open_connection() and its streams, or loop.sock_recv() and sock_sendall()",
	  ON(SOCKET), .direct = true },
	{ "asyncio.Lock or asyncio.Event instead of threading's, or {thread}", ON(LOCK),
	  .direct = true },
	{ "await loop.connect_write_pipe(), or {thread}", ON(PIPE), .syscall = "write",
	  .direct = true },
	{ "await loop.connect_read_pipe(), or {thread}", ON(PIPE), .direct = true },
	{ "loop.add_reader() instead of select and poll", ON(POLL), .direct = true },
	{ .text = NULL },
};

static const struct advice rows_last[] = {
	{ "{thread} or aiofiles", ON(FILE), .direct = true },
	{ "a library that is made for asyncio, or {thread}",
	  ON_WAIT & ~(ON(OTHER) | ON(IPC) | ON(TTY)), .library = true },
	{ .text = NULL },
};

const struct advice *const advice_asyncio[] = { rows, advice_python, rows_last, NULL };

const struct runtime runtime_asyncio = {
	.name = "asyncio",
	.recognise = recognise,
	.other_wait = other_wait,
	.noted_start_ns = noted_start_ns,
	.backlog = backlog,
	.frames_show_end = true,
	.framework = python_tornado,
	.advice = advice_asyncio,
	.off_loop = &off_asyncio,
};
