// SPDX-License-Identifier: GPL-2.0-or-later
/* task_lists.c - how the rings of tasks are walked while tasks come and go. */
#include "runtime/python/task_lists.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/python/interpreter.h"

#define TRIES	    8
#define TASKS_MAX   (1u << 18) /* in all rings: memory that changes may lead round for good */
#define THREADS_MAX 16384
#define PAGE_BYTES  4096u

struct walk {
	struct python *python;
	struct py_objects *out;
	size_t max;
	uint64_t left_out;
	unsigned int steps;
	/* tasks that were made one after the other lie side by side: what was read last */
	uint64_t page;
	bool has_page;
	unsigned char bytes[PAGE_BYTES];
};

static int next_of(struct walk *walk, uint64_t node, uint64_t *next)
{
	uint64_t offset = node % PAGE_BYTES, page = node - offset;

	if (offset > PAGE_BYTES - sizeof(*next))
		return memory_read_ptr(&walk->python->memory, node, next);
	if (!walk->has_page || walk->page != page) {
		int err = memory_read(&walk->python->memory, page, walk->bytes, PAGE_BYTES);

		walk->has_page = !err;
		walk->page = page;
		if (err)
			return err;
	}
	memcpy(next, walk->bytes + offset, sizeof(*next));
	return 0;
}

/* struct llist_node (pycore_llist.h): the ring's head is no task. */
static int walk_ring(struct walk *walk, uint64_t head)
{
	unsigned int node_at = walk->python->asyncio.task_node;
	uint64_t node;
	int err = memory_read_ptr(&walk->python->memory, head, &node);

	while (!err && node != head && walk->steps < TASKS_MAX) {
		/* one that was just taken out leads nowhere */
		if (!node)
			return -EAGAIN;
		walk->steps++;
		if (walk->out && walk->out->nr < walk->max)
			err = py_objects_add(walk->out, node - node_at);
		else
			walk->left_out++;
		if (!err)
			err = next_of(walk, node, &node);
	}
	return err;
}

static int walk_all(struct walk *walk, uint64_t interp)
{
	const struct memory *memory = &walk->python->memory;
	const struct bp_python *layout = &walk->python->layout.kernel;
	const struct py_asyncio_debug *asyncio = &walk->python->asyncio;
	uint64_t tstate;
	int err = walk_ring(walk, interp + asyncio->interp_tasks);

	if (!err)
		err = memory_read_ptr(memory, interp + layout->interp_threads_head, &tstate);
	for (int i = 0; !err && tstate && i < THREADS_MAX; i++) {
		err = walk_ring(walk, tstate + asyncio->tstate_tasks);
		if (!err)
			err = memory_read_ptr(memory, tstate + layout->tstate_next, &tstate);
	}
	return err == -EFAULT ? -EAGAIN : err;
}

int py_task_lists_read(struct python *python, size_t max, struct py_objects *out,
		       uint64_t *left_out)
{
	size_t first = out ? out->nr : 0;
	struct walk walk;
	uint64_t interp;
	int err = py_main_interpreter(python, &interp);

	if (err)
		return err;
	for (int i = 0; i < TRIES; i++) {
		walk = (struct walk){ .python = python, .out = out, .max = max };
		if (out)
			out->nr = first;
		err = walk_all(&walk, interp);
		if (err != -EAGAIN)
			break;
	}
	if (!err)
		*left_out += walk.left_out;
	return err;
}
