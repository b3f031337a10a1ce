// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/program.h"
#include "runtime/python/python.h"
#include "stall/watched.h"

#define BUCKETS	    1024
#define THREADS_MAX 16384 /* remembered of one process */

struct watched_table {
	struct watched *buckets[BUCKETS];
	size_t nr;
};

int watched_table_new(struct watched_table **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void forget(struct watched *watched)
{
	program_free(watched->program);
	watched->program = NULL;
	python_close(watched->python);
	watched->python = NULL;
	free(watched->exe);
	watched->exe = NULL;
	process_cgroup_free(&watched->cgroup);
	memset(&watched->cgroup, 0, sizeof(watched->cgroup));
	free(watched->threads);
	watched->threads = NULL;
	watched->nr_threads = 0;
}

void watched_table_free(struct watched_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (table->buckets[i])
			watched_remove(table, table->buckets[i]->pid);
	free(table);
}

static struct watched **bucket(struct watched_table *table, pid_t pid)
{
	return &table->buckets[(unsigned int)pid % BUCKETS];
}

struct watched *watched_find(struct watched_table *table, pid_t pid)
{
	struct watched *watched = *bucket(table, pid);

	while (watched && watched->pid != pid)
		watched = watched->next;
	return watched;
}

struct watched *watched_add(struct watched_table *table, pid_t pid, uint64_t now_ns)
{
	struct watched *watched = watched_find(table, pid);

	if (watched)
		return watched;
	watched = calloc(1, sizeof(*watched));
	if (!watched)
		return NULL;
	watched->pid = pid;
	watched->next = *bucket(table, pid);
	*bucket(table, pid) = watched;
	table->nr++;
	watched_renew(watched, now_ns);
	return watched;
}

void watched_remove(struct watched_table *table, pid_t pid)
{
	struct watched **link = bucket(table, pid);
	struct watched *watched;

	while (*link && (*link)->pid != pid)
		link = &(*link)->next;
	watched = *link;
	if (!watched)
		return;
	*link = watched->next;
	table->nr--;
	forget(watched);
	free(watched);
}

void watched_renew(struct watched *watched, uint64_t now_ns)
{
	forget(watched);
	watched->forked_ns = 0;
	watched->python_pending = true;
	watched->tasks_known = false;
	watched->unreadable = false;
	watched->loops = 0;
	memset(&watched->pool, 0, sizeof(watched->pool));
	watched->looks = 0;
	watched->scans = 0;
	watched->next_look_ns = now_ns;
}

void watched_identify(struct watched *watched)
{
	process_comm(watched->pid, watched->comm);
	free(watched->exe);
	watched->exe = process_exe(watched->pid);
	process_cgroup_free(&watched->cgroup);
	memset(&watched->cgroup, 0, sizeof(watched->cgroup));
	process_cgroup(watched->pid, &watched->cgroup);
}

void watched_note_thread(struct watched *watched, pid_t tid, uint64_t pthread)
{
	struct watched_thread *threads;

	for (size_t i = 0; i < watched->nr_threads; i++)
		if (watched->threads[i].tid == tid) {
			watched->threads[i].pthread = pthread;
			return;
		}
	if (watched->nr_threads == THREADS_MAX)
		return;
	/* grows by doubling, at powers of two */
	if (!(watched->nr_threads & (watched->nr_threads - 1))) {
		size_t room = watched->nr_threads ? watched->nr_threads * 2 : 1;

		threads = realloc(watched->threads, room * sizeof(*threads));
		if (!threads)
			return;
		watched->threads = threads;
	}
	watched->threads[watched->nr_threads++] = (struct watched_thread){ tid, pthread };
}

uint64_t watched_pthread(const struct watched *watched, pid_t tid)
{
	for (size_t i = 0; i < watched->nr_threads; i++)
		if (watched->threads[i].tid == tid)
			return watched->threads[i].pthread;
	return 0;
}

pid_t watched_tid(const struct watched *watched, uint64_t pthread)
{
	/* the latest first: a pthread's memory is used again when a thread has ended */
	for (size_t i = watched->nr_threads; i-- > 0;)
		if (watched->threads[i].pthread == pthread)
			return watched->threads[i].tid;
	return 0;
}

size_t watched_count(const struct watched_table *table)
{
	return table->nr;
}

void watched_each(struct watched_table *table, void (*fn)(void *context, struct watched *watched),
		  void *context)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct watched *next, *watched = table->buckets[i];

		for (; watched; watched = next) {
			next = watched->next;
			fn(context, watched);
		}
	}
}
