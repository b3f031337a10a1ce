// SPDX-License-Identifier: GPL-2.0-or-later
/* cause.c - the table of causes: the words of blockprof-json(5), and those that people read. */
#include "model/cause.h"

#include <string.h>

#define BLOCKED "still blocked"
#define READY	"still waiting for a CPU"

static const struct {
	const char *name;
	struct cause_words words;
} causes[CAUSE_NR] = {
	[CAUSE_CPU] = {
		"cpu",
		{ "it ran itself", "still running", NULL, "was on a CPU", NULL, NULL },
	},
	[CAUSE_GC] = {
		"gc",
		{ "a garbage collection, whatever line set it off", "still collecting garbage",
		  NULL, "collected garbage", NULL, NULL },
	},
	[CAUSE_RUNQUEUE] = {
		"runqueue",
		{ "it was ready, but another thread ran", READY, "others ran instead",
		  "waited for a CPU", NULL, NULL },
	},
	[CAUSE_THROTTLED] = {
		"throttled",
		{ "a limit of its cgroup held it back: CPU quota, memory.high",
		  "still throttled", "limits of its cgroup", "sat in", NULL, " for " },
	},
	[CAUSE_SLEEP] = {
		"sleep",
		{ "it slept", BLOCKED, NULL, "slept in", NULL, " for " },
	},
	[CAUSE_FILE] = {
		"file",
		{ "open, read, write, fsync, file locks, disk I/O", BLOCKED, NULL, "sat in", NULL,
		  " of " },
	},
	[CAUSE_SOCKET] = {
		"socket",
		{ "a peer", BLOCKED, NULL, "waited in", "was idle in", " for " },
	},
	[CAUSE_DNS] = {
		"dns",
		{ "a name lookup", BLOCKED, NULL, "waited in", "was idle in", " for " },
	},
	[CAUSE_PIPE] = {
		"pipe",
		{ "the other end of a pipe", BLOCKED, NULL, "waited in", "was idle in", " for " },
	},
	[CAUSE_TTY] = {
		"tty",
		{ "a terminal", BLOCKED, NULL, "sat in", NULL, " for " },
	},
	[CAUSE_LOCK] = {
		"lock",
		{ "a lock in memory", BLOCKED, NULL, "waited for a lock in", NULL, " for " },
	},
	[CAUSE_GIL] = {
		"gil",
		{ "Python's global interpreter lock; the holder is shown", BLOCKED, NULL,
		  "waited for the GIL in", NULL, " for " },
	},
	[CAUSE_CHILD] = {
		"child",
		{ "the end of a child process", BLOCKED, NULL, "waited in", "was idle in", " for " },
	},
	[CAUSE_POLL] = {
		"poll",
		{ "a nested wait that is not the loop's own", BLOCKED, NULL, "waited in",
		  "was idle in", " for " },
	},
	[CAUSE_FAULT] = {
		"fault",
		{ "a page fault served from disk or swap", BLOCKED, "page fault",
		  "sat in a page fault", NULL, " of " },
	},
	[CAUSE_STOPPED] = {
		"stopped",
		{ "SIGSTOP or a tracer", "still stopped", "by a signal or a tracer", "was stopped",
		  NULL, NULL },
	},
	[CAUSE_IPC] = {
		"ipc",
		{ "System V and POSIX queues and semaphores", BLOCKED, NULL, "sat in", NULL,
		  " for " },
	},
	[CAUSE_OTHER] = {
		"other",
		{ "any other system call, which is named", BLOCKED, NULL, "sat in", NULL, " for " },
	},
};

static enum cause known(enum cause cause)
{
	return (unsigned int)cause < CAUSE_NR ? cause : CAUSE_OTHER;
}

const char *cause_name(enum cause cause)
{
	return causes[known(cause)].name;
}

const struct cause_words *cause_words(enum cause cause)
{
	return &causes[known(cause)].words;
}

enum cause cause_parse(const char *name)
{
	unsigned int cause = 0;

	while (cause < CAUSE_NR && strcmp(causes[cause].name, name) != 0)
		cause++;
	return (enum cause)cause;
}

bool cause_is_blocked(enum cause cause)
{
	return cause != CAUSE_CPU && cause != CAUSE_GC && cause != CAUSE_RUNQUEUE &&
	       cause != CAUSE_THROTTLED;
}
