/* SPDX-License-Identifier: GPL-2.0-or-later */
/* coroutine.h - coroutines, generators and asynchronous generators: where each stands and what it awaits. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_COROUTINE_H
#define BLOCKPROF_RUNTIME_PYTHON_COROUTINE_H

#include <stdint.h>

struct python;

enum py_coroutine_state {
	PY_COROUTINE_CREATED, /* it has not started */
	PY_COROUTINE_SUSPENDED,
	PY_COROUTINE_RUNNING, /* it, or what it called */
	PY_COROUTINE_ENDED,
};

struct py_coroutine {
	enum py_coroutine_state state;
	uint64_t qualname; /* a str */
	uint64_t frame; /* address, as struct py_frame has it; 0: ENDED */
	uint64_t code;
	uint64_t instr; /* likewise */
	uint64_t awaits; /* the object it awaits or yields from; 0: none, or not SUSPENDED */
};

/* object is one of the interpreter's own types of coroutines. 0 or -errno. */
int py_coroutine_read(const struct python *python, uint64_t object, struct py_coroutine *out);

#endif
