/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chain.h - a task at one moment: its state, and the coroutines that await each other in it. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_CHAIN_H
#define BLOCKPROF_RUNTIME_PYTHON_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/python/kinds.h"

#define PY_CHAIN_MAX 64

/* One coroutine. */
struct py_link {
	uint64_t code;
	uint64_t instr;
	uint64_t qualname; /* a str; 0: a plain function, called by the coroutine before it */
	uint64_t frame;
};

/* Values of FutureObj.fut_state (Modules/_asynciomodule.c). */
enum py_future_state {
	PY_FUTURE_PENDING,
	PY_FUTURE_CANCELLED,
	PY_FUTURE_FINISHED,
};

/* The future or task that a task waits for. */
struct py_waiter {
	uint64_t object; /* 0: none */
	uint64_t type;
	enum py_kind kind;
	uint32_t state; /* enum py_future_state, where it is one of _asyncio */
	uint64_t name; /* TASK */
};

/* The first local variable of the innermost coroutine: often what it is about. */
struct py_argument {
	uint64_t object;
	uint64_t words[2]; /* what is in it, if it is a number */
};

struct py_chain {
	uint64_t task;
	uint64_t loop;
	uint64_t name;
	uint64_t coro; /* 0: it has ended */
	enum py_future_state state;
	bool running; /* its coroutine runs: the links go no further */
	bool cut; /* more coroutines than are kept */
	struct py_waiter waiter;
	struct py_argument argument;
	unsigned int nr;
	struct py_link links[PY_CHAIN_MAX]; /* outermost first */
};

/* -EINVAL: no task of _asyncio, or its fields make no sense. Other -errno: it cannot be read. */
int py_chain_read(struct python *python, struct py_kinds *kinds, uint64_t task,
		  struct py_chain *out);
/*
 * Tells a task at one moment from itself at another, by all that is reported of it:
 * of a running one only what does not move. 0: a name cannot be read.
 */
uint64_t py_chain_sign(struct python *python, const struct py_chain *chain);

#endif
