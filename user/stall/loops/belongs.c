// SPDX-License-Identifier: GPL-2.0-or-later
/* belongs.c - when it is asked where a loop's process belongs, and who answers that. */
#include "stall/loops/belongs.h"

#include "probe/probe.h"
#include "proc/home/home.h"
#include "stall/loops/binding.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

_Static_assert((int)HOME_HOST_NAME_BYTES == (int)BP_HOST_NAME_LEN, "the kernel's");

static int host_name(void *probe, pid_t pid, char name[HOME_HOST_NAME_BYTES])
{
	return probe_host_name(probe, pid, name);
}

int belongs_new(struct engine *engine)
{
	const struct home_sources sources = {
		.memory = engine->options.memory,
		.host_name = host_name,
		.context = engine->probe,
	};

	return homes_new(&engine->homes, &sources);
}

void belongs_free(struct engine *engine)
{
	homes_free(engine->homes);
}

static const struct process_home *find(struct engine *engine, struct loop *loop,
				       const struct watched *watched)
{
	return homes_find(engine->homes, watched->pid, &watched->cgroup, probe_now_ns(),
			  &loop->home.next_ns);
}

static unsigned int known(const struct process_home *home)
{
	return !!home->container_name[0] + !!home->pod[0] + !!home->namespace[0];
}

static const char *if_any(const char *name)
{
	return *name ? name : NULL;
}

void belongs_put(struct engine *engine, struct loop *loop, const struct watched *watched,
		 struct loop_record *record)
{
	const struct process_home *home = find(engine, loop, watched);

	loop->home.known = home ? known(home) : 0;
	if (!home)
		return;
	record->container_name = if_any(home->container_name);
	record->pod = if_any(home->pod);
	record->namespace = if_any(home->namespace);
}

void belongs_again(struct engine *engine)
{
	for_each_loop (engine->loops, loop) {
		const struct watched *watched;
		const struct process_home *home;

		if (!loop->home.next_ns || loop->home.next_ns > probe_now_ns())
			continue;
		watched = watched_find(engine->watched, loop->id.pid);
		home = watched ? find(engine, loop, watched) : NULL;
		if (!home)
			loop->home.next_ns = 0;
		else if (known(home) > loop->home.known)
			binding_report_again(engine, loop);
	}
}
