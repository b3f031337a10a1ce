// SPDX-License-Identifier: GPL-2.0-or-later
/* shared.c - who outside of the watch was seen to wait for a loop's source, and how often that is looked for. */
#include "stall/loops/shared.h"

#include <errno.h>
#include <stdlib.h>

#include "base/allowance.h"
#include "base/clock.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "runtime/runtime.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define LOOK_EVERY_NS NS_PER_SEC /* for one source */

/* All looks together take a twentieth of one CPU; a look goes through all threads there are. */
static const struct allowance_rate rate = { 100 * NS_PER_MS, 2 * NS_PER_SEC, UINT64_MAX };

int shared_new(struct engine *engine, const struct allowance *of)
{
	engine->servers = calloc(1, sizeof(*engine->servers));
	if (!engine->servers)
		return -ENOMEM;
	engine->servers->rate = &rate;
	engine->servers->owner_of = of->owner_of;
	engine->servers->context = of->context;
	return 0;
}

void shared_free(struct engine *engine)
{
	free(engine->servers);
}

/* -- who was seen -- */

static bool is_outside(struct engine *engine, pid_t pid)
{
	return pid > 0 && !watched_find(engine->watched, pid);
}

/* The process that was seen at it is there still, and not watched by now. */
static bool serves_still(struct engine *engine, const struct loop_shared *shared)
{
	uint64_t started;

	return is_outside(engine, shared->server) &&
	       !process_start_time(shared->server, &started) && started == shared->started;
}

struct look {
	struct engine *engine;
	struct loop_shared *shared;
};

static void on_server(void *context, pid_t pid, pid_t tid)
{
	struct look *look = context;

	(void)tid;
	if (!look->shared->server && is_outside(look->engine, pid) &&
	    !process_start_time(pid, &look->shared->started))
		look->shared->server = pid;
}

/* -- when -- */

static void look_for_servers(struct engine *engine, const struct bp_slot *slot,
			     struct loop_shared *shared)
{
	struct look look = { engine, shared };
	uint64_t before_ns = clock_spent_ns(), now_ns;
	int err;

	shared->server = 0;
	err = probe_servers(engine->probe, slot, on_server, &look);
	shared->unseen = err && err != -ENOENT;
	now_ns = probe_now_ns();
	shared->next_ns = now_ns + LOOK_EVERY_NS;
	allowance_pay(engine->servers, (pid_t)slot->tgid, now_ns, clock_spent_ns() - before_ns);
}

bool is_shared(struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct loop_shared *shared = &loop->shared;
	uint64_t now_ns = probe_now_ns();

	if (!slot->source || !loop->runtime)
		return false;
	if (shared->source != slot->source)
		*shared = (struct loop_shared){ .source = slot->source, .unseen = true };
	if (serves_still(engine, shared))
		return true;
	if (shared->server)
		shared->server = 0, shared->next_ns = 0;
	if (now_ns >= shared->next_ns && allowance_is_left(engine->servers, loop->id.pid, now_ns))
		look_for_servers(engine, slot, shared);
	return shared->server || shared->unseen;
}
