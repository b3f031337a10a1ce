/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.h - bounded reads of another process's memory. 0 or -errno everywhere: all of it, or nothing. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_MEMORY_H
#define BLOCKPROF_RUNTIME_PYTHON_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The largest single read: nothing in an interpreter that is of use is larger. */
#define PY_READ_MAX (4u << 20)

/* Where bytes come from: a process, or in tests whatever they like. */
struct py_memory {
	int (*read)(void *context, uint64_t addr, void *buf, size_t size);
	void *context;
};

void py_memory_of_process(struct py_memory *memory, pid_t pid);

int py_read(const struct py_memory *memory, uint64_t addr, void *buf, size_t size);
int py_read_ptr(const struct py_memory *memory, uint64_t addr, uint64_t *out);
int py_read_u32(const struct py_memory *memory, uint64_t addr, uint32_t *out);
/* A C string: -ENAMETOOLONG when it does not end within size. */
int py_read_cstring(const struct py_memory *memory, uint64_t addr, char *buf, size_t size);

#endif
