// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tokio.c - Tokio's schedulers. One worker at a time waits for events, in the
 * driver's epoll; the others park, each on a futex of its own. The threads of the
 * pool for blocking calls look alike but for their stacks: they are no loops.
 *
 * tokio/src/runtime/scheduler/multi_thread/park.rs: Inner::park()
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/strings.h"
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "symbol/on_stack.h"

#define SCANS_DRIVER	    4 /* threads in an epoll of a process, until it is known to have no Tokio */
#define SCANS_MOST	    64
#define RUNNING_STACK_BYTES (24u << 10) /* looked through of a worker that runs */

enum scheduler { MULTI_THREAD, CURRENT_THREAD };

static const char *const schedulers[] = {
	[MULTI_THREAD] = "tokio::runtime::scheduler::multi_thread::",
	[CURRENT_THREAD] = "tokio::runtime::scheduler::current_thread::",
};

static const char *const park[] = { "tokio::runtime::scheduler::multi_thread::park::" };

/* What the thread waits in. */
struct wait {
	unsigned int class;
	uint64_t id;
	uint64_t sp;
};

static struct wait wait_of(const struct moment *moment)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;

	if (candidate)
		return (struct wait){ candidate->wait_class, candidate->wait_id, candidate->sp };
	if (block)
		return (struct wait){ block->wait_class, block->wait_id, block->sp };
	return (struct wait){ 0 };
}

/* Threads as the library names them, for programs without symbols: "tokio-runtime-worker" and newer. */
static bool is_named_so(const struct moment *moment)
{
	return starts_with(moment->comm, "tokio-r");
}

static bool is_driver(const struct moment *moment, const struct wait *wait)
{
	struct pool *pool = moment->pool;
	int scheduler;

	if (pool->drivers && pool->driver_fd == wait->id)
		return true;
	if (pool->scans_driver >= (pool->tokio ? SCANS_MOST : SCANS_DRIVER))
		return false;
	pool->scans_driver++;
	scheduler = symbols_on_stack(moment->symbols, moment->pid, wait->sp, schedulers,
				     sizeof(schedulers) / sizeof(schedulers[0]));
	if (scheduler < 0 && !is_named_so(moment))
		return false;
	pool->tokio = true;
	pool->nameless = scheduler < 0;
	if (scheduler == CURRENT_THREAD)
		return true;
	pool->parks = BP_PARKS_WORKERS;
	pool->drivers++;
	pool->driver_fd = wait->id;
	return true;
}

/*
 * Without symbols: several threads sleep equally deep on a word each, which is what
 * parks do, and those that wait for one lock do not.
 */
static bool is_common(struct pool *pool, uint64_t depth, uint64_t word)
{
	for (unsigned int i = 0; i < pool->nr_slept && i < POOL_SLEPT; i++) {
		if (pool->slept[i].depth != depth)
			continue;
		if (pool->slept[i].word != word)
			pool->park_depth = depth;
		return pool->park_depth != 0;
	}
	pool->slept[pool->nr_slept % POOL_SLEPT].depth = depth;
	pool->slept[pool->nr_slept % POOL_SLEPT].word = word;
	pool->nr_slept++;
	return false;
}

static bool is_park(const struct moment *moment, const struct wait *wait)
{
	struct pool *pool = moment->pool;
	uint64_t depth = moment->pthread - wait->sp;

	if (pool->park_depth)
		return depth == pool->park_depth;
	if (pool->scans_park < SCANS_MOST) {
		pool->scans_park++;
		if (symbols_on_stack(moment->symbols, moment->pid, wait->sp, park, 1) == 0) {
			pool->park_depth = depth;
			return true;
		}
	}
	return pool->nameless && is_named_so(moment) && is_common(pool, depth, wait->id - wait->sp);
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	struct wait wait = wait_of(moment);
	struct pool *pool = moment->pool;

	if (wait.class == BP_WAIT_EPOLL && is_driver(moment, &wait)) {
		recognised->runtime = runtime;
		recognised->wait_class = wait.class;
		recognised->wait_id = wait.id;
		return true;
	}
	if (wait.class != BP_WAIT_FUTEX)
		return false;
	if (!is_park(moment, &wait))
		return true;
	recognised->runtime = runtime;
	recognised->park_id = wait.id;
	/* which of several runtimes' drivers it is will show */
	if (pool->drivers == 1) {
		recognised->wait_class = BP_WAIT_EPOLL;
		recognised->wait_id = pool->driver_fd;
	}
	return true;
}

/*
 * Further out than parks are is what a worker's task may do, too, where a park is many calls (a
 * debug build of parking_lot's). In the pool for blocking calls, to which a worker comes back
 * from block_in_place(), no scheduler is on the stack; the pool's own wait has a time-out.
 */
static bool is_outside(const struct moment *moment)
{
	const struct bp_block *block = moment->block;

	if (moment->pool->nameless)
		return block->syscall == SYS_futex && block->wait_class == BP_WAIT_NONE;
	return symbols_on_stack(moment->symbols, moment->pid, block->sp, &schedulers[MULTI_THREAD],
				1) < 0;
}

/* A worker's park elsewhere: the tasks, and the futex, of another one are its own now. */
static enum other_wait other_wait(const struct moment *moment)
{
	const struct bp_block *block = moment->block;
	uint64_t depth = moment->pthread - block->sp;

	if (!moment->pthread || block->syscall < 0)
		return OTHER_WAIT_NONE;
	if (block->wait_class == BP_WAIT_FUTEX && depth == moment->pool->park_depth)
		return OTHER_WAIT_PARK;
	if (depth < moment->pool->park_depth && is_outside(moment))
		return OTHER_WAIT_LEFT;
	return OTHER_WAIT_NONE;
}

/*
 * A worker that calls block_in_place() gives its tasks to another thread first:
 * it is one no more.
 */
static bool handed_on(const struct moment *moment)
{
	static const char *const in_place[] = { "multi_thread::worker::block_in_place" };
	uint64_t sp;

	if (!moment->pthread)
		return false;
	if (moment->block) {
		sp = moment->block->sp;
	} else if (moment->pool->park_depth) {
		/* it runs: where, is not known; further out than this it is not */
		sp = moment->pthread - moment->pool->park_depth - RUNNING_STACK_BYTES;
	} else {
		return false;
	}
	return !symbols_on_stack(moment->symbols, moment->pid, sp, in_place, 1);
}

static bool may_park(const struct pool *pool)
{
	return pool->nameless && !pool->park_depth;
}

static const struct advice rows[] = {
	{ "reqwest::Client instead of reqwest::blocking", ON_WAIT, .fn = "reqwest::blocking::*" },
	{ "reqwest, or tokio::task::spawn_blocking()", ON_WAIT, .fn = "ureq::*|<ureq::*" },
	{ "tokio::time::sleep().await instead of std::thread::sleep()", ON(SLEEP),
	  .fn = "std::thread::sleep*" },
	{ "tokio::fs, or tokio::task::spawn_blocking()", ON_WAIT | ON(CPU),
	  .fn = "std::fs::*|<std::fs::*|<&std::fs::*|std::sys::fs::*" },
	{ "tokio::io::stdin() instead of std::io::stdin()", ON_WAIT,
	  .fn = "std::io::stdio::Stdin*|std::io::stdio::StdinLock*|<std::io::stdio::Stdin*" },
	{ "tokio::process::Command instead of std::process::Command", ON_WAIT,
	  .fn = "std::process::*|<std::process::*" },
	{ "tokio::net::lookup_host(), or the address itself", ON_WAIT,
	  .fn = "std::net::socket_addr::*|std::sys_common::net::LookupHost*|"
		"std::sys::net::*LookupHost*" },
	{ "tokio::net instead of std::net", ON_WAIT,
	  .fn = "std::net::*|<std::net::*|<&std::net::*" },
	{ "tokio::sync::mpsc instead of std::sync::mpsc", ON_WAIT,
	  .fn = "std::sync::mpsc::*|std::sync::mpmc::*|crossbeam_channel::*" },
	{ "tokio::sync::Mutex where it is held across an .await, or hold it for shorter", ON_WAIT,
	  .fn = "std::sync::mutex::*|std::sync::poison::mutex::*|std::sys::sync::mutex::*|"
		"std::sys::mutex::*|std::sys::sync::rwlock::*|std::sync::rwlock::*|"
		"std::sys::unix::locks::futex_mutex::*|parking_lot::*|<parking_lot::*" },
	{ "tokio::sync::Notify instead of std::sync::Condvar", ON_WAIT,
	  .fn = "std::sync::condvar::*|std::sync::poison::condvar::*|std::sys::sync::condvar::*" },
	{ "tokio::task::spawn_blocking().await instead of a thread that is joined", ON_WAIT,
	  .fn = "std::thread::JoinHandle*|std::thread::JoinInner*|std::sys::thread::*join*" },
	{ ".await, or tokio::spawn(), instead of block_on() inside of a task", ON_WAIT | ON(CPU),
	  .fn = "futures_executor::*|futures_lite::future::block_on*|pollster::*" },
	{ "tokio-postgres instead of postgres", ON_WAIT, .fn = "postgres::*" },
	{ "diesel-async, or tokio::task::spawn_blocking()", ON_WAIT, .fn = "diesel::*|<diesel::*" },
	{ "tokio-rusqlite, or tokio::task::spawn_blocking()", ON_WAIT | ON(CPU),
	  .fn = "rusqlite::*|sqlite3_*" },
	{ "tokio::time::sleep().await", .causes = ON(SLEEP) },
	{ "tokio::fs, or tokio::task::spawn_blocking()", .causes = ON(FILE) },
	{ "tokio::process::Command, or tokio::task::spawn_blocking()", .causes = ON(CHILD) },
	{ "tokio::net::lookup_host(), or tokio::task::spawn_blocking()", .causes = ON(DNS) },
	{ "tokio::net, or tokio::task::spawn_blocking()", .causes = ON(SOCKET) },
	{ "tokio::task::spawn_blocking() or a pool of rayon's, or yield_now() now and then",
	  .causes = ON(CPU) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

/* runtime::Builder: max_blocking_threads, which no thread shows, is 512 where it is not set */
static const char *const names[] = { "tokio-runtime-w", "tokio-rt-worker", NULL };

static const struct runtime_workers blocking = {
	.name = "Tokio's blocking pool",
	.comms = names,
	.limit = 512,
};

const struct runtime runtime_tokio = {
	.name = "tokio",
	.recognise = recognise,
	.other_wait = other_wait,
	.handed_on = handed_on,
	.may_park = may_park,
	.own_queues = true,
	.advice = advice,
	.workers = &blocking,
};
