// SPDX-License-Identifier: GPL-2.0-or-later
/* filter.c - which of the machine's processes the user's --comm, --unit and --cgroup mean. */
#include "stall/loops/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <linux/magic.h>

#include "base/cleanup.h"
#include "base/patterns.h"
#include "proc/cgroup.h"
#include "proc/process.h"

#define CGROUP_MOUNT "/sys/fs/cgroup"

struct item {
	char *given;
	char *path; /* CGROUP: in the way of /proc/PID/cgroup, without a slash at its end */
	size_t pattern; /* COMM */
};

struct items {
	struct item *v;
	size_t nr;
};

struct filter {
	struct items kinds[FILTER_NR];
	struct patterns *patterns; /* of COMM */
	struct name_value *pairs;
	size_t nr_pairs;
};

int filter_new(struct filter **out)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return -ENOMEM;
	if (patterns_new(&filter->patterns)) {
		free(filter);
		return -ENOMEM;
	}
	*out = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (int kind = 0; kind < FILTER_NR; kind++) {
		struct items *items = &filter->kinds[kind];

		for (size_t i = 0; i < items->nr; i++) {
			free(items->v[i].given);
			free(items->v[i].path);
		}
		free(items->v);
	}
	free(filter->pairs);
	patterns_free(filter->patterns);
	free(filter);
}

/* Below a tmpfs each directory is a hierarchy of its own (v1, or both): its name is no part of the path. */
static bool has_hierarchies(void)
{
	struct statfs fs;

	return !statfs(CGROUP_MOUNT, &fs) && fs.f_type == TMPFS_MAGIC;
}

/* "/a/b" of "/sys/fs/cgroup/a/b/", "a/b": caller frees. The root is "". */
static char *cgroup_path(const char *text)
{
	size_t mount = strlen(CGROUP_MOUNT), len;
	char *path;

	if (!strncmp(text, CGROUP_MOUNT, mount) && (text[mount] == '/' || !text[mount])) {
		text += mount;
		if (has_hierarchies()) {
			text += strspn(text, "/");
			text += strcspn(text, "/");
		}
	}
	text += strspn(text, "/");
	if (asprintf(&path, "/%s", text) < 0)
		return NULL;
	for (len = strlen(path); len && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	return path;
}

static int add_pattern(struct filter *filter, struct item *item, const char *text, char *reason,
		       size_t size)
{
	char why[PATTERN_REASON_BYTES];
	int err = patterns_add(filter->patterns, text, why);

	item->pattern = patterns_nr(filter->patterns) - 1;
	if (err == -EINVAL)
		snprintf(reason, size, "%s", why);
	return err;
}

/* item stays empty on failure, but for a pattern that nobody asks. */
static int item_new(struct filter *filter, struct item *item, enum filter_kind kind,
		    const char *text, char *reason, size_t size)
{
	int err = 0;

	memset(item, 0, sizeof(*item));
	if (!*text) {
		snprintf(reason, size, "it is empty");
		return -EINVAL;
	}
	if (kind == FILTER_COMM) {
		err = add_pattern(filter, item, text, reason, size);
	} else if (kind == FILTER_UNIT && strchr(text, '/')) {
		snprintf(reason, size, "a unit's name has no slash");
		return -EINVAL;
	} else if (kind == FILTER_CGROUP) {
		item->path = cgroup_path(text);
		err = item->path ? 0 : -ENOMEM;
	}
	if (err)
		return err;
	item->given = strdup(text);
	if (item->given)
		return 0;
	free(item->path);
	return -ENOMEM;
}

int filter_add(struct filter *filter, enum filter_kind kind, const char *text, char *reason,
	       size_t size)
{
	struct items *items = &filter->kinds[kind];
	struct item *grown = realloc(items->v, (items->nr + 1) * sizeof(*grown));
	struct name_value *pairs = realloc(filter->pairs, (filter->nr_pairs + 1) * sizeof(*pairs));
	static const char *const names[FILTER_NR] = {
		[FILTER_COMM] = "comm",
		[FILTER_UNIT] = "unit",
		[FILTER_CGROUP] = "cgroup",
	};
	int err;

	if (grown)
		items->v = grown;
	if (pairs)
		filter->pairs = pairs;
	if (!grown || !pairs)
		return -ENOMEM;
	err = item_new(filter, &items->v[items->nr], kind, text, reason, size);
	if (err)
		return err;
	pairs[filter->nr_pairs++] = (struct name_value){ names[kind], items->v[items->nr++].given };
	return 0;
}

const struct name_value *filter_pairs(const struct filter *filter, size_t *nr)
{
	*nr = filter ? filter->nr_pairs : 0;
	return filter ? filter->pairs : NULL;
}

const char *filter_text(const struct filter *filter, enum filter_kind kind, size_t index)
{
	return filter && index < filter->kinds[kind].nr ? filter->kinds[kind].v[index].given : NULL;
}

bool filter_is_empty(const struct filter *filter)
{
	for (int kind = 0; filter && kind < FILTER_NR; kind++)
		if (filter->kinds[kind].nr)
			return false;
	return true;
}

static bool item_matches(const struct filter *filter, const struct item *item,
			 enum filter_kind kind, const char *comm, const char *cgroups)
{
	switch (kind) {
	case FILTER_COMM:
		return patterns_match(filter->patterns, item->pattern, comm);
	case FILTER_UNIT:
		return cgroup_in_unit(cgroups, item->given);
	default:
		return cgroup_is_below(cgroups, item->path);
	}
}

bool filter_matches(const struct filter *filter, const char *comm, const char *cgroups)
{
	for (int kind = 0; filter && kind < FILTER_NR; kind++) {
		const struct items *items = &filter->kinds[kind];
		bool any = !items->nr;

		for (size_t i = 0; i < items->nr && !any; i++)
			any = item_matches(filter, &items->v[i], kind, comm, cgroups);
		if (!any)
			return false;
	}
	return true;
}

bool filter_matches_process(const struct filter *filter, pid_t pid)
{
	bool by_comm = filter_text(filter, FILTER_COMM, 0),
	     by_cgroup =
		     filter_text(filter, FILTER_UNIT, 0) || filter_text(filter, FILTER_CGROUP, 0);
	__freeing char *cgroups = NULL;
	char comm[16] = "";

	if (by_comm && process_comm(pid, comm))
		return false;
	if (by_cgroup) {
		cgroups = process_cgroup_text(pid);
		if (!cgroups)
			return false;
	}
	return filter_matches(filter, comm, cgroups ? cgroups : "");
}
