// SPDX-License-Identifier: GPL-2.0-or-later
/* processes.c - when what is known of V8 in a process is known anew. */
#include "runtime/v8/processes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proc/process.h"
#include "runtime/v8/v8.h"

#define PROCESSES_MAX 64
/* Tried again when it could not be read: the symbolizer was away, memory was short. */
#define AGAIN_NS (100 * NS_PER_MS)

struct entry {
	pid_t pid; /* 0: a free one */
	uint64_t start_time;
	struct v8 *v8; /* NULL: none, or not read yet */
	bool final; /* it will not change */
	uint64_t asked_ns;
	uint64_t used;
};

struct v8_processes {
	struct v8_source source;
	struct entry v[PROCESSES_MAX];
	uint64_t uses;
};

int v8_processes_new(struct v8_processes **out, const struct v8_source *source)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->source = *source;
	return 0;
}

static void clear(struct entry *entry)
{
	v8_close(entry->v8);
	*entry = (struct entry){ 0 };
}

void v8_processes_free(struct v8_processes *processes)
{
	if (!processes)
		return;
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		clear(&processes->v[i]);
	free(processes);
}

void v8_processes_forget(struct v8_processes *processes, pid_t pid)
{
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		if (processes->v[i].pid == pid)
			clear(&processes->v[i]);
}

/* The process's entry, or the one whose place it takes. */
static struct entry *entry_of(struct v8_processes *processes, pid_t pid)
{
	struct entry *least = &processes->v[0];

	for (size_t i = 0; i < PROCESSES_MAX; i++) {
		struct entry *entry = &processes->v[i];

		if (entry->pid == pid)
			return entry;
		if (entry->used < least->used)
			least = entry;
	}
	return least;
}

struct v8 *v8_processes_get(struct v8_processes *processes, const struct memory *memory,
			    bool *unread)
{
	pid_t pid = memory->pid;
	struct entry *entry = entry_of(processes, pid);
	uint64_t start_time, now_ns = clock_coarse_ns();
	int err;

	*unread = true;
	/* it has ended, and its memory with it */
	if (process_start_time(pid, &start_time))
		return NULL;
	if (entry->pid != pid || entry->start_time != start_time) {
		clear(entry);
		entry->pid = pid;
		entry->start_time = start_time;
	} else if (!entry->v8 && !entry->final && now_ns - entry->asked_ns < AGAIN_NS) {
		return NULL;
	}
	entry->used = ++processes->uses;
	if (!entry->v8 && !entry->final) {
		entry->asked_ns = now_ns;
		err = v8_open(&entry->v8, memory, &processes->source);
		entry->final = !err || err == -ENOENT || err == -ENOTSUP;
	}
	*unread = !entry->final;
	return entry->v8;
}
