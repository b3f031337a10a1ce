// SPDX-License-Identifier: GPL-2.0-or-later
/* dump.c - the words for states of threads and tasks, and the order in which a dump has them. */
#include "model/dump.h"

#include <stdlib.h>
#include <string.h>

const char *thread_state_name(enum thread_state state)
{
	static const char *const names[THREAD_STATE_NR] = { "running", "ready", "blocked", "idle",
							    "stopped" };

	return names[state];
}

const char *task_state_name(enum task_state state)
{
	static const char *const names[TASK_STATE_NR] = { "running", "ready", "pending", "done",
							  "cancelled" };

	return names[state];
}

void dump_free(struct dump_record *dump)
{
	for (size_t i = 0; i < dump->nr_threads; i++) {
		slice_clear(&dump->threads[i].slice);
		free(dump->threads[i].id.runtime);
	}
	for (size_t i = 0; i < dump->nr_tasks; i++) {
		free(dump->tasks[i].name);
		free(dump->tasks[i].awaits_name);
		free(dump->tasks[i].awaits_type);
		stack_put(dump->tasks[i].chain);
	}
	free(dump->threads);
	free(dump->tasks);
	free(dump->exe);
	free(dump->interpreter);
	*dump = (struct dump_record){ 0 };
}

/* Loops that do not wait come first, idle ones last; among equals the main thread. */
static int rank(const struct dump_thread *thread)
{
	static const int ranks[THREAD_STATE_NR] = {
		[THREAD_STOPPED] = 0, [THREAD_RUNNING] = 1, [THREAD_READY] = 1,
		[THREAD_BLOCKED] = 2, [THREAD_IDLE] = 4,
	};

	return ranks[thread->state] + (thread->state != THREAD_IDLE && !thread->id.runtime);
}

static int compare_threads(const void *left, const void *right)
{
	const struct dump_thread *a = left, *b = right;

	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	return a->id.tid < b->id.tid ? -1 : a->id.tid > b->id.tid;
}

/* "Task-9" comes before "Task-10". */
static int compare_names(const char *a, const char *b)
{
	while (*a && *b) {
		size_t digits_a = strspn(a, "0123456789"), digits_b = strspn(b, "0123456789");

		if (digits_a && digits_b) {
			int order = digits_a == digits_b  ? strncmp(a, b, digits_a)
				    : digits_a < digits_b ? -1
							  : 1;

			if (order)
				return order;
			a += digits_a;
			b += digits_b;
			continue;
		}
		if (*a != *b)
			break;
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

static int compare_tasks(const void *left, const void *right)
{
	const struct dump_task *a = left, *b = right;

	if (a->state != b->state)
		return (int)a->state - (int)b->state;
	return compare_names(a->name, b->name);
}

void dump_sort(struct dump_record *dump)
{
	if (dump->nr_threads)
		qsort(dump->threads, dump->nr_threads, sizeof(dump->threads[0]), compare_threads);
	if (dump->nr_tasks)
		qsort(dump->tasks, dump->nr_tasks, sizeof(dump->tasks[0]), compare_tasks);
}
