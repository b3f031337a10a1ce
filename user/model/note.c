// SPDX-License-Identifier: GPL-2.0-or-later
/* note.c - the table of kinds of notes. */
#include <string.h>

#include "model/model.h"

static const struct {
	const char *name;
	const char *growing;
} kinds[NOTE_KIND_NR] = {
	[NOTE_POOL_BUSY] = { "pool_busy", NULL },
	[NOTE_TASKS_GROW] = { "tasks_grow", "tasks" },
	[NOTE_THREADS_GROW] = { "threads_grow", "threads" },
};

const char *note_kind_name(enum note_kind kind)
{
	return kind < NOTE_KIND_NR ? kinds[kind].name : "";
}

const char *note_kind_growing(enum note_kind kind)
{
	return kind < NOTE_KIND_NR ? kinds[kind].growing : NULL;
}

enum note_kind note_kind_parse(const char *name)
{
	int kind = 0;

	while (kind < NOTE_KIND_NR && strcmp(kinds[kind].name, name))
		kind++;
	return kind;
}
