// SPDX-License-Identifier: GPL-2.0-or-later
/* homes.c - which places are asked about a cgroup in which order, how often, and what is kept. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "proc/home/private.h"

#define HOMES_MAX 512
#define KEY_BYTES 128
/* The kubelet makes its links when a container runs already: asked again after 1, 2, 4, ... s. */
#define TRIES_MAX 6
/*
 * Whoever may make cgroups can have any number of names looked for: that takes a
 * twentieth of the time at the most, after so much in one go.
 */
#define SHARE	 20
#define AHEAD_NS (4 * NS_PER_SEC)

struct entry {
	char key[KEY_BYTES]; /* "": it is free */
	struct process_home home;
	unsigned int tries;
	uint64_t next_ns; /* 0: there is no more to be known */
	uint64_t used;
};

struct homes {
	struct home_sources sources;
	struct entry entries[HOMES_MAX];
	uint64_t clock;
	uint64_t paid_until_ns; /* until when searches have used up their time */
};

int homes_new(struct homes **out, const struct home_sources *sources)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->sources = *sources;
	return 0;
}

void homes_free(struct homes *homes)
{
	free(homes);
}

/* By its key, or the one that was not used for longest. */
static struct entry *entry_of(struct homes *homes, const char *key)
{
	struct entry *oldest = &homes->entries[0];

	for (size_t i = 0; i < HOMES_MAX; i++) {
		struct entry *entry = &homes->entries[i];

		if (!strcmp(entry->key, key))
			return entry;
		if (entry->used < oldest->used)
			oldest = entry;
	}
	*oldest = (struct entry){ .next_ns = 1 };
	snprintf(oldest->key, sizeof(oldest->key), "%s", key);
	return oldest;
}

/* Whether all of it is known. */
static bool search(const struct home_sources *sources, pid_t pid,
		   const struct process_cgroup *cgroup, struct process_home *home)
{
	const char *id = cgroup->container;

	if (id && !home_is_container_id(id))
		id = NULL;
	if (!cgroup->pod_uid) {
		engines_name(sources->memory, id, home);
		return home->container_name[0];
	}
	if (id && !home->container_name[0])
		kubelet_by_container(sources->memory, id, home);
	if (!home->pod[0] || !home->namespace[0])
		kubelet_by_pod(sources->memory, cgroup->pod_uid, home);
	inside_pod(sources, pid, cgroup->pod_uid, home);
	return home->pod[0] && home->namespace[0] && (home->container_name[0] || !id);
}

static bool may_search(const struct homes *homes, uint64_t now_ns)
{
	return homes->paid_until_ns < now_ns + AHEAD_NS;
}

static void pay(struct homes *homes, uint64_t now_ns, uint64_t spent_ns)
{
	if (homes->paid_until_ns < now_ns)
		homes->paid_until_ns = now_ns;
	homes->paid_until_ns += SHARE * spent_ns;
}

const struct process_home *homes_find(struct homes *homes, pid_t pid,
				      const struct process_cgroup *cgroup, uint64_t now_ns,
				      uint64_t *next_ns)
{
	bool of_engine = cgroup->container && home_is_container_id(cgroup->container);
	char key[KEY_BYTES];
	struct entry *entry;

	*next_ns = 0;
	/* a user names cgroups of its own as it likes: also as another's container */
	if (cgroup->of_user || (!cgroup->pod_uid && !of_engine))
		return NULL;
	snprintf(key, sizeof(key), "%s %s", cgroup->pod_uid ? cgroup->pod_uid : "",
		 of_engine ? cgroup->container : "");
	entry = entry_of(homes, key);
	entry->used = ++homes->clock;
	if (entry->next_ns && now_ns >= entry->next_ns && may_search(homes, now_ns)) {
		uint64_t from_ns = clock_now_ns();
		bool whole = search(&homes->sources, pid, cgroup, &entry->home);

		pay(homes, now_ns, clock_now_ns() - from_ns);
		entry->next_ns = whole || entry->tries == TRIES_MAX
					 ? 0
					 : now_ns + (NS_PER_SEC << entry->tries);
		entry->tries++;
	}
	*next_ns = entry->next_ns > now_ns || !entry->next_ns ? entry->next_ns
							      : now_ns + NS_PER_SEC / 4;
	return &entry->home;
}
