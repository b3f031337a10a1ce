// SPDX-License-Identifier: GPL-2.0-or-later
/* target.c - what a thread waited for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "model/model.h"

static const char *const kind_names[TARGET_KIND_NR] = {
	[TARGET_NONE] = "none", [TARGET_FILE] = "file",	    [TARGET_SOCKET] = "socket",
	[TARGET_PIPE] = "pipe", [TARGET_FUTEX] = "futex",   [TARGET_CHILD] = "child",
	[TARGET_DNS] = "dns",	[TARGET_DEVICE] = "device",
};

/* Every string a target owns. */
static const size_t string_offsets[] = {
	offsetof(struct target, path),	    offsetof(struct target, proto),
	offsetof(struct target, local),	    offsetof(struct target, peer),
	offsetof(struct target, peer_comm), offsetof(struct target, comm),
	offsetof(struct target, name),	    offsetof(struct target, server),
};
#define NR_STRINGS (sizeof(string_offsets) / sizeof(string_offsets[0]))

static char **string_at(struct target *target, size_t i)
{
	return (char **)((char *)target + string_offsets[i]);
}

static const char *string_of(const struct target *target, size_t i)
{
	return *(char *const *)((const char *)target + string_offsets[i]);
}

const char *target_kind_name(enum target_kind kind)
{
	return (unsigned int)kind < TARGET_KIND_NR ? kind_names[kind] : kind_names[TARGET_NONE];
}

enum target_kind target_kind_parse(const char *name)
{
	unsigned int kind = 0;

	while (kind < TARGET_KIND_NR && strcmp(kind_names[kind], name) != 0)
		kind++;
	return (enum target_kind)kind;
}

void target_free(struct target *target)
{
	for (size_t i = 0; i < NR_STRINGS; i++)
		free(*string_at(target, i));
	*target = (struct target){ .kind = TARGET_NONE };
}

int target_copy(struct target *to, const struct target *from)
{
	*to = *from;
	for (size_t i = 0; i < NR_STRINGS; i++)
		*string_at(to, i) = NULL;
	for (size_t i = 0; i < NR_STRINGS; i++) {
		const char *s = string_of(from, i);

		if (!s)
			continue;
		*string_at(to, i) = strdup(s);
		if (!*string_at(to, i)) {
			target_free(to);
			return -ENOMEM;
		}
	}
	return 0;
}

bool target_equal(const struct target *a, const struct target *b)
{
	if (a->kind != b->kind || a->peer_pid != b->peer_pid || a->addr != b->addr ||
	    a->pid != b->pid)
		return false;
	for (size_t i = 0; i < NR_STRINGS; i++)
		if (!same_string(string_of(a, i), string_of(b, i)))
			return false;
	return true;
}
