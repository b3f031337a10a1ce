// SPDX-License-Identifier: GPL-2.0-or-later
/* cause.c - why time was lost: the words of blockprof-json(5). */
#include <string.h>

#include "model/model.h"

static const char *const names[CAUSE_NR] = {
	[CAUSE_CPU] = "cpu",	 [CAUSE_RUNQUEUE] = "runqueue", [CAUSE_THROTTLED] = "throttled",
	[CAUSE_SLEEP] = "sleep", [CAUSE_FILE] = "file",		[CAUSE_SOCKET] = "socket",
	[CAUSE_DNS] = "dns",	 [CAUSE_PIPE] = "pipe",		[CAUSE_TTY] = "tty",
	[CAUSE_LOCK] = "lock",	 [CAUSE_GIL] = "gil",		[CAUSE_CHILD] = "child",
	[CAUSE_POLL] = "poll",	 [CAUSE_FAULT] = "fault",	[CAUSE_STOPPED] = "stopped",
	[CAUSE_IPC] = "ipc",	 [CAUSE_OTHER] = "other",
};

const char *cause_name(enum cause cause)
{
	return (unsigned int)cause < CAUSE_NR ? names[cause] : names[CAUSE_OTHER];
}

enum cause cause_parse(const char *name)
{
	unsigned int cause = 0;

	while (cause < CAUSE_NR && strcmp(names[cause], name) != 0)
		cause++;
	return (enum cause)cause;
}
