// SPDX-License-Identifier: GPL-2.0-or-later
/* loop.c - how a loop's parts begin and end. */
#include "stall/state/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc/process.h"
#include "runtime/runtime.h"

struct loop *loop_new(unsigned int slot, pid_t pid, pid_t tid, const struct runtime *runtime)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->slot = slot;
	loop->id.pid = pid;
	loop->id.tid = tid;
	if (process_thread_comm(pid, tid, loop->id.comm))
		process_comm(pid, loop->id.comm);
	if (loop_set_runtime(loop, runtime)) {
		loop_free(loop);
		return NULL;
	}
	return loop;
}

int loop_set_runtime(struct loop *loop, const struct runtime *runtime)
{
	char *name = runtime ? strdup(runtime->name) : NULL;

	if (runtime && !name)
		return -ENOMEM;
	free(loop->id.runtime);
	loop->id.runtime = name;
	loop->runtime = runtime;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	free(loop->id.runtime);
	slices_free(&loop->collected.turn);
	slices_free(&loop->collected.blocked);
	slice_clear(&loop->earlier.slice);
	free(loop->joined.frames);
	slice_clear(&loop->current.slice);
	free(loop->second.told);
	free(loop->second.last);
	free(loop->before);
	free(loop->impact);
	free(loop);
}
