/* SPDX-License-Identifier: GPL-2.0-or-later */
/* code.h - code objects: names, files and lines of functions, remembered by address. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_CODE_H
#define BLOCKPROF_RUNTIME_PYTHON_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/python/python.h"

struct python;

/* Functions that mean something to us. */
enum py_code_kind {
	PY_CODE_OTHER,
	PY_CODE_SHIM, /* what the interpreter puts between a class that is called and its __init__ */
	PY_CODE_START, /* where the stack of a thread begins, if it is no greenlet's */
	PY_CODE_RUN_ONCE, /* BaseEventLoop._run_once of asyncio, or nest_asyncio's */
	PY_CODE_RUN_FOREVER, /* any function that is called as a loop's is that runs it */
	PY_CODE_SELECT, /* any function called select */
	PY_CODE_GETADDRINFO, /* getaddrinfo of socket.py */
	PY_CODE_HUB_RUN, /* in which the whole of another loop is: hub says which */
	PY_CODE_HUB_WAIT, /* in which that loop waits for events */
	PY_CODE_GUEST, /* runs asyncio in a greenlet beside a program that has no loop */
	PY_CODE_POOL_WORKER, /* _worker of concurrent/futures/thread.py */
	PY_CODE_POOL_RUN, /* _WorkItem.run there, which _worker calls */
};

/* What tells one code object from another that takes its address later. */
struct py_code_identity {
	uint64_t type;
	uint64_t filename;
	uint64_t name;
	uint64_t lines;
	uint64_t size; /* number of code units, where it is kept in the object */
	uint32_t firstlineno;
	uint32_t flags; /* co_flags */
};

struct py_code {
	uint64_t addr; /* 0: unused */
	struct py_code_identity identity;
	enum py_code_kind kind;
	enum python_hub hub;
	char *fn;
	char *file;
	unsigned char *lines;
	size_t lines_bytes; /* 0: an empty table */
	bool lines_cut; /* a table that is too long to be kept */
};

/* Slots are found by address; what hits the same slot, or would pass the limit of bytes, replaces. */
#define PY_CODE_SLOTS 2048
struct py_code_cache {
	struct py_code slots[PY_CODE_SLOTS];
	size_t bytes;
};

void py_code_cache_clear(struct py_code_cache *cache);

/* 0 or -errno: -EINVAL when there is no code object at addr. Valid until the next call. */
int py_code_at(struct python *python, uint64_t addr, const struct py_code **out);

/* The code objects of a stack's frames, which are read several at a time. */
#define PY_CODES_AT_ONCE 32
struct py_codes {
	struct python *python;
	const unsigned char *first; /* address of the next that is to be read */
	size_t stride; /* from one address to the next */
	size_t left; /* to be read */
	size_t nr, next; /* of those that were */
	uint64_t addrs[PY_CODES_AT_ONCE];
	struct py_code_identity identities[PY_CODES_AT_ONCE];
	int errors[PY_CODES_AT_ONCE];
};

/* first: the address of the first one, in an array of frames each stride bytes large. */
void py_codes_start(struct py_codes *codes, struct python *python, const void *first, size_t stride,
		    size_t nr);
/* As py_code_at() of the next one: call it for each. */
int py_codes_next(struct py_codes *codes, const struct py_code **out);
/* The line of an instruction, given as the frame holds it; 0: none. */
unsigned int py_code_line(const struct python *python, const struct py_code *code, uint64_t instr);
/* The number of a local variable. -ENOENT: it has none of that name. */
int py_code_local(struct python *python, const struct py_code *code, const char *name,
		  size_t *index);

#endif
