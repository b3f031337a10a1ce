/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "runtime/python/interpreter.h"
#include "runtime/python/pages.h"
#include "runtime/python/task_lists.h"

#define TRIES	    8
#define TASKS_MAX   (1u << 20) /* in all rings: memory that changes may lead round for good */
#define THREADS_MAX 16384

struct walk {
	struct python *python;
	struct py_memory memory;
	struct py_objects *out;
	size_t max;
	uint64_t left_out;
	unsigned int steps;
};

/* struct llist_node (pycore_llist.h): the ring's head is no task. */
static int walk_ring(struct walk *walk, uint64_t head)
{
	unsigned int node_at = walk->python->asyncio.task_node;
	uint64_t node;
	int err = py_read_ptr(&walk->memory, head, &node);

	while (!err && node != head) {
		/* one that was just taken out leads nowhere */
		if (!node || walk->steps++ == TASKS_MAX)
			return -EAGAIN;
		if (walk->out && walk->out->nr < walk->max)
			err = py_objects_add(walk->out, node - node_at);
		else
			walk->left_out++;
		if (!err)
			err = py_read_ptr(&walk->memory, node, &node);
	}
	return err == -EFAULT ? -EAGAIN : err;
}

static int walk_all(struct walk *walk, uint64_t interp)
{
	const struct bp_python *layout = &walk->python->layout.kernel;
	const struct py_asyncio_debug *asyncio = &walk->python->asyncio;
	uint64_t tstate;
	int err = walk_ring(walk, interp + asyncio->interp_tasks);

	if (!err)
		err = py_read_ptr(&walk->memory, interp + layout->interp_threads_head, &tstate);
	for (int i = 0; !err && tstate && i < THREADS_MAX; i++) {
		err = walk_ring(walk, tstate + asyncio->tstate_tasks);
		if (!err)
			err = py_read_ptr(&walk->memory, tstate + layout->tstate_next, &tstate);
	}
	return err == -EFAULT ? -EAGAIN : err;
}

int py_task_lists_read(struct python *python, size_t max, struct py_objects *out,
		       uint64_t *left_out)
{
	/* tasks lie close together: what is read at once is of one moment, too */
	struct py_pages *pages = py_pages_new(&python->memory);
	size_t first = out ? out->nr : 0;
	uint64_t interp;
	int err = pages ? py_main_interpreter(python, &interp) : -ENOMEM;

	for (int i = 0; !err && i < TRIES; i++) {
		struct walk walk = { python, py_pages_memory(pages), out, max, 0, 0 };

		if (out)
			out->nr = first;
		err = walk_all(&walk, interp);
		if (!err) {
			*left_out += walk.left_out;
			break;
		}
		py_pages_forget(pages);
		if (err == -EAGAIN && i < TRIES - 1)
			err = 0;
	}
	py_pages_free(pages);
	return err;
}
