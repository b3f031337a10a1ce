// SPDX-License-Identifier: GPL-2.0-or-later
/* tasks.c - when what was read of a task that runs on meanwhile can be believed. */
#include "runtime/python/tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/pages.h"
#include "runtime/python/asyncio.h"
#include "runtime/python/awaits.h"
#include "runtime/python/dict.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/module.h"
#include "runtime/python/object.h"
#include "runtime/python/set.h"
#include "runtime/python/task_lists.h"

#define PASSES_MAX  8 /* over all tasks; two where nothing changes */
#define PASSES_SAME 3 /* where something does: memory may be used again for the like of it */
#define PAUSE_US    500 /* between passes over something that changes, more or less */
#define LOOPS_KEPT  64
#define BLOCKS_MAX  1024 /* 64 MiB of target memory at a time: what 100,000 tasks take */
#define NAME_BYTES  512
#define TEXT_BYTES  (256u << 10) /* names of one chain */

/* What the passes have found of one task. */
struct mark {
	uint64_t task;
	uint64_t sign;
	enum py_kind kind; /* OTHER: it could not be read */
	unsigned int same; /* passes in a row; 0: not readable */
	bool reported;
};

struct reader {
	struct python *python;
	struct memory memory; /* the target's, as it is now */
	uint64_t late; /* answers of its source by then */
	struct pages *pages;
	const uint64_t *pthreads;
	size_t nr_pthreads;
	python_task_fn *fn;
	void *context;
	struct python_tasks_counts *counts;
	struct py_kinds kinds;
	struct py_chain chain;
	struct {
		uint64_t loop;
		uint64_t pthread;
	} loops[LOOPS_KEPT];
	struct py_frame frames[PY_FRAMES_MAX];
	struct python_name names[PY_CHAIN_MAX];
	char text[TEXT_BYTES];
	size_t text_used;
};

/* Has any of it not come in time? Then a task may be missing, or be none, that is one. */
static bool was_late(const struct reader *reader)
{
	return reader->memory.source->late != reader->late;
}

/* -- where tasks are -- */

static int compare_objects(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

/* The members of the sets of tasks; from *first_weak on weak references to them. */
static int read_sets(struct python *python, struct py_objects *out, size_t *first_weak,
		     uint64_t *left_out)
{
	const char *weak = python->layout.minor < 12 ? "_all_tasks" : "_scheduled_tasks";
	uint64_t interp, dict, set, data;
	int err;

	if (py_asyncio_has_debug(python) && !py_asyncio_learn(python)) {
		err = py_task_lists_read(python, PYTHON_TASKS_MAX, out, left_out);
		*first_weak = out->nr;
		return err;
	}
	err = py_main_interpreter(python, &interp);
	if (!err)
		err = py_module_dict(python, interp, "asyncio.tasks", &dict);
	if (!err && python->layout.minor >= 12) {
		err = py_dict_get(python, dict, "_eager_tasks", &set);
		if (!err)
			err = py_set_read(python, set, PYTHON_TASKS_MAX, out, left_out);
	}
	*first_weak = out->nr;
	if (!err)
		err = py_dict_get(python, dict, weak, &set);
	if (!err)
		err = py_weak_set_data(python, set, &data);
	if (!err)
		err = py_set_read(python, data, PYTHON_TASKS_MAX, out, left_out);
	return err;
}

/* Addresses of all tasks, each once, in order. */
static int find_tasks(struct reader *reader, struct py_objects *out, uint64_t *left_out)
{
	struct python *python = reader->python;
	struct memory pages = python->memory;
	size_t first_weak, nr = 0;
	int err;

	/* a set is read quickly, or it changes meanwhile: not by way of pages */
	python->memory = reader->memory;
	err = read_sets(python, out, &first_weak, left_out);
	python->memory = pages;
	if (err)
		return err;
	py_weak_deref(python, out, first_weak);
	if (out->nr)
		qsort(out->v, out->nr, sizeof(out->v[0]), compare_objects);
	for (size_t i = 0; i < out->nr; i++)
		if (!nr || out->v[i] != out->v[nr - 1])
			out->v[nr++] = out->v[i];
	out->nr = nr;
	return 0;
}

/* -- one task -- */

static const char *keep(struct reader *reader, const char *text)
{
	size_t size = strlen(text) + 1;
	char *kept = reader->text + reader->text_used;

	if (size > TEXT_BYTES - reader->text_used)
		return NULL;
	reader->text_used += size;
	return memcpy(kept, text, size);
}

/* False: there is no such code. */
static bool name_link(struct reader *reader, const struct py_link *link, struct python_name *out)
{
	struct python *python = reader->python;
	const struct py_code *code;
	char qualname[NAME_BYTES];

	if (py_code_at(python, link->code, &code))
		return false;
	out->line = py_code_line(python, code, link->instr);
	out->file = keep(reader, code->file);
	if (link->qualname && !py_str(python, link->qualname, qualname, sizeof(qualname)))
		out->fn = keep(reader, qualname);
	else
		out->fn = keep(reader, code->fn);
	return out->fn && out->file;
}

/* A running coroutine stands on a thread's stack: what it runs is inside of it there. */
static void follow_running(struct reader *reader)
{
	struct py_chain *chain = &reader->chain;
	int nr = 0, at = -1;

	for (size_t i = 0; i < reader->nr_pthreads && at < 0; i++) {
		nr = py_frames(reader->python, reader->pthreads[i], reader->frames, PY_FRAMES_MAX);
		for (int k = 0; k < nr && at < 0; k++)
			if (reader->frames[k].addr == chain->links[chain->nr - 1].frame)
				at = k;
	}
	while (at-- > 0) {
		const struct py_frame *frame = &reader->frames[at];
		const struct py_code *code;

		if (!py_code_at(reader->python, frame->code, &code) && code->kind == PY_CODE_SHIM)
			continue;
		if (chain->nr == PY_CHAIN_MAX) {
			chain->cut = true;
			return;
		}
		chain->links[chain->nr++] =
			(struct py_link){ .code = frame->code, .instr = frame->instr };
	}
}

static uint64_t loop_pthread(struct reader *reader, uint64_t loop)
{
	size_t at = (loop >> 4) * 0x9e3779b97f4a7c15ull >> 58;
	uint64_t object, pthread = 0;

	if (reader->loops[at].loop == loop)
		return reader->loops[at].pthread;
	/* None while it does not run */
	if (py_attribute(reader->python, loop, "_thread_id", &object) ||
	    py_long(reader->python, object, &pthread))
		pthread = 0;
	reader->loops[at].loop = loop;
	reader->loops[at].pthread = pthread;
	return pthread;
}

_Static_assert(LOOPS_KEPT == 1 << (64 - 58), "the hash gives numbers of loops");

static enum python_task_state state_of(const struct py_chain *chain)
{
	switch (chain->state) {
	case PY_FUTURE_CANCELLED:
		return PYTHON_TASK_CANCELLED;
	case PY_FUTURE_FINISHED:
		return PYTHON_TASK_DONE;
	case PY_FUTURE_PENDING:
		break;
	}
	if (chain->running)
		return PYTHON_TASK_RUNNING;
	if (!chain->waiter.object || chain->waiter.state != PY_FUTURE_PENDING)
		return PYTHON_TASK_READY;
	return PYTHON_TASK_PENDING;
}

/* False: what it is could not be read in time. */
static bool report(struct reader *reader)
{
	struct py_chain *chain = &reader->chain;
	char name[NAME_BYTES];
	struct python_task_info info = {
		.addr = chain->task,
		.state = state_of(chain),
		.name = name,
		.chain = reader->names,
		.pthread = loop_pthread(reader, chain->loop),
	};

	if (py_task_name(reader->python, chain->name, name, sizeof(name)))
		name[0] = '\0';
	reader->text_used = 0;
	if (chain->running)
		follow_running(reader);
	while (info.nr < chain->nr &&
	       name_link(reader, &chain->links[info.nr], &reader->names[info.nr]))
		info.nr++;
	info.cut = chain->cut || info.nr < chain->nr;
	if (info.state == PYTHON_TASK_PENDING)
		py_awaits(reader->python, chain,
			  info.nr && !info.cut ? &reader->names[info.nr - 1] : NULL, &info.awaits);
	if (was_late(reader))
		return false;
	reader->counts->reported++;
	reader->fn(reader->context, &info);
	return true;
}

/* -- all of them -- */

struct marks {
	struct mark *v;
	size_t nr;
};

static const struct mark *find_mark(const struct marks *marks, uint64_t task, size_t *from)
{
	while (*from < marks->nr && marks->v[*from].task < task)
		(*from)++;
	return *from < marks->nr && marks->v[*from].task == task ? &marks->v[*from] : NULL;
}

/* was: what the pass before found. NULL: it is new. */
static int read_task(struct reader *reader, const struct mark *was, struct mark *mark)
{
	int err = py_chain_read(reader->python, &reader->kinds, mark->task, &reader->chain);

	if (was_late(reader))
		return -ETIMEDOUT;
	if (err == -ENOMEM || err == -ESRCH)
		return err;
	mark->kind = py_kind_of(reader->python, &reader->kinds, mark->task);
	mark->reported = was && was->reported;
	if (err)
		return 0;
	mark->sign = py_chain_sign(reader->python, &reader->chain);
	if (!mark->sign)
		return 0; /* it is being made, or goes */
	mark->same = was && was->same && was->sign == mark->sign ? was->same + 1 : 1;
	return 0;
}

/* Reads every task once. *marks: those of the pass before, and then of this one. */
static int read_all(struct reader *reader, struct marks *marks)
{
	struct py_objects tasks = { 0 };
	struct marks now = { 0 };
	size_t from = 0;
	int err;

	reader->counts->left_out = 0;
	pages_forget(reader->pages);
	memset(reader->loops, 0, sizeof(reader->loops));
	err = find_tasks(reader, &tasks, &reader->counts->left_out);
	if (was_late(reader))
		err = -ETIMEDOUT;
	if (!err && tasks.nr) {
		now.v = calloc(tasks.nr, sizeof(*now.v));
		err = now.v ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < tasks.nr && !err; i++) {
		now.v[i].task = tasks.v[i];
		err = read_task(reader, find_mark(marks, tasks.v[i], &from), &now.v[i]);
		now.nr = i + 1;
	}
	py_objects_free(&tasks);
	free(marks->v);
	*marks = now;
	return err;
}

/*
 * Reports those that were the same so many times. What is in pages still is what
 * the last pass saw. Returns how many there are that changed since.
 */
static size_t report_same(struct reader *reader, struct marks *marks, unsigned int same)
{
	size_t open = 0;

	for (size_t i = 0; i < marks->nr; i++) {
		struct mark *mark = &marks->v[i];

		/* what is none was a reference that is dead */
		if (mark->reported || mark->kind != PY_KIND_TASK)
			continue;
		if (mark->same < same ||
		    py_chain_read(reader->python, &reader->kinds, mark->task, &reader->chain)) {
			open++;
			continue;
		}
		mark->reported = report(reader);
		open += !mark->reported;
	}
	return open;
}

static bool nothing_changed(const struct marks *marks)
{
	for (size_t i = 0; i < marks->nr; i++)
		if (marks->v[i].kind == PY_KIND_TASK && marks->v[i].same < 2)
			return false;
	return true;
}

static int read_and_report(struct reader *reader)
{
	struct marks marks = { 0 };
	bool changes = false;
	size_t open = 1;
	int err = 0, good = 0; /* passes in a row that went well */

	for (int i = 0; i < PASSES_MAX && open; i++) {
		if (changes)
			/* the program may do things in step with us */
			usleep(PAUSE_US + (useconds_t)random() % PAUSE_US);
		err = read_all(reader, &marks);
		if (err == -ENOMEM || err == -ESRCH || err == -ETIMEDOUT ||
		    (err == -ENOENT && i == PASSES_SAME))
			break;
		good = err ? 0 : good + 1;
		/* what holds the tasks may change while it is read: another try */
		changes |= err || (good == 2 && !nothing_changed(&marks));
		if (good >= 2)
			open = report_same(reader, &marks, changes ? PASSES_SAME : 2);
	}
	for (size_t i = 0; i < marks.nr; i++)
		reader->counts->unreadable += marks.v[i].kind == PY_KIND_PYTHON_TASK;
	reader->counts->unsteady = good >= 2 ? open : 0;
	free(marks.v);
	return reader->counts->reported || good >= 2 ? 0 : err ? err : -EAGAIN;
}

int python_tasks(struct python *python, const uint64_t *pthreads, size_t nr_pthreads,
		 python_task_fn *fn, void *context, struct python_tasks_counts *counts)
{
	struct reader *reader __freeing = calloc(1, sizeof(*reader));
	int err;

	*counts = (struct python_tasks_counts){ 0 };
	if (!reader)
		return -ENOMEM;
	reader->memory = python->memory;
	reader->late = python->memory.source->late;
	reader->pages = pages_new(&reader->memory, PAGES_BLOCK_MAX, BLOCKS_MAX);
	if (!reader->pages)
		return -ENOMEM;
	reader->python = python;
	reader->pthreads = pthreads;
	reader->nr_pthreads = nr_pthreads;
	reader->fn = fn;
	reader->context = context;
	reader->counts = counts;
	python->memory = pages_memory(reader->pages);
	err = read_and_report(reader);
	python->memory = reader->memory;
	pages_free(reader->pages);
	return err;
}
