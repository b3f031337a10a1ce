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

#include "base/strings.h"
#include "runtime/native.h"
#include "symbol/on_stack.h"

#define SCANS_DRIVER 4 /* threads in an epoll of a process, until it is known to have no Tokio */
#define SCANS_MOST   64

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

static struct wait wait_of(const struct sighting *sighting)
{
	const struct bp_candidate *candidate = sighting->candidate;
	const struct bp_block *block = sighting->block;

	if (candidate)
		return (struct wait){ candidate->wait_class, candidate->wait_id, candidate->sp };
	if (block)
		return (struct wait){ block->wait_class, block->wait_id, block->sp };
	return (struct wait){ 0 };
}

/* Threads as the library names them, for programs without symbols: "tokio-runtime-worker" and newer. */
static bool is_named_so(const struct sighting *sighting)
{
	return starts_with(sighting->comm, "tokio-r");
}

static bool is_driver(const struct sighting *sighting, const struct wait *wait)
{
	struct pool *pool = sighting->pool;
	int scheduler;

	if (pool->drivers && pool->driver_fd == wait->id)
		return true;
	if (pool->scans_driver >= (pool->tokio ? SCANS_MOST : SCANS_DRIVER))
		return false;
	pool->scans_driver++;
	scheduler = symbols_on_stack(sighting->symbols, sighting->pid, wait->sp, schedulers,
				     sizeof(schedulers) / sizeof(schedulers[0]));
	if (scheduler < 0 && !is_named_so(sighting))
		return false;
	pool->tokio = true;
	pool->nameless = scheduler < 0;
	if (scheduler == CURRENT_THREAD)
		return true;
	pool->parks = true;
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

static bool is_park(const struct sighting *sighting, const struct wait *wait)
{
	struct pool *pool = sighting->pool;
	uint64_t depth = sighting->pthread - wait->sp;

	if (pool->park_depth)
		return depth == pool->park_depth;
	if (pool->scans_park < SCANS_MOST) {
		pool->scans_park++;
		if (symbols_on_stack(sighting->symbols, sighting->pid, wait->sp, park, 1) == 0) {
			pool->park_depth = depth;
			return true;
		}
	}
	return pool->nameless && is_named_so(sighting) &&
	       is_common(pool, depth, wait->id - wait->sp);
}

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	struct wait wait = wait_of(sighting);
	struct pool *pool = sighting->pool;

	if (wait.class == BP_WAIT_EPOLL && is_driver(sighting, &wait)) {
		verdict->runtime = runtime->name;
		verdict->wait_class = wait.class;
		verdict->wait_id = wait.id;
		return true;
	}
	if (wait.class != BP_WAIT_FUTEX)
		return false;
	if (!is_park(sighting, &wait))
		return true;
	verdict->runtime = runtime->name;
	verdict->park_id = wait.id;
	/* which of several runtimes' drivers it is will show */
	if (pool->drivers == 1) {
		verdict->wait_class = BP_WAIT_EPOLL;
		verdict->wait_id = pool->driver_fd;
	}
	return true;
}

bool tokio_waits_for_work(const struct pool *pool, uint64_t pthread, const struct bp_block *block)
{
	return pool->park_depth && pthread - block->sp < pool->park_depth;
}

bool tokio_in_place(struct symbols *symbols, pid_t pid, uint64_t sp)
{
	static const char *const in_place[] = { "multi_thread::worker::block_in_place" };

	return !symbols_on_stack(symbols, pid, sp, in_place, 1);
}

const struct runtime runtime_tokio = { .name = "tokio", .judge = judge };
