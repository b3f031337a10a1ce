/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind_memory.h - the copy of a stack: the only memory of a target that unwinding sees. */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_MEMORY_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_MEMORY_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

struct unwind_memory {
	const unsigned char *bytes;
	uint64_t start; /* address of the first one: the innermost frame's sp */
	uint64_t nr;
	uint64_t below; /* so many more come right before them */
};

/* size: 1 to 8. 0; -ENODATA: it is behind the copy; -EFAULT: it is before it. */
static inline int unwind_memory_read(const struct unwind_memory *memory, uint64_t addr,
				     unsigned int size, uint64_t *value)
{
	uint64_t at = addr - memory->start;

	if (addr < memory->start || size > sizeof(*value))
		return -EFAULT;
	if (at >= memory->nr || memory->nr - at < size)
		return -ENODATA;
	/* both machines that are known have the low byte first */
	*value = 0;
	memcpy(value, memory->bytes + at, size);
	return 0;
}

/* The same, for what says itself that it lies below sp: a leaf function's. */
static inline int unwind_memory_read_leaf(const struct unwind_memory *memory, uint64_t addr,
					  unsigned int size, uint64_t *value)
{
	const struct unwind_memory whole = {
		.bytes = memory->bytes - memory->below,
		.start = memory->start - memory->below,
		.nr = memory->nr + memory->below,
	};

	return unwind_memory_read(&whole, addr, size, value);
}

#endif
