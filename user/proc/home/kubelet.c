// SPDX-License-Identifier: GPL-2.0-or-later
/* kubelet.c - what the kubelet calls the logs of a container, by which its pod is known. */
#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "proc/home/private.h"

#define LIST_BYTES   65536
#define LIST_MOST    64 /* times that many: some ten thousand names of usual length */
#define NAME_LONGEST 255 /* the kubelet cuts what would be longer (kuberuntime/legacy.go) */
#define ID_SHORTEST  12 /* of a cut id: what people take for unique */

/* Is it the one? Then what it says is taken. */
typedef bool entry_fn(const char *name, const char *wanted, struct process_home *home);

/* Entries from a foreign answer: no length in them is believed. *after: where to go on. */
static bool find_in(const char *buf, size_t bytes, entry_fn *fn, const char *wanted,
		    struct process_home *home, uint64_t *after)
{
	const size_t head = offsetof(struct dirent64, d_name);

	for (size_t at = 0; bytes - at > head;) {
		struct dirent64 entry;
		const char *name = buf + at + head;

		memcpy(&entry, buf + at, head);
		if (entry.d_reclen <= head || entry.d_reclen > bytes - at ||
		    !memchr(name, '\0', entry.d_reclen - head))
			return false;
		if (fn(name, wanted, home))
			return true;
		*after = (uint64_t)entry.d_off;
		at += entry.d_reclen;
	}
	return false;
}

static void look_through(struct memory_source *source, const char *path, entry_fn *fn,
			 const char *wanted, struct process_home *home)
{
	const struct file_wanted directory = {
		.pid = getpid(),
		.path = path,
		.from_our_root = true,
		.directory = true,
	};
	__freeing char *buf = malloc(LIST_BYTES);
	uint64_t after = 0;

	for (int i = 0; buf && i < LIST_MOST; i++) {
		ssize_t got = files_content(source, &directory, after, buf, LIST_BYTES);

		if (got <= 0 || find_in(buf, (size_t)got, fn, wanted, home, &after))
			return;
	}
}

/* Takes up to the next '_' behind *at, and goes behind that. */
static const char *cut(const char **at, size_t *length)
{
	const char *start = *at, *end = strchr(start, '_');

	if (!end)
		return NULL;
	*length = (size_t)(end - start);
	*at = end + 1;
	return start;
}

/* Does the id begin with what the name ends with, before ".log"? Then *length is what is before that. */
static bool ends_with_id(const char *name, const char *id, size_t *length)
{
	static const char suffix[] = ".log";
	size_t whole = strlen(name), own = strlen(suffix), shown = CONTAINER_ID_LENGTH;
	const char *dash;

	if (whole <= own || strcmp(name + whole - own, suffix) != 0)
		return false;
	whole -= own;
	if (strlen(name) == NAME_LONGEST) {
		dash = memrchr(name, '-', whole);
		shown = dash ? (size_t)(name + whole - dash) - 1 : 0;
	}
	if (shown < ID_SHORTEST || shown > CONTAINER_ID_LENGTH || whole <= shown + 1 ||
	    name[whole - shown - 1] != '-' || strncmp(name + whole - shown, id, shown) != 0)
		return false;
	*length = whole - shown - 1;
	return true;
}

/* "web-7d9_shop_app-ID.log" */
static bool is_link_of(const char *name, const char *id, struct process_home *home)
{
	struct process_home found = { 0 };
	const char *at = name, *pod, *namespace;
	size_t length, pod_length, namespace_length;

	if (!ends_with_id(name, id, &length))
		return false;
	pod = cut(&at, &pod_length);
	namespace = pod ? cut(&at, &namespace_length) : NULL;
	if (!namespace || at >= name + length ||
	    !home_take_subdomain(NAME_ROOM(found.pod), pod, pod_length) ||
	    !home_take_label(NAME_ROOM(found.namespace), namespace, namespace_length) ||
	    !home_take_label(NAME_ROOM(found.container_name), at, (size_t)(name + length - at)))
		return false;
	*home = found;
	return true;
}

void kubelet_by_container(struct memory_source *source, const char *id, struct process_home *home)
{
	look_through(source, "/var/log/containers", is_link_of, id, home);
}

/* "shop_web-7d9_UID" */
static bool is_directory_of(const char *name, const char *uid, struct process_home *home)
{
	struct process_home found = { 0 };
	const char *at = name, *pod, *namespace;
	size_t pod_length, namespace_length;

	namespace = cut(&at, &namespace_length);
	pod = namespace ? cut(&at, &pod_length) : NULL;
	if (!pod || strcmp(at, uid) != 0 ||
	    !home_take_subdomain(NAME_ROOM(found.pod), pod, pod_length) ||
	    !home_take_label(NAME_ROOM(found.namespace), namespace, namespace_length))
		return false;
	memcpy(home->pod, found.pod, sizeof(home->pod));
	memcpy(home->namespace, found.namespace, sizeof(home->namespace));
	return true;
}

void kubelet_by_pod(struct memory_source *source, const char *uid, struct process_home *home)
{
	look_through(source, "/var/log/pods", is_directory_of, uid, home);
}
