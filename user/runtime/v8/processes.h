/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * processes.h - V8 of the processes that were asked for last, and which of them
 * have none: bounded. A process is known by its pid and start time.
 */
#ifndef BLOCKPROF_RUNTIME_V8_PROCESSES_H
#define BLOCKPROF_RUNTIME_V8_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

struct memory;
struct v8;
struct v8_processes;
struct v8_source;

/* source is used until v8_processes_free(). 0 or -ENOMEM. */
int v8_processes_new(struct v8_processes **out, const struct v8_source *source);
void v8_processes_free(struct v8_processes *processes);
void v8_processes_forget(struct v8_processes *processes, pid_t pid);
/* NULL: no V8 that can be read, or with *unread that did not come in time. Valid until the next call. */
struct v8 *v8_processes_get(struct v8_processes *processes, const struct memory *memory,
			    bool *unread);

#endif
