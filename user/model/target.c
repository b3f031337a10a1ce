// SPDX-License-Identifier: GPL-2.0-or-later
/* target.c - the tables of kinds of targets and of their fields. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"
#include "model/model.h"

static const char *const kind_names[TARGET_KIND_NR] = {
	[TARGET_NONE] = "none", [TARGET_FILE] = "file",	    [TARGET_SOCKET] = "socket",
	[TARGET_PIPE] = "pipe", [TARGET_FUTEX] = "futex",   [TARGET_CHILD] = "child",
	[TARGET_DNS] = "dns",	[TARGET_DEVICE] = "device", [TARGET_LOCK] = "lock",
};

#define FIELD(name, type)                                  \
	{                                                  \
#name, type, offsetof(struct target, name) \
	}

const struct target_field target_fields[TARGET_FIELDS] = {
	FIELD(path, TARGET_STRING), FIELD(proto, TARGET_STRING),  FIELD(local, TARGET_STRING),
	FIELD(peer, TARGET_STRING), FIELD(peer_pid, TARGET_PID),  FIELD(peer_comm, TARGET_STRING),
	FIELD(addr, TARGET_ADDR),   FIELD(pid, TARGET_PID),	  FIELD(comm, TARGET_STRING),
	FIELD(name, TARGET_STRING), FIELD(server, TARGET_STRING),
};

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

void *target_at(struct target *target, const struct target_field *field)
{
	return (char *)target + field->offset;
}

static const void *const_at(const struct target *target, const struct target_field *field)
{
	return (const char *)target + field->offset;
}

const char *target_string(const struct target *target, const struct target_field *field)
{
	return *(char *const *)const_at(target, field);
}

pid_t target_pid(const struct target *target, const struct target_field *field)
{
	return *(const pid_t *)const_at(target, field);
}

void target_free(struct target *target)
{
	for (size_t i = 0; i < TARGET_FIELDS; i++)
		if (target_fields[i].type == TARGET_STRING)
			free(*(char **)target_at(target, &target_fields[i]));
	*target = (struct target){ .kind = TARGET_NONE };
}

int target_copy(struct target *to, const struct target *from)
{
	int err = 0;

	*to = *from;
	for (size_t i = 0; i < TARGET_FIELDS; i++)
		if (target_fields[i].type == TARGET_STRING)
			err |= copy_string(target_at(to, &target_fields[i]),
					   target_string(from, &target_fields[i]));
	if (!err)
		return 0;
	target_free(to);
	return -ENOMEM;
}

int target_compare(const struct target *a, const struct target *b)
{
	int order = compare_numbers(a->kind, b->kind);

	for (size_t i = 0; i < TARGET_FIELDS && !order; i++) {
		const struct target_field *field = &target_fields[i];

		switch (field->type) {
		case TARGET_STRING:
			order = compare_strings(target_string(a, field), target_string(b, field));
			break;
		case TARGET_PID:
			order = compare_numbers((uint64_t)target_pid(a, field),
						(uint64_t)target_pid(b, field));
			break;
		case TARGET_ADDR:
			order = compare_numbers(a->addr, b->addr);
		}
	}
	return order;
}

bool target_equal(const struct target *a, const struct target *b)
{
	return target_compare(a, b) == 0;
}
