// SPDX-License-Identifier: GPL-2.0-or-later
/* names.c - which of several names of a process is the best. */
#include "output/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"

#define MAX_PROCESSES 65536

/* How a name was learnt. It is replaced by a later one of at least the same worth. */
enum worth { BY_THREAD, BY_PROGRAM, BY_MAIN_THREAD };

struct name {
	pid_t pid;
	enum worth worth;
	char name[16];
};

struct names {
	struct name *v; /* ascending by pid */
	size_t nr;
	size_t capacity;
};

int names_new(struct names **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	free(names->v);
	free(names);
}

/* Position of the first process with at least this pid. */
static size_t position(const struct names *names, pid_t pid)
{
	size_t low = 0, high = names->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->v[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int insert(struct names *names, size_t at, const struct name *name)
{
	if (names->nr == names->capacity) {
		size_t capacity = names->capacity ? 2 * names->capacity : 16;
		struct name *v = realloc(names->v, capacity * sizeof(v[0]));

		if (!v)
			return -ENOMEM;
		names->v = v;
		names->capacity = capacity;
	}
	memmove(&names->v[at + 1], &names->v[at], (names->nr - at) * sizeof(names->v[0]));
	names->v[at] = *name;
	names->nr++;
	return 0;
}

int names_learn(struct names *names, const struct thread_id *id, const char *exe)
{
	size_t at = position(names, id->pid);
	struct name name = { .pid = id->pid };
	const char *text = id->comm;

	if (id->tid == id->pid) {
		name.worth = BY_MAIN_THREAD;
	} else if (exe) {
		name.worth = BY_PROGRAM;
		text = base_name(exe);
	}
	snprintf(name.name, sizeof(name.name), "%s", text);
	if (!name.name[0])
		return 0;
	if (at < names->nr && names->v[at].pid == id->pid) {
		if (name.worth >= names->v[at].worth)
			names->v[at] = name;
		return 0;
	}
	return names->nr < MAX_PROCESSES ? insert(names, at, &name) : 0;
}

const char *names_of(const struct names *names, pid_t pid)
{
	size_t at = position(names, pid);

	return at < names->nr && names->v[at].pid == pid ? names->v[at].name : NULL;
}
