// SPDX-License-Identifier: GPL-2.0-or-later
/* quota.c - where both versions of cgroups keep limits, and that they held someone back. */
#include "proc/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proc/procfs.h"

#define CGROUP_BYTES 65536
#define FILE_BYTES   4096
#define LINE_BYTES   (4 * PATH_MAX)

/* Whether the cgroup of this directory has such a limit, which has held someone back. */
typedef bool limit_fn(const char *directory, int version, struct quota *out);

/* -- the files of one cgroup: Documentation/admin-guide/cgroup-v2.rst, scheduler/sched-bwc.rst -- */

static int read_text(const char *directory, const char *name, char text[FILE_BYTES])
{
	__freeing char *path = NULL;
	int fd __closing = -1;
	ssize_t n;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, FILE_BYTES - 1);
	if (n < 0)
		return -errno;
	text[n] = 0;
	return 0;
}

static int read_number(const char *directory, const char *name, int64_t *number)
{
	char text[FILE_BYTES];
	int err = read_text(directory, name, text);

	if (!err && sscanf(text, "%" SCNd64, number) != 1)
		err = -EBADMSG;
	return err;
}

/* Has something happened that this file counts, in lines of "KEY NUMBER"? */
static bool has_counted(const char *directory, const char *name, const char *key)
{
	char text[FILE_BYTES], *line, *rest = text;
	size_t length = strlen(key);

	if (read_text(directory, name, text))
		return false;
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, key, length) && line[length] == ' ')
			return strtoull(line + length, NULL, 10) > 0;
	return false;
}

static bool has_quota(const char *directory, int version, struct quota *out)
{
	int64_t quota_us, period_us;
	char text[FILE_BYTES];

	if (version == 2) {
		/* "max 100000" is none */
		if (read_text(directory, "cpu.max", text) ||
		    sscanf(text, "%" SCNd64 " %" SCNd64, &quota_us, &period_us) != 2)
			return false;
	} else if (read_number(directory, "cpu.cfs_quota_us", &quota_us) ||
		   read_number(directory, "cpu.cfs_period_us", &period_us)) {
		return false;
	}
	if (quota_us <= 0 || period_us <= 0)
		return false;
	out->quota_ns = (uint64_t)quota_us * NS_PER_US;
	out->period_ns = (uint64_t)period_us * NS_PER_US;
	return has_counted(directory, "cpu.stat", "nr_throttled");
}

/* Version 2 only: "max" is none. */
static bool has_memory_high(const char *directory, int version, struct quota *out)
{
	int64_t bytes;

	(void)out;
	return version == 2 && !read_number(directory, "memory.high", &bytes) &&
	       has_counted(directory, "memory.events", "high");
}

static int find_in(const char *root, int version, const char *path, limit_fn *has_limit,
		   struct quota *out)
{
	__freeing char *at = strdup(path);

	if (!at)
		return -ENOMEM;
	while (*at && strcmp(at, "/") != 0) {
		__freeing char *directory = NULL;

		if (asprintf(&directory, "%s%s", root, at) < 0) {
			directory = NULL;
			return -ENOMEM;
		}
		if (has_limit(directory, version, out)) {
			out->path = at;
			at = NULL;
			return 0;
		}
		*strrchr(at, '/') = 0;
	}
	return -ENOENT;
}

int quota_find_in(const char *root, int version, const char *path, struct quota *out)
{
	return find_in(root, version, path, has_quota, out);
}

int memory_high_find_in(const char *root, const char *path, struct quota *out)
{
	return find_in(root, 2, path, has_memory_high, out);
}

/* -- where the hierarchies are -- */

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strcspn(list, ",\n"), list += *list != 0)
		if (!strncmp(list, word, length) && strchr(",\n", list[length]))
			return true;
	return false;
}

/* Mount point and root, as seen by us, of the hierarchy with the cpu controller (1) or the unified one (2). */
struct hierarchy {
	char root[PATH_MAX];
	char mount[PATH_MAX];
	bool found;
};

/* proc(5): "36 35 98:0 ROOT MOUNT options ... - TYPE source super-options" */
static void find_hierarchies(struct hierarchy of[3])
{
	char __freeing *line = malloc(LINE_BYTES);
	FILE *file = fopen("/proc/self/mountinfo", "re");
	_Static_assert(PATH_MAX == 4096, "the widths below");

	while (line && file && fgets(line, LINE_BYTES, file)) {
		const char *dash = strstr(line, " - ");
		struct hierarchy hierarchy = { .found = true };
		char type[32], options[1024];
		int version;

		if (!dash || sscanf(dash, " - %31s %*s %1023[^\n]", type, options) != 2 ||
		    sscanf(line, "%*s %*s %*s %4095s %4095s", hierarchy.root, hierarchy.mount) != 2)
			continue;
		version = !strcmp(type, "cgroup2")				? 2
			  : !strcmp(type, "cgroup") && has_word(options, "cpu") ? 1
										: 0;
		if (version && !of[version].found)
			of[version] = hierarchy;
	}
	if (file)
		fclose(file);
}

/* A process's path in it; lines are ID:CONTROLLERS:PATH. NULL: none. Changes text. */
static const char *path_in(char *text, int version)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*controllers++ = 0;
		*path++ = 0;
		if (version == 2 ? !strcmp(line, "0") && !*controllers
				 : has_word(controllers, "cpu"))
			return *path == '/' ? path : NULL;
	}
	return NULL;
}

static int find_by_version(pid_t pid, int version, const struct hierarchy *hierarchy,
			   limit_fn *has_limit, struct quota *out)
{
	__freeing char *text = malloc(CGROUP_BYTES);
	size_t outer = strcmp(hierarchy->root, "/") ? strlen(hierarchy->root) : 0;
	const char *path;

	if (!text)
		return -ENOMEM;
	if (procfs_read(pid, "cgroup", text, CGROUP_BYTES) < 0)
		return -ENOENT;
	path = path_in(text, version);
	/* a mount may show a part of the hierarchy only */
	if (!path || strncmp(path, hierarchy->root, outer) != 0 || strstr(path, "/.."))
		return -ENOENT;
	return find_in(hierarchy->mount, version, path + outer, has_limit, out);
}

static int find(pid_t pid, limit_fn *has_limit, struct quota *out)
{
	__freeing struct hierarchy *of = calloc(3, sizeof(*of));
	int err = -ENOENT;

	*out = (struct quota){ 0 };
	if (!of)
		return -ENOMEM;
	find_hierarchies(of);
	for (int version = 1; version <= 2 && err == -ENOENT; version++)
		if (of[version].found)
			err = find_by_version(pid, version, &of[version], has_limit, out);
	return err;
}

int quota_find(pid_t pid, struct quota *out)
{
	return find(pid, has_quota, out);
}

int memory_high_find(pid_t pid, struct quota *out)
{
	return find(pid, has_memory_high, out);
}
