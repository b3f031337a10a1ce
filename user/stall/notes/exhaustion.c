// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/notes/exhaustion.h"

#include <stdlib.h>
#include <string.h>

#include "proc/process.h"
#include "runtime/python/pools.h"
#include "runtime/python/python.h"
#include "stall/engine_private.h"
#include "stall/notes/leak.h"

#define MSEC 1000000ull
#define SEC  (1000 * MSEC)

#define SCAN_EVERY_NS  (20 * MSEC)
#define POOLS_COST     100 /* a scan is followed by so many times what it took */
#define POOLS_EVERY_NS SEC
/* While work waits: often enough to see for how long. */
#define WAITING_MIN_NS (20 * MSEC)
#define WAITING_MAX_NS (250 * MSEC)
#define WAITING_PART   4 /* of the threshold */
#define AGAIN_NS       (60 * SEC) /* until the same is told of a pool once more */

#define POOLS_MAX   16 /* of a process */
#define WORKERS_MAX 512
#define ITEMS_MAX   1024 /* of a queue, that are looked at */
#define FRAMES_MAX  128

/* A pool whose workers were all busy, and a piece of work that waited then. */
struct busy_pool {
	uint64_t addr; /* 0: unused */
	uint64_t item;
	size_t position; /* how many are before it in the queue */
	uint64_t since_ns;
	uint64_t quiet_until_ns; /* told of before */
	bool seen; /* by this look */
};

struct exhaustion {
	struct leak tasks, threads;
	uint64_t next_leak_ns;
	uint64_t next_pools_ns;
	bool waiting; /* work waits in some pool */
	struct busy_pool pools[POOLS_MAX];
};

void exhaustion_free(struct exhaustion *exhaustion)
{
	free(exhaustion);
}

static struct python *python_of(const struct watched *watched)
{
	return watched->unreadable ? NULL : watched->python;
}

static void emit(struct engine *engine, const struct watched *watched, struct note_record *note)
{
	note->pid = watched->pid;
	memcpy(note->comm, watched->comm, sizeof(note->comm));
	engine->sink.note(engine->sink.context, note);
}

/* -- tasks and threads -- */

static void sample(struct engine *engine, const struct watched *watched, struct leak *leak,
		   enum note_kind kind, uint64_t value, uint64_t now_ns)
{
	struct note_record note = { .kind = kind, .from = leak->from, .to = value };

	if (!leak_add(leak, value, now_ns))
		return;
	note.from = leak->from;
	note.mono_ns = leak->from_ns;
	note.duration_ns = now_ns - leak->from_ns;
	emit(engine, watched, &note);
}

static void look_for_leaks(struct engine *engine, const struct watched *watched, uint64_t now_ns)
{
	struct exhaustion *exhaustion = watched->exhaustion;
	int64_t threads = process_threads(watched->pid);
	uint64_t tasks;

	exhaustion->next_leak_ns = now_ns + LEAK_STEP_NS;
	if (threads >= 0)
		sample(engine, watched, &exhaustion->threads, NOTE_THREADS_GROW, threads, now_ns);
	if (python_of(watched) && !python_tasks_count(watched->python, &tasks))
		sample(engine, watched, &exhaustion->tasks, NOTE_TASKS_GROW, tasks, now_ns);
}

/* -- pools -- */

/* The frame that says most of what a worker does. False: none. */
static bool place_of(struct python *python, uint64_t pthread, struct python_name *name)
{
	struct bp_python_frame frames[FRAMES_MAX];
	int nr = python_frames(python, pthread, frames, FRAMES_MAX);
	int given = -1;

	for (int i = 0; i < nr; i++) {
		if (python_frame_name(python, &frames[i], name) < 0 || !name->file)
			continue;
		if (!python_file_is_library(name->file))
			return true;
		/* the last one before the pool's own */
		if (strstr(name->file, "concurrent/futures/"))
			break;
		given = i;
	}
	return given >= 0 && python_frame_name(python, &frames[given], name) >= 0 && name->file;
}

/* Strings of a call are ours until free_calls(). */
static void add_call(struct python *python, uint64_t pthread, struct note_record *note)
{
	struct note_call call = { .workers = 1 };
	struct python_name name;

	if (note->nr_calls == NOTE_CALLS_MAX)
		return;
	if (place_of(python, pthread, &name)) {
		call.fn = strdup(name.fn);
		call.file = strdup(name.file);
		call.line = name.line;
	}
	/* it has just begun, or is about to end */
	if (!call.fn)
		return;
	call.host = tell_host(python, pthread);
	for (size_t i = 0; i < note->nr_calls; i++) {
		struct note_call *other = &note->calls[i];

		if (strcmp(other->fn, call.fn) || other->line != call.line ||
		    strcmp(other->file ? other->file : "", call.file ? call.file : "") ||
		    strcmp(other->host ? other->host : "", call.host ? call.host : ""))
			continue;
		other->workers++;
		free((char *)call.fn);
		free((char *)call.file);
		free((char *)call.host);
		return;
	}
	note->calls[note->nr_calls++] = call;
}

static void free_calls(struct note_record *note)
{
	for (size_t i = 0; i < note->nr_calls; i++) {
		free((char *)note->calls[i].fn);
		free((char *)note->calls[i].file);
		free((char *)note->calls[i].host);
	}
}

static int compare_calls(const void *left, const void *right)
{
	const struct note_call *a = left, *b = right;

	if (a->workers != b->workers)
		return a->workers < b->workers ? 1 : -1;
	return strcmp(a->fn, b->fn);
}

static void tell_pool(struct engine *engine, const struct watched *watched, struct busy_pool *pool,
		      const struct python_worker *workers, size_t nr, uint64_t waiting,
		      uint64_t now_ns)
{
	struct note_record note = {
		.kind = NOTE_POOL_BUSY,
		.mono_ns = pool->since_ns,
		.duration_ns = now_ns - pool->since_ns,
		.waiting = waiting,
	};

	pool->quiet_until_ns = now_ns + AGAIN_NS;
	for (size_t i = 0; i < nr; i++) {
		if (workers[i].pool != pool->addr)
			continue;
		note.workers++;
		add_call(watched->python, workers[i].pthread, &note);
	}
	qsort(note.calls, note.nr_calls, sizeof(note.calls[0]), compare_calls);
	emit(engine, watched, &note);
	free_calls(&note);
}

static struct busy_pool *pool_of(struct exhaustion *exhaustion, uint64_t addr)
{
	struct busy_pool *unused = NULL;

	for (size_t i = 0; i < POOLS_MAX; i++) {
		if (exhaustion->pools[i].addr == addr)
			return &exhaustion->pools[i];
		if (!exhaustion->pools[i].addr)
			unused = &exhaustion->pools[i];
	}
	if (unused)
		*unused = (struct busy_pool){ .addr = addr };
	return unused;
}

/* The piece of work that is followed from now on: the one that came last, of those that are looked at. */
static void follow(struct busy_pool *pool, const uint64_t *items, int nr, uint64_t now_ns)
{
	pool->item = nr > 0 ? items[nr - 1] : 0;
	pool->position = nr > 0 ? nr - 1 : 0;
	pool->since_ns = now_ns;
}

/*
 * Work leaves the queue from its front: what is further back than before is
 * another piece that has its memory now.
 */
static bool still_waits(struct busy_pool *pool, const uint64_t *items, int nr)
{
	if (!pool->item)
		return false;
	for (int i = 0; i < nr && (size_t)i <= pool->position; i++) {
		if (items[i] != pool->item)
			continue;
		pool->position = i;
		return true;
	}
	return false;
}

/* All its workers are busy. */
static void look_at_pool(struct engine *engine, const struct watched *watched,
			 struct busy_pool *pool, const struct python_worker *workers,
			 size_t nr_workers, uint64_t now_ns)
{
	uint64_t items[ITEMS_MAX], waiting;
	int nr = python_pool_queue(watched->python, pool->addr, items, ITEMS_MAX, &waiting);

	if (!still_waits(pool, items, nr))
		follow(pool, items, nr, now_ns);
	if (nr <= 0)
		return;
	watched->exhaustion->waiting = true;
	if (now_ns - pool->since_ns >= engine->options.threshold_ns &&
	    now_ns >= pool->quiet_until_ns)
		tell_pool(engine, watched, pool, workers, nr_workers, waiting, now_ns);
}

static bool all_are_busy(uint64_t addr, const struct python_worker *workers, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (workers[i].pool == addr && !workers[i].busy)
			return false;
	return true;
}

/* The pools that are no more, or have workers free. */
static void forget_unseen(struct exhaustion *exhaustion, uint64_t now_ns)
{
	for (size_t i = 0; i < POOLS_MAX; i++) {
		struct busy_pool *pool = &exhaustion->pools[i];

		if (!pool->seen) {
			pool->item = 0;
			if (now_ns >= pool->quiet_until_ns)
				pool->addr = 0;
		}
		pool->seen = false;
	}
}

static void look_at_pools(struct engine *engine, const struct watched *watched, uint64_t now_ns)
{
	struct python_worker workers[WORKERS_MAX];
	struct exhaustion *exhaustion = watched->exhaustion;
	int nr = 0;

	exhaustion->waiting = false;
	/* one thread is the loop's */
	if (process_threads(watched->pid) > 1)
		nr = python_workers(watched->python, workers, WORKERS_MAX);
	for (int i = 0; i < nr; i++) {
		struct busy_pool *pool;

		if (!all_are_busy(workers[i].pool, workers, nr))
			continue;
		pool = pool_of(exhaustion, workers[i].pool);
		if (!pool || pool->seen)
			continue;
		pool->seen = true;
		look_at_pool(engine, watched, pool, workers, nr, now_ns);
	}
	forget_unseen(exhaustion, now_ns);
}

static uint64_t pools_every_ns(const struct engine *engine, const struct exhaustion *exhaustion)
{
	uint64_t every_ns = engine->options.threshold_ns / WAITING_PART;

	if (!exhaustion->waiting)
		return POOLS_EVERY_NS;
	if (every_ns < WAITING_MIN_NS)
		return WAITING_MIN_NS;
	return every_ns < WAITING_MAX_NS ? every_ns : WAITING_MAX_NS;
}

/* -- which process -- */

/* The one whose turn is due for longest. */
struct due {
	uint64_t (*due_ns)(const struct watched *watched);
	struct watched *watched;
	uint64_t since_ns;
};

static uint64_t leaks_due_ns(const struct watched *watched)
{
	return watched->exhaustion ? watched->exhaustion->next_leak_ns : 0;
}

static uint64_t pools_due_ns(const struct watched *watched)
{
	if (!python_of(watched))
		return UINT64_MAX;
	return watched->exhaustion ? watched->exhaustion->next_pools_ns : 0;
}

static void compare_due(void *context, struct watched *watched)
{
	struct due *due = context;
	uint64_t its_ns = watched->loops ? due->due_ns(watched) : UINT64_MAX;

	if (its_ns < due->since_ns) {
		due->watched = watched;
		due->since_ns = its_ns;
	}
}

/* NULL: none, or no memory. */
static struct watched *find_due(struct engine *engine,
				uint64_t (*due_ns)(const struct watched *watched), uint64_t now_ns)
{
	struct due due = { .due_ns = due_ns, .since_ns = now_ns };

	watched_each(engine->watched, compare_due, &due);
	if (due.watched && !due.watched->exhaustion)
		due.watched->exhaustion = calloc(1, sizeof(*due.watched->exhaustion));
	return due.watched && due.watched->exhaustion ? due.watched : NULL;
}

void exhaustion_scan(struct engine *engine, uint64_t now_ns)
{
	struct watched *watched;

	if (!engine->sink.note || now_ns < engine->next_exhaustion_ns)
		return;
	engine->next_exhaustion_ns = now_ns + SCAN_EVERY_NS;
	watched = find_due(engine, leaks_due_ns, now_ns);
	if (watched)
		look_for_leaks(engine, watched, now_ns);
	if (now_ns < engine->next_pools_ns)
		return;
	watched = find_due(engine, pools_due_ns, now_ns);
	if (!watched)
		return;
	look_at_pools(engine, watched, now_ns);
	watched->exhaustion->next_pools_ns = now_ns + pools_every_ns(engine, watched->exhaustion);
	engine->next_pools_ns = now_ns + POOLS_COST * (probe_now_ns() - now_ns);
}
