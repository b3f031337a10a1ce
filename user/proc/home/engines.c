// SPDX-License-Identifier: GPL-2.0-or-later
/* engines.c - where Docker and Podman write down how a container is called. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/strings.h"
#include "proc/home/private.h"

#define FILE_BYTES \
	(1u << 20) /* Docker's has some kilobytes; in Podman's list that is a thousand containers */

static void free_json(json_t **json)
{
	json_decref(*json);
}

#define __freeing_json __attribute__((cleanup(free_json)))

/* NULL: there is no such file, it is no JSON, or larger than any that is right. */
static json_t *read_json(struct memory_source *source, const char *path)
{
	const struct file_wanted file = { .pid = getpid(), .path = path, .from_our_root = true };
	__freeing char *text = malloc(FILE_BYTES);
	ssize_t got = text ? files_content(source, &file, 0, text, FILE_BYTES) : 0;

	return got > 0 ? json_loadb(text, (size_t)got, 0, NULL) : NULL;
}

/* moby, daemon/container: the name begins with a slash. */
static bool docker_name(struct memory_source *source, const char *id, struct process_home *home)
{
	char path[128];
	json_t *json __freeing_json = NULL;
	const char *name;

	snprintf(path, sizeof(path), "/var/lib/docker/containers/%s/config.v2.json", id);
	json = read_json(source, path);
	name = json_string_value(json_object_get(json, "Name"));
	return name && name[0] == '/' &&
	       home_take_engine_name(NAME_ROOM(home->container_name), name + 1);
}

/* containers/storage, containers.go: [{"id", "names": ["web"], ...}, ...] */
static bool name_in_list(struct memory_source *source, const char *path, const char *id,
			 struct process_home *home)
{
	json_t *list __freeing_json = read_json(source, path);
	json_t *container;
	size_t i;

	json_array_foreach (list, i, container) {
		const char *name =
			json_string_value(json_array_get(json_object_get(container, "names"), 0));

		if (name && same_string(json_string_value(json_object_get(container, "id")), id))
			return home_take_engine_name(NAME_ROOM(home->container_name), name);
	}
	return false;
}

/* Those of a user without privileges have theirs in that user's home, where nothing is read. */
static bool podman_name(struct memory_source *source, const char *id, struct process_home *home)
{
	static const char *const lists[] = {
		"/var/lib/containers/storage/overlay-containers/containers.json",
		"/var/lib/containers/storage/overlay-containers/volatile-containers.json",
		"/run/containers/storage/overlay-containers/volatile-containers.json",
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (name_in_list(source, lists[i], id, home))
			return true;
	return false;
}

void engines_name(struct memory_source *source, const char *id, struct process_home *home)
{
	if (!docker_name(source, id, home))
		podman_name(source, id, home);
}
