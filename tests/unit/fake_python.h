/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_python.h - an interpreter that says what a test wants, in place of
 * runtime/python: include it in one file of a test program.
 */
#ifndef BLOCKPROF_TESTS_UNIT_FAKE_PYTHON_H
#define BLOCKPROF_TESTS_UNIT_FAKE_PYTHON_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/python/look.h"
#include "runtime/python/pools.h"
#include "runtime/python/python.h"
#include "runtime/python/queues.h"

struct fake_code {
	uint64_t addr;
	struct python_name name;
};

struct python {
	const struct fake_code *codes; /* ended by addr 0 */
	int thread_err; /* of python_thread_loop() */
	struct python_loop thread_loop;
	int frames_err; /* of python_frames_loop() */
	struct python_loop frames_loop;
	enum python_hub hub; /* of python_frames_hub() */
	bool hub_waits;
	int hub_epoll; /* of python_hub_epoll() and python_thread_hub(), and one more; 0: none */
	enum python_hub hub_aside; /* of python_thread_hub() */
	const char *borrows; /* of python_frames_borrow() */
	uint64_t tstate; /* of each thread; 0: it runs no Python */
	uint64_t task_frame; /* of python_task_frames(); 0: none */
	uint64_t asked_task; /* for which */
	bool task_is_on; /* of python_task_is_on() */
	uint64_t asked_pthread;
	unsigned int closed;
	struct python_worker workers[8];
	size_t nr_workers;
	uint64_t items[8]; /* of every pool's queue */
	size_t nr_items;
	uint64_t nr_tasks;
	int64_t ready; /* of python_loop_ready() */
	uint64_t due_ns[4]; /* of python_loop_timers() */
	int nr_due;
};

/* What python_open() gives; NULL: fake_python_err. */
static struct python *fake_python;
static int fake_python_err = -ENOENT;

int python_open(struct python **out, const struct memory *memory, struct symbols *symbols)
{
	(void)memory;
	(void)symbols;
	*out = fake_python;
	return fake_python && !fake_python_err ? 0 : fake_python_err;
}

struct python_look python_look_begin(struct python *python)
{
	return (struct python_look){ .python = python };
}

void python_look_end(struct python_look *look)
{
	look->python = NULL;
}

void python_close(struct python *python)
{
	if (python)
		python->closed++;
}

const char *python_implementation(const struct python *python)
{
	(void)python;
	return "CPython";
}

const char *python_version(const struct python *python)
{
	(void)python;
	return "3.11.7";
}

int python_layout(struct python *python, struct bp_python *out)
{
	(void)python;
	*out = (struct bp_python){ .version = 0x30b, .current_tasks = 1 };
	return 0;
}

int python_tornado(struct python *python, char *name, size_t size)
{
	(void)python, (void)name, (void)size;
	return -ENOENT;
}

bool python_waits_for_own_loop(struct python *python, uint64_t fsbase)
{
	(void)python;
	(void)fsbase;
	return false;
}

uint64_t python_gil_holder(struct python *python)
{
	(void)python;
	return 0;
}

bool python_collecting(struct python *python)
{
	(void)python;
	return false;
}

uint64_t python_tstate(struct python *python, uint64_t fsbase)
{
	(void)fsbase;
	return python->tstate;
}

int python_frames(struct python *python, uint64_t fsbase, struct bp_python_frame *frames,
		  size_t max)
{
	int nr = 0;

	python->asked_pthread = fsbase;
	for (const struct fake_code *code = python->codes; code && code->addr; code++)
		if ((size_t)nr < max)
			frames[nr++].code = code->addr;
	return nr;
}

int python_task_frames(struct python *python, uint64_t task, struct bp_python_frame *frames,
		       size_t max)
{
	if (!python->task_frame || task != python->asked_task || !max)
		return -ENOENT;
	frames[0] = (struct bp_python_frame){ .code = python->task_frame };
	return 1;
}

int python_frame_name(struct python *python, const struct bp_python_frame *frame,
		      struct python_name *out)
{
	for (const struct fake_code *code = python->codes; code && code->addr; code++) {
		if (code->addr == (frame->code & ~BP_PYTHON_ENTRY)) {
			*out = code->name;
			return 0;
		}
	}
	return -ENOENT;
}

void python_frame_names(struct python *python, const struct bp_python_frame *frames, size_t nr,
			python_name_fn *fn, void *context)
{
	for (size_t i = 0; i < nr; i++) {
		struct python_name name;
		int err = python_frame_name(python, &frames[i], &name);

		fn(context, err, &name);
	}
}

int python_task(struct python *python, uint64_t task_addr, char *name, size_t name_size, char *coro,
		size_t coro_size)
{
	(void)python;
	snprintf(name, name_size, "Task-%d", (int)task_addr);
	snprintf(coro, coro_size, "coro_%d", (int)task_addr);
	return 0;
}

int python_task_copied(struct python *python, const struct bp_task *copied, char *name,
		       size_t name_size, char *coro, size_t coro_size)
{
	return copied->task.addr
		       ? python_task(python, copied->task.addr, name, name_size, coro, coro_size)
		       : -ENOENT;
}

int python_thread_loop(struct python *python, uint64_t fsbase, struct python_loop *out)
{
	python->asked_pthread = fsbase;
	*out = python->thread_loop;
	return python->thread_err;
}

enum python_hub python_frames_hub(struct python *python, const struct bp_python_frame *frames,
				  size_t nr, bool *in_wait)
{
	(void)frames, (void)nr;
	*in_wait = python->hub_waits;
	return python->hub;
}

enum python_hub python_thread_hub(struct python *python, uint64_t fsbase, int *epoll_fd)
{
	(void)fsbase;
	*epoll_fd = python->hub_epoll - 1;
	return python->hub_aside;
}

int python_hub_epoll(struct python *python, uint64_t fsbase)
{
	(void)fsbase;
	return python->hub_epoll - 1;
}

const char *python_frames_borrow(struct python *python, const struct bp_python_frame *frames,
				 size_t nr)
{
	(void)frames, (void)nr;
	return python->borrows;
}

bool python_task_is_on(struct python *python, uint64_t task, uint64_t fsbase)
{
	(void)task, (void)fsbase;
	return python->task_is_on;
}

int python_frames_loop(struct python *python, const struct bp_python_frame *frames, size_t nr,
		       struct python_loop *out)
{
	(void)frames;
	(void)nr;
	*out = python->frames_loop;
	return python->frames_err;
}

int python_getaddrinfo_host(struct python *python, uint64_t fsbase, char *host, size_t size)
{
	(void)python;
	(void)fsbase;
	(void)host;
	(void)size;
	return -ENOENT;
}

int python_workers(struct python *python, struct python_worker *workers, size_t max)
{
	size_t nr = python->nr_workers < max ? python->nr_workers : max;

	memcpy(workers, python->workers, nr * sizeof(*workers));
	return (int)nr;
}

int python_pool_queue(struct python *python, uint64_t pool, uint64_t *items, size_t max,
		      uint64_t *nr)
{
	size_t stored = python->nr_items < max ? python->nr_items : max;

	(void)pool;
	*nr = python->nr_items;
	memcpy(items, python->items, stored * sizeof(*items));
	return (int)stored;
}

int python_loop_ready(struct python *python, uint64_t loop, int64_t *nr)
{
	*nr = python->ready;
	return loop ? 0 : -ENOENT;
}

int python_loop_timers(struct python *python, uint64_t loop, uint64_t *due_ns, size_t max)
{
	int nr = python->nr_due < (int)max ? python->nr_due : (int)max;

	(void)loop;
	for (int i = 0; i < nr; i++)
		due_ns[i] = python->due_ns[i];
	return nr;
}

int python_uvloop_timers(struct python *python, uint64_t loop, uint64_t *due_ns, size_t max)
{
	return loop ? python_loop_timers(python, loop, due_ns, max) : -ENOENT;
}

int python_tasks_count(struct python *python, uint64_t *nr)
{
	*nr = python->nr_tasks;
	return 0;
}

#endif
