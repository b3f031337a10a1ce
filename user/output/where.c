// SPDX-License-Identifier: GPL-2.0-or-later
/* where.c - of how many processes it is kept where they belong. */
#include "output/where.h"

#include <errno.h>
#include <stdlib.h>

#include "base/strings.h"

#define PROCESSES_MAX 2048

struct entry {
	pid_t pid; /* 0: it is free */
	uint64_t used;
	struct home home; /* its strings are its own */
};

struct where {
	struct entry entries[PROCESSES_MAX];
	uint64_t clock;
};

int where_new(struct where **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void clear(struct entry *entry)
{
	free((char *)entry->home.unit);
	free((char *)entry->home.container);
	free((char *)entry->home.container_name);
	free((char *)entry->home.pod);
	free((char *)entry->home.namespace);
	*entry = (struct entry){ 0 };
}

void where_forget(struct where *where)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		clear(&where->entries[i]);
}

void where_free(struct where *where)
{
	if (where)
		where_forget(where);
	free(where);
}

static struct entry *find(struct where *where, pid_t pid)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (where->entries[i].pid == pid)
			return &where->entries[i];
	return NULL;
}

/* A free one is the oldest of all. */
static struct entry *oldest(struct where *where)
{
	struct entry *found = &where->entries[0];

	for (size_t i = 1; i < PROCESSES_MAX; i++)
		if (where->entries[i].used < found->used)
			found = &where->entries[i];
	return found;
}

static int copy_to(const char **to, const char *from)
{
	char *copy;
	int err = copy_string(&copy, from);

	*to = copy;
	return err;
}

int where_learn(struct where *where, const struct loop_record *loop)
{
	const struct home from = loop_home(loop);
	struct entry *entry = find(where, loop->id.pid);
	int err;

	if (entry)
		clear(entry);
	if (!from.container && !from.pod)
		return 0;
	entry = oldest(where);
	clear(entry);
	entry->pid = loop->id.pid;
	entry->used = ++where->clock;
	err = copy_to(&entry->home.unit, from.unit);
	err |= copy_to(&entry->home.container, from.container);
	err |= copy_to(&entry->home.container_name, from.container_name);
	err |= copy_to(&entry->home.pod, from.pod);
	err |= copy_to(&entry->home.namespace, from.namespace);
	if (err)
		clear(entry);
	return err ? -ENOMEM : 0;
}

const struct home *where_of(struct where *where, pid_t pid)
{
	struct entry *entry = pid > 0 ? find(where, pid) : NULL;

	if (!entry)
		return NULL;
	entry->used = ++where->clock;
	return &entry->home;
}
