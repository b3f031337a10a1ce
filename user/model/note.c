// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "model/model.h"

static const char *const names[] = {
	[NOTE_POOL_BUSY] = "pool_busy",
	[NOTE_TASKS_GROW] = "tasks_grow",
	[NOTE_THREADS_GROW] = "threads_grow",
};

const char *note_kind_name(enum note_kind kind)
{
	return kind < NOTE_KIND_NR ? names[kind] : "";
}

enum note_kind note_kind_parse(const char *name)
{
	int kind = 0;

	while (kind < NOTE_KIND_NR && strcmp(names[kind], name))
		kind++;
	return kind;
}
