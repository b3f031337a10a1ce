// SPDX-License-Identifier: GPL-2.0-or-later
/* cgroup.c - how systemd and containers' managers name their cgroups. */
#include "proc/cgroup.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "proc/procfs.h"

#define CGROUP_BYTES	 65536 /* a dozen hierarchies, a path of PATH_MAX each */
#define CONTAINER_DIGITS 64

/* A part of a path between two slashes. */
struct part {
	const char *text;
	size_t len;
};

static bool next_part(const char **path, struct part *part)
{
	const char *start = *path + strspn(*path, "/");

	part->text = start;
	part->len = strcspn(start, "/");
	*path = start + part->len;
	return part->len > 0;
}

static bool part_ends(const struct part *part, const char *suffix)
{
	size_t len = strlen(suffix);

	return part->len > len && !memcmp(part->text + part->len - len, suffix, len);
}

static bool part_cut_prefix(struct part *part, const char *prefix)
{
	size_t len = strlen(prefix);

	if (part->len <= len || memcmp(part->text, prefix, len))
		return false;
	part->text += len;
	part->len -= len;
	return true;
}

static bool part_cut_suffix(struct part *part, const char *suffix)
{
	if (!part_ends(part, suffix))
		return false;
	part->len -= strlen(suffix);
	return true;
}

static bool is_slice(const struct part *part)
{
	return part_ends(part, ".slice");
}

/* The unit types that have processes of their own: systemd.unit(5). */
static bool is_unit(const struct part *part)
{
	static const char *const types[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (part_ends(part, types[i]))
			return true;
	}
	return false;
}

static bool is_user_manager(struct part part)
{
	return part_cut_prefix(&part, "user@") && part_ends(&part, ".service");
}

char *cgroup_unit(const char *path)
{
	struct part part, unit = { 0 };
	bool slices = false;

	while (next_part(&path, &part)) {
		if (is_slice(&part)) {
			slices = true;
			continue;
		}
		if (is_unit(&part)) {
			unit = part;
			slices = false;
			if (is_user_manager(part))
				continue;
			break;
		}
		/* Before a container's own tree or seen from another root there may be other names. */
		if (slices || unit.len)
			break;
	}
	/* systemd puts '_' before a name that would clash with a file of the kernel's. */
	part_cut_prefix(&unit, "_");
	return unit.len ? strndup(unit.text, unit.len) : NULL;
}

/* Reverses systemd's escaping, by which '-' is \x2d: systemd.unit(5). */
static char *unescape(const struct part *part)
{
	char *name = malloc(part->len + 1), *to = name;
	char digits[3] = "";

	for (size_t i = 0; name && i < part->len; i++) {
		if (part->len - i >= 4 && part->text[i] == '\\' && part->text[i + 1] == 'x' &&
		    isxdigit((unsigned char)part->text[i + 2]) &&
		    isxdigit((unsigned char)part->text[i + 3])) {
			memcpy(digits, part->text + i + 2, 2);
			*to++ = (char)strtoul(digits, NULL, 16);
			i += 3;
		} else {
			*to++ = part->text[i];
		}
	}
	if (name)
		*to = '\0';
	return name;
}

/*
 * Docker, containerd, CRI-O and Podman all name a container by 64 hexadecimal
 * digits: alone (ID, with cgroupfs) or after a prefix (docker-ID.scope,
 * cri-containerd-ID.scope, crio-ID, libpod-ID.scope, SLICE:cri-containerd:ID).
 */
static bool hex_container(struct part part, struct part *id)
{
	static const char monitor[] = "conmon-"; /* beside the container, not in it */
	size_t before;

	part_cut_suffix(&part, ".scope");
	if (part.len < CONTAINER_DIGITS)
		return false;
	before = part.len - CONTAINER_DIGITS;
	for (size_t i = before; i < part.len; i++) {
		if (!isxdigit((unsigned char)part.text[i]))
			return false;
	}
	if (before && part.text[before - 1] != '-' && part.text[before - 1] != ':')
		return false;
	id->text = part.text + before;
	id->len = CONTAINER_DIGITS;
	part.len = before;
	return !part_ends(&part, monitor);
}

static bool named_container(struct part part, struct part *name)
{
	*name = part;
	if (part_cut_prefix(name, "lxc.payload."))
		return true;
	*name = part;
	if (part_cut_prefix(name, "systemd-nspawn@"))
		return part_cut_suffix(name, ".service");
	*name = part;
	/* machined's scopes; libvirt gives its virtual machines such names as well. */
	return part_cut_prefix(name, "machine-") && part_cut_suffix(name, ".scope") &&
	       !starts_with(name->text, "qemu\\x2d");
}

char *cgroup_container(const char *path)
{
	struct part part, found, id = { 0 };

	while (next_part(&path, &part)) {
		if (hex_container(part, &found) || named_container(part, &found))
			id = found;
	}
	return id.len ? unescape(&id) : NULL;
}

/*
 * What the kubelet calls a pod's cgroup (pkg/kubelet/cm/helpers_linux.go): podUID below
 * kubepods, or with systemd kubepods-burstable-podUID.slice, where '-' of the uid is '_';
 * before kubepods stands what --cgroup-root says. A static pod's uid is a hash without '-'.
 */
#define POD_UID_MIN 32
#define POD_UID_MAX 36

static bool is_pod_uid(const struct part *uid)
{
	if (uid->len < POD_UID_MIN || uid->len > POD_UID_MAX)
		return false;
	for (size_t i = 0; i < uid->len; i++)
		if (!isxdigit((unsigned char)uid->text[i]) && uid->text[i] != '-' &&
		    uid->text[i] != '_')
			return false;
	return true;
}

static bool part_has(const struct part *part, const char *text)
{
	return memmem(part->text, part->len, text, strlen(text)) != NULL;
}

/* below: a part before it was kubepods. */
static bool pod_part(struct part part, bool below, struct part *uid)
{
	static const char mark[] = "-pod", slice[] = ".slice";
	const char *at = part.text, *end, *next;

	*uid = part;
	if (below && part_cut_prefix(uid, "pod") && is_pod_uid(uid))
		return true;
	/* containerd with cgroupfs where the kubelet has systemd: SLICE:cri-containerd:ID */
	end = memmem(part.text, part.len, slice, strlen(slice));
	if (!end || !part_has(&part, "kubepods"))
		return false;
	while ((next = memmem(at, (size_t)(end - at), mark, strlen(mark))))
		at = next + strlen(mark);
	*uid = (struct part){ at, (size_t)(end - at) };
	return is_pod_uid(uid);
}

char *cgroup_pod_uid(const char *path)
{
	struct part part, found, uid = { 0 };
	bool below = false;
	char *text;

	while (next_part(&path, &part)) {
		if (pod_part(part, below, &found))
			uid = found;
		below |= part_has(&part, "kubepods");
	}
	text = uid.len ? strndup(uid.text, uid.len) : NULL;
	for (char *c = text; c && *c; c++)
		if (*c == '_')
			*c = '-';
	return text;
}

static bool is_of_user(const char *path)
{
	struct part part;

	while (next_part(&path, &part))
		if (is_user_manager(part))
			return true;
	return false;
}

/* Best first. */
enum hierarchy {
	HIERARCHY_UNIFIED,
	HIERARCHY_SYSTEMD,
	HIERARCHY_CPU,
	HIERARCHY_OTHER,
	HIERARCHY_NR,
};

static bool has_controller(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		size_t n = strcspn(list, ",");

		if (n == len && !memcmp(list, name, len))
			return true;
		if (!list[n])
			return false;
		list += n + 1;
	}
}

static enum hierarchy hierarchy_of(const char *id, const char *controllers)
{
	if (!strcmp(id, "0") && !*controllers)
		return HIERARCHY_UNIFIED;
	if (!strcmp(controllers, "name=systemd"))
		return HIERARCHY_SYSTEMD;
	if (has_controller(controllers, "cpu"))
		return HIERARCHY_CPU;
	return HIERARCHY_OTHER;
}

/* One line, ID:CONTROLLERS:PATH. The kernel lets no newline into a path, see cgroup_mkdir(). */
struct line {
	enum hierarchy hierarchy;
	const char *path;
};

/* The next one of *rest, which is cut up; false: there is none. */
static bool next_line(char **rest, struct line *out)
{
	static const char deleted[] = " (deleted)";
	char *line, *controllers, *path;

	while ((line = strsep(rest, "\n"))) {
		controllers = strchr(line, ':');
		if (!controllers)
			continue;
		*controllers++ = '\0';
		path = strchr(controllers, ':');
		if (!path)
			continue;
		*path++ = '\0';
		if (*path != '/')
			continue;
		if (strlen(path) > strlen(deleted) &&
		    !strcmp(path + strlen(path) - strlen(deleted), deleted))
			path[strlen(path) - strlen(deleted)] = '\0';
		out->hierarchy = hierarchy_of(line, controllers);
		out->path = path;
		return true;
	}
	return false;
}

static void split_lines(char *text, const char *paths[HIERARCHY_NR])
{
	struct line line;

	while (next_line(&text, &line))
		/* With v1 a process may be moved in some hierarchies only: the root says least. */
		if (!paths[line.hierarchy] || !strcmp(paths[line.hierarchy], "/"))
			paths[line.hierarchy] = line.path;
}

static bool part_is(const struct part *part, const char *text)
{
	return part->len == strlen(text) && !memcmp(part->text, text, part->len);
}

static bool path_has_unit(const char *path, const char *unit)
{
	struct part part;

	while (next_part(&path, &part)) {
		part_cut_prefix(&part, "_");
		if (part_is(&part, unit))
			return true;
		if (part_cut_suffix(&part, ".service") && part_is(&part, unit))
			return true;
	}
	return false;
}

static bool path_is_below(const char *path, const char *above)
{
	size_t len = strlen(above);

	return !strncmp(path, above, len) && (!path[len] || path[len] == '/');
}

/* Whether a line's path satisfies test. */
static bool any_path(const char *text, bool (*test)(const char *path, const char *what),
		     const char *what)
{
	__freeing char *copy = strdup(text);
	char *rest = copy;
	struct line line;

	while (rest && next_line(&rest, &line))
		if (test(line.path, what))
			return true;
	return false;
}

bool cgroup_in_unit(const char *text, const char *unit)
{
	return any_path(text, path_has_unit, unit);
}

bool cgroup_is_below(const char *text, const char *path)
{
	return any_path(text, path_is_below, path);
}

int cgroup_parse(const char *text, struct process_cgroup *out)
{
	const char *paths[HIERARCHY_NR] = { 0 }, *best = NULL;
	char *copy = strdup(text);

	memset(out, 0, sizeof(*out));
	if (!copy)
		return -ENOMEM;
	split_lines(copy, paths);
	for (int i = 0; i < HIERARCHY_NR; i++) {
		if (!paths[i])
			continue;
		if (!best || (!strcmp(best, "/") && i != HIERARCHY_OTHER))
			best = paths[i];
		if (!out->unit)
			out->unit = cgroup_unit(paths[i]);
		if (!out->container)
			out->container = cgroup_container(paths[i]);
		if (!out->pod_uid)
			out->pod_uid = cgroup_pod_uid(paths[i]);
		out->of_user |= is_of_user(paths[i]);
	}
	if (best)
		out->path = strdup(best);
	free(copy);
	if (best && !out->path) {
		process_cgroup_free(out);
		return -ENOMEM;
	}
	return best ? 0 : -ENOENT;
}

char *process_cgroup_text(pid_t pid)
{
	char *text = malloc(CGROUP_BYTES);

	if (text && (pid <= 0 || procfs_read(pid, "cgroup", text, CGROUP_BYTES) < 0)) {
		free(text);
		return NULL;
	}
	return text;
}

int process_cgroup(pid_t pid, struct process_cgroup *out)
{
	__freeing char *text = process_cgroup_text(pid);

	memset(out, 0, sizeof(*out));
	return text ? cgroup_parse(text, out) : -ESRCH;
}

void process_cgroup_free(struct process_cgroup *cgroup)
{
	free(cgroup->path);
	free(cgroup->unit);
	free(cgroup->container);
	free(cgroup->pod_uid);
	memset(cgroup, 0, sizeof(*cgroup));
}
