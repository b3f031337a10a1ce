// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * share.c - what a process leaves of the slots to others, if there may be others: half of those
 * that it found, at least; and what a user, or a cgroup, with all its processes does: a quarter.
 * So who comes later, however many loops were begun before, gets a part.
 */
#include "stall/loops/share.h"

#include <string.h>

#include "base/number.h"
#include "probe/probe.h"
#include "proc/process.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define OWNERS_PART 3 /* they leave one for so many that they have */
/* Of a cgroup's path: a service, a pod, a user. Those below are made by these themselves. */
#define CGROUP_LEVELS 3

/* No other will come for what it leaves. */
static bool is_alone(const struct engine *engine)
{
	return !engine->options.whole_system && !engine->options.follow &&
	       watched_count(engine->watched) == 1;
}

static uint64_t cgroup_hash(const char *path)
{
	const char *end = path;

	for (int level = 0; *end && level < CGROUP_LEVELS; level++)
		end = strchrnul(end + 1, '/');
	return end > path + 1 ? hash_bytes(HASH_START, path, (size_t)(end - path)) : 0;
}

static const struct watched_share *share_of(struct watched *watched)
{
	struct watched_share *share = &watched->share;

	if (share->known)
		return share;
	share->known = true;
	if (process_user(watched->pid, &share->user))
		share->user = 0;
	share->cgroup = watched->cgroup.path ? cgroup_hash(watched->cgroup.path) : 0;
	return share;
}

void share_name(struct watched *watched, struct bp_bind *request)
{
	const struct watched_share *share = share_of(watched);

	request->user = share->user;
	request->cgroup = (unsigned int)(share->cgroup ^ share->cgroup >> 32);
}

void share_count(struct engine *engine, struct watched *asking, pid_t pid,
		 struct share_taken *taken)
{
	struct watched *watched = pid == asking->pid ? asking : watched_find(engine->watched, pid);
	const struct watched_share *own = share_of(asking), *its;

	taken->all++;
	if (!watched)
		return;
	its = share_of(watched);
	taken->process += watched == asking;
	taken->user += own->user && its->user == own->user;
	taken->cgroup += own->cgroup && its->cgroup == own->cgroup;
}

bool share_allows(struct engine *engine, struct watched *asking, struct share_taken taken,
		  enum blind *blind)
{
	unsigned int slots = probe_slots(engine->probe);
	bool allows;

	for_each_loop (engine->loops, loop)
		share_count(engine, asking, loop->id.pid, &taken);
	if (is_alone(engine)) {
		/* it is asked for all the same: the kernel side counts those that it has none for */
		*blind = taken.all < slots ? BLIND_NR : BLIND_SLOTS_USED_UP;
		return true;
	}
	allows = taken.all + taken.process < slots &&
		 taken.all + taken.user / OWNERS_PART < slots &&
		 taken.all + taken.cgroup / OWNERS_PART < slots;
	*blind = allows ? BLIND_NR : BLIND_SHARE_USED_UP;
	return allows;
}
