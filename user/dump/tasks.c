// SPDX-License-Identifier: GPL-2.0-or-later
/* tasks.c - how the asyncio tasks of a process are listed, with what each waits for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dump/private.h"
#include "runtime/python/tasks.h"

#define FRAMES_MAX 256
#define SLEEP_MAX  1e9 /* seconds: longer ones are for ever */

#define BUCKETS 4096

struct listing {
	struct dump_record *out;
	const uint64_t *pthreads;
	size_t capacity;
	uint64_t without_memory;
	struct stack
		*chains[BUCKETS]; /* the last one of each hash: many tasks are at the same place */
};

static enum task_state state_of(enum python_task_state state)
{
	switch (state) {
	case PYTHON_TASK_RUNNING:
		return TASK_RUNNING;
	case PYTHON_TASK_READY:
		return TASK_READY;
	case PYTHON_TASK_DONE:
		return TASK_DONE;
	case PYTHON_TASK_CANCELLED:
		return TASK_CANCELLED;
	case PYTHON_TASK_PENDING:
		break;
	}
	return TASK_PENDING;
}

static struct stack *chain_of(struct listing *listing, const struct python_task_info *info)
{
	struct frame frames[FRAMES_MAX];
	struct stack **known, *stack;
	size_t nr = 0;

	while (nr < info->nr && nr < FRAMES_MAX) {
		const struct python_name *name = &info->chain[info->nr - 1 - nr];

		frames[nr++] = (struct frame){
			.kind = FRAME_PYTHON,
			.fn = name->fn,
			.file = name->file,
			.line = name->line,
		};
	}
	stack = nr ? stack_new(frames, nr, info->cut) : NULL;
	if (!stack)
		return NULL;
	known = &listing->chains[stack->hash % BUCKETS];
	if (*known && stack_equal(*known, stack)) {
		stack_put(stack);
		return stack_get(*known);
	}
	stack_put(*known);
	*known = stack_get(stack);
	return stack;
}

static pid_t tid_of(const struct listing *listing, uint64_t pthread)
{
	const struct dump_record *out = listing->out;

	for (size_t i = 0; i < out->nr_threads && pthread; i++)
		if (listing->pthreads[i] == pthread)
			return out->threads[i].id.tid;
	return 0;
}

static char *copy(const char *text)
{
	return *text ? strdup(text) : NULL;
}

static void on_task(void *context, const struct python_task_info *info)
{
	struct listing *listing = context;
	struct dump_record *out = listing->out;
	struct dump_task *task;

	if (out->nr_tasks == listing->capacity) {
		size_t capacity = listing->capacity ? 2 * listing->capacity : 64;
		struct dump_task *tasks = realloc(out->tasks, capacity * sizeof(*tasks));

		if (!tasks) {
			listing->without_memory++;
			return;
		}
		out->tasks = tasks;
		listing->capacity = capacity;
	}
	task = &out->tasks[out->nr_tasks];
	*task = (struct dump_task){
		.name = strdup(info->name),
		.state = state_of(info->state),
		.tid = tid_of(listing, info->pthread),
		.chain = chain_of(listing, info),
		.awaits = info->awaits.kind,
		.awaits_name = copy(info->awaits.name),
		.awaits_type = copy(info->awaits.type),
	};
	if (!task->name) {
		stack_put(task->chain);
		free(task->awaits_name);
		free(task->awaits_type);
		listing->without_memory++;
		return;
	}
	if (info->awaits.seconds > 0 && info->awaits.seconds < SLEEP_MAX)
		task->sleep_ns = (uint64_t)(info->awaits.seconds * NS_PER_SEC);
	out->nr_tasks++;
}

static void note_loss(struct dump_record *out, enum loss loss, uint64_t count)
{
	if (count)
		out->lost[out->nr_lost++] = (struct name_count){ loss_name(loss), count };
}

void dump_tasks(const struct subject *subject, const uint64_t *pthreads, struct dump_record *out)
{
	struct python_tasks_counts counts;
	struct listing *listing;
	int err;

	if (!subject->python)
		return;
	if (subject->unreadable) {
		out->unread = "this version cannot be read";
		return;
	}
	listing = calloc(1, sizeof(*listing));
	if (!listing) {
		out->unread = "out of memory";
		return;
	}
	listing->out = out;
	listing->pthreads = pthreads;
	err = python_tasks(subject->python, pthreads, out->nr_threads, on_task, listing, &counts);
	for (size_t i = 0; i < BUCKETS; i++)
		stack_put(listing->chains[i]);
	if (err == -ETIMEDOUT)
		out->unread = "their memory could not be read in time";
	else if (err && err != -ENOENT)
		out->unread = "they change too fast, or their memory makes no sense";
	note_loss(out, LOSS_TASKS_UNSTEADY, counts.unsteady);
	note_loss(out, LOSS_TASKS_UNREADABLE, counts.unreadable);
	note_loss(out, LOSS_TASKS_LEFT_OUT, counts.left_out + listing->without_memory);
	free(listing);
}
