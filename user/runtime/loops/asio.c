// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asio.c - Asio, Boost's or on its own: threads in io_context::run() take turns at one
 * epoll instance. One waits for events there, the others park on a condition variable,
 * which is nothing; so a thread that is found elsewhere is in a turn only if nobody waits
 * on the process's only instance.
 */
#include <string.h>
#include <sys/syscall.h>

#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const runs_in[] = { "boost::asio::detail::scheduler::run",
				       "asio::detail::scheduler::run", NULL };

/* It is, or may be about to be. */
static bool may_be_parked(const struct moment *moment)
{
	return !moment->candidate && (!moment->block || moment->block->syscall == SYS_futex);
}

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	if (may_be_parked(moment) || !native_recognise(runtime, moment, recognised))
		return false;
	if (recognised->in_turn && !recognised->wait_class)
		memset(recognised, 0, sizeof(*recognised));
	return true;
}

static const struct advice rows[] = {
	{ "asio::steady_timer and async_wait() instead of a sleep", .causes = ON(SLEEP) },
	{ "resolver.async_resolve()", .causes = ON(DNS) },
	{ "async_read() and async_write() instead of read() and write()", .causes = ON(SOCKET) },
	{ "asio::post() to a thread_pool", .causes = ON(FILE) | ON(CPU) },
	{ "boost::process's async_system(), or asio::post() to a thread_pool",
	  .causes = ON(CHILD) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_asio = {
	.name = "asio",
	.recognise = recognise,
	/* epoll_reactor::run(long, op_queue<scheduler_operation>&) */
	.function = "_ZN5boost4asio6detail13epoll_reactor3runElRNS1_8op_queueINS1_19scheduler_"
		    "operationEEE",
	.or_function = "_ZN4asio6detail13epoll_reactor3runElRNS0_8op_queueINS0_19scheduler_"
		       "operationEEE",
	.runs_in = runs_in,
	.waits_by_epoll = true,
	.advice = advice,
};
