// SPDX-License-Identifier: GPL-2.0-or-later
/* watched.c - which processes are under watch, and which threads they have. */
#include "stall/state/watched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/poll_core.h"
#include "runtime/program.h"
#include "runtime/python/python.h"

#define BUCKETS	    1024
#define REFUSALS    4096
#define THREADS_MAX 65536 /* remembered of one process; a power of two */

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
	program_free(watched->program.program);
	memset(&watched->program, 0, sizeof(watched->program));
	python_close(watched->interpreter.python);
	watched->interpreter = (struct watched_interpreter){ .pending = true };
	free(watched->exe);
	watched->exe = NULL;
	process_cgroup_free(&watched->cgroup);
	memset(&watched->cgroup, 0, sizeof(watched->cgroup));
	for (size_t i = 0; i < watched->nr_threads; i++)
		free(watched->threads[i].core);
	free(watched->threads);
	watched->threads = NULL;
	watched->nr_threads = 0;
	free(watched->index);
	watched->index = NULL;
	watched->threads_room = 0;
	free(watched->looks.waiters);
	watched->looks = (struct watched_looks){ 0 };
	free(watched->notes);
	watched->notes = NULL;
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
	watched->loops = 0;
	watched->blockprof_known = false;
	watched->blind = 0;
	memset(&watched->pool, 0, sizeof(watched->pool));
	watched->scans = 0;
	watched->busy = (struct watched_busy){ 0 };
	watched->share.known = false;
	watched_postpone(watched, now_ns);
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

struct python *watched_python(const struct watched *watched)
{
	return watched->interpreter.unreadable ? NULL : watched->interpreter.python;
}

void watched_postpone(struct watched *watched, uint64_t next_ns)
{
	watched->due.next_ns = next_ns;
}

bool watched_is_young(const struct watched *watched, uint64_t at_ns)
{
	return !watched->interpreter.tries && !watched->loops && at_ns < watched->due.next_ns;
}

bool watched_has_moved(struct watched *watched)
{
	uint64_t before_ns = watched->due.ran_ns;

	watched->due.ran_ns = process_ran_ns(watched->pid);
	return !watched->due.ran_ns || watched->due.ran_ns != before_ns;
}

/* -- threads: in the order in which they were seen, found by an index of their tids -- */

static uint32_t *thread_place(const struct watched *watched, pid_t tid)
{
	size_t at = (uint32_t)tid * 2654435761u & (watched->threads_room * 2 - 1);

	while (watched->index[at] && watched->threads[watched->index[at] - 1].tid != tid)
		at = (at + 1) & (watched->threads_room * 2 - 1);
	return &watched->index[at];
}

static struct watched_thread *thread_find(const struct watched *watched, pid_t tid)
{
	uint32_t place = watched->threads_room ? *thread_place(watched, tid) : 0;

	return place ? &watched->threads[place - 1] : NULL;
}

/* Those that have ended are let go. */
static void threads_prune(struct watched *watched)
{
	size_t kept = 0;

	for (size_t i = 0; i < watched->nr_threads; i++)
		if (!syscall(SYS_tgkill, watched->pid, watched->threads[i].tid, 0) ||
		    errno != ESRCH)
			watched->threads[kept++] = watched->threads[i];
		else
			free(watched->threads[i].core);
	watched->nr_threads = kept;
}

/* Room for one more; when most of them are there still, for twice as many. */
static bool threads_make_room(struct watched *watched)
{
	size_t room = watched->threads_room;
	struct watched_thread *threads;
	uint32_t *index;

	if (watched->nr_threads < room)
		return true;
	/* full of threads that are there: asked for all of them now and then only */
	if (room == THREADS_MAX && watched->refused++ % REFUSALS)
		return false;
	threads_prune(watched);
	if (watched->nr_threads >= room / 2)
		room = room ? room * 2 : 8;
	if (room > THREADS_MAX)
		return false;
	threads = realloc(watched->threads, room * sizeof(*threads));
	if (threads)
		watched->threads = threads;
	index = realloc(watched->index, room * 2 * sizeof(*index));
	if (index)
		watched->index = index;
	if (!threads || !index)
		return false;
	watched->threads_room = room;
	memset(index, 0, room * 2 * sizeof(*index));
	for (size_t i = 0; i < watched->nr_threads; i++)
		*thread_place(watched, threads[i].tid) = i + 1;
	return true;
}

void watched_note_thread(struct watched *watched, pid_t tid, uint64_t pthread)
{
	struct watched_thread *thread = thread_find(watched, tid);

	if (thread) {
		thread->pthread = pthread;
		return;
	}
	if (!threads_make_room(watched))
		return;
	watched->threads[watched->nr_threads++] = (struct watched_thread){
		.tid = tid,
		.pthread = pthread,
	};
	*thread_place(watched, tid) = watched->nr_threads;
}

uint64_t watched_pthread(const struct watched *watched, pid_t tid)
{
	const struct watched_thread *thread = thread_find(watched, tid);

	return thread ? thread->pthread : 0;
}

struct thread_known *watched_known(struct watched *watched, pid_t tid)
{
	struct watched_thread *thread = thread_find(watched, tid);

	return thread ? &thread->known : NULL;
}

uint64_t watched_awake_ns(struct watched *watched, pid_t tid, uint64_t sleeps, uint64_t now_ns)
{
	struct watched_thread *thread = thread_find(watched, tid);

	if (!thread)
		return 0;
	if (thread->sleeps != sleeps || !thread->awake_since_ns) {
		thread->sleeps = sleeps;
		thread->awake_since_ns = now_ns;
	}
	return now_ns > thread->awake_since_ns ? now_ns - thread->awake_since_ns : 0;
}

struct poll_core *watched_core(struct watched *watched, pid_t tid)
{
	struct watched_thread *thread = thread_find(watched, tid);

	if (thread && !thread->core)
		thread->core = calloc(1, sizeof(*thread->core));
	return thread ? thread->core : NULL;
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
