// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pools.c - work that waits as all workers of a thread pool are busy, which no
 * loop is seen to block in.
 */
#include "stall/notes/pools.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/asked_host.h"
#include "model/frame_owner.h"
#include "model/threshold.h"
#include "proc/process.h"
#include "runtime/python/pools.h"
#include "runtime/python/python.h"
#include "stall/notes/private.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define EVERY_NS NS_PER_SEC
#define AGAIN_NS (60 * NS_PER_SEC) /* until the same is reported of a pool once more */

#define WORKERS_MAX 512
#define ITEMS_MAX   1024 /* of a queue, that are looked at */
#define FRAMES_MAX  128

static bool is_own(const struct python_name *name)
{
	const struct frame frame = { .kind = FRAME_PYTHON, .fn = name->fn, .file = name->file };

	return frame_is_own(&frame);
}

/* The frame that says most of what a worker does. False: none. */
static bool place_of(struct python *python, uint64_t pthread, struct python_name *name)
{
	struct bp_python_frame frames[FRAMES_MAX];
	int nr = python_frames(python, pthread, frames, FRAMES_MAX);
	int given = -1;

	for (int i = 0; i < nr; i++) {
		if (python_frame_name(python, &frames[i], name) < 0 || !name->file)
			continue;
		if (is_own(name))
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
	call.host = asked_host(python, pthread);
	for (size_t i = 0; i < note->nr_calls; i++) {
		struct note_call *other = &note->calls[i];

		if (strcmp(other->fn, call.fn) || other->line != call.line ||
		    strcmp(other->file ? other->file : "", call.file ? call.file : "") ||
		    strcmp(other->host ? other->host : "", call.host ? call.host : ""))
			continue;
		other->workers++;
		note_call_free(&call);
		return;
	}
	note->calls[note->nr_calls++] = call;
}

static void free_calls(struct note_record *note)
{
	for (size_t i = 0; i < note->nr_calls; i++)
		note_call_free(&note->calls[i]);
}

static int compare_calls(const void *left, const void *right)
{
	const struct note_call *a = left, *b = right;

	if (a->workers != b->workers)
		return a->workers < b->workers ? 1 : -1;
	return strcmp(a->fn, b->fn);
}

/* All workers of a process. */
struct workers {
	struct python_worker v[WORKERS_MAX];
	size_t nr;
};

static void report_pool(struct engine *engine, const struct watched *watched,
			struct busy_pool *pool, const struct workers *workers, uint64_t waiting,
			uint64_t now_ns)
{
	struct note_record note = {
		.kind = NOTE_POOL_BUSY,
		.mono_ns = pool->since_ns,
		.duration_ns = now_ns - pool->since_ns,
		.waiting = waiting,
	};

	pool->quiet_until_ns = now_ns + AGAIN_NS;
	for (size_t i = 0; i < workers->nr; i++) {
		if (workers->v[i].pool != pool->addr)
			continue;
		note.workers++;
		add_call(watched_python(watched), workers->v[i].pthread, &note);
	}
	qsort(note.calls, note.nr_calls, sizeof(note.calls[0]), compare_calls);
	note_send(engine, watched, &note);
	free_calls(&note);
}

static struct busy_pool *pool_of(struct notes *notes, uint64_t addr)
{
	struct busy_pool *unused = NULL;

	for (size_t i = 0; i < POOLS_MAX; i++) {
		if (notes->pools[i].addr == addr)
			return &notes->pools[i];
		if (!notes->pools[i].addr)
			unused = &notes->pools[i];
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
			 struct busy_pool *pool, const struct workers *workers, uint64_t now_ns)
{
	uint64_t items[ITEMS_MAX], waiting;
	int nr = python_pool_queue(watched_python(watched), pool->addr, items, ITEMS_MAX, &waiting);

	if (!still_waits(pool, items, nr))
		follow(pool, items, nr, now_ns);
	if (nr <= 0)
		return;
	watched->notes->waiting = true;
	if (now_ns - pool->since_ns >= engine->options.threshold_ns &&
	    now_ns >= pool->quiet_until_ns)
		report_pool(engine, watched, pool, workers, waiting, now_ns);
}

static bool all_are_busy(uint64_t addr, const struct workers *workers)
{
	for (size_t i = 0; i < workers->nr; i++)
		if (workers->v[i].pool == addr && !workers->v[i].busy)
			return false;
	return true;
}

/* The pools that are no more, or have workers free. */
static void forget_unseen(struct notes *notes, uint64_t now_ns)
{
	for (size_t i = 0; i < POOLS_MAX; i++) {
		struct busy_pool *pool = &notes->pools[i];

		if (!pool->seen) {
			pool->item = 0;
			if (now_ns >= pool->quiet_until_ns)
				pool->addr = 0;
		}
		pool->seen = false;
	}
}

static uint64_t every_ns(const struct engine *engine, const struct notes *notes)
{
	return notes->waiting ? threshold_part_ns(engine->options.threshold_ns, THRESHOLD_WAITING)
			      : EVERY_NS;
}

void pools_look(struct engine *engine, const struct watched *watched, uint64_t now_ns)
{
	struct workers workers = { .nr = 0 };
	struct notes *notes = watched->notes;
	int nr = 0;

	notes->waiting = false;
	/* one thread is the loop's */
	if (process_threads(watched->pid) > 1)
		nr = python_workers(watched_python(watched), workers.v, WORKERS_MAX);
	workers.nr = nr > 0 ? (size_t)nr : 0;
	for (size_t i = 0; i < workers.nr; i++) {
		struct busy_pool *pool;

		if (!all_are_busy(workers.v[i].pool, &workers))
			continue;
		pool = pool_of(notes, workers.v[i].pool);
		if (!pool || pool->seen)
			continue;
		pool->seen = true;
		look_at_pool(engine, watched, pool, &workers, now_ns);
	}
	forget_unseen(notes, now_ns);
	notes->next_pools_ns = now_ns + every_ns(engine, notes);
}
