// SPDX-License-Identifier: GPL-2.0-or-later
/* uv_timers.c - how libuv 1.x keeps timers: a binary heap of them hangs on their loop. */
#include <errno.h>

#include "base/clock.h"
#include "runtime/python/epoll.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/queues.h"

#define UV_TIMER_HEAP 520 /* uv_loop_t: the first node, and how many there are */
#define TIMER_NODE    104 /* uv_timer_t: left, right and parent; the timeout follows */
#define TIMER_LOOP    8
#define NODES_MAX     64
#define TIMERS_MAX    (1u << 26) /* more are not believed */

struct node {
	uint64_t left;
	uint64_t right;
	uint64_t parent;
	uint64_t timeout; /* uv_hrtime() in ms, which is CLOCK_MONOTONIC */
};

struct heap {
	uint64_t first;
	uint32_t nr;
	uint32_t pad;
};

/* Of one of a loop's timers. */
static int read_node(const struct memory *memory, uint64_t addr, uint64_t uv, struct node *node)
{
	uint64_t loop;
	struct memory_piece pieces[] = {
		{ addr, node, sizeof(*node), 0 },
		{ addr - TIMER_NODE + TIMER_LOOP, &loop, sizeof(loop), 0 },
	};
	int err = memory_read_all(memory, pieces, 2);

	return !err && loop != uv ? -EINVAL : err;
}

/* Level by level: none is due before the one that it hangs on. */
int python_uvloop_timers(struct python *python, uint64_t loop, uint64_t *due_ns, size_t max)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	const struct memory *memory = &python->memory;
	uint64_t nodes[NODES_MAX], uv;
	size_t nr = 0, seen = 0;
	struct heap heap;
	struct node node;
	int err;

	if (python->other_clock)
		return -ENOTSUP;
	err = py_uvloop_uv(python, loop, &uv);
	if (!err)
		err = memory_read(memory, uv + UV_TIMER_HEAP, &heap, sizeof(heap));
	if (!err && (heap.nr > TIMERS_MAX || !heap.nr != !heap.first))
		err = -EINVAL;
	if (!err && heap.first)
		nodes[nr++] = heap.first;
	for (; !err && seen < nr && seen < max; seen++) {
		err = read_node(memory, nodes[seen], uv, &node);
		if (err)
			break;
		due_ns[seen] = node.timeout < UINT64_MAX / NS_PER_MS ? node.timeout * NS_PER_MS
								     : UINT64_MAX;
		if (node.left && nr < NODES_MAX)
			nodes[nr++] = node.left;
		if (node.right && nr < NODES_MAX)
			nodes[nr++] = node.right;
	}
	return err ? err : (int)seen;
}
