/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_sources.h - where tests take the memory of processes from. */
#ifndef BLOCKPROF_TESTS_UNIT_MEMORY_SOURCES_H
#define BLOCKPROF_TESTS_UNIT_MEMORY_SOURCES_H

#include <errno.h>

#include "base/memory.h"

/* The processes themselves. */
static inline struct memory_source *process_memory(void)
{
	static struct memory_source source;

	if (!source.read)
		source = memory_source_direct();
	return &source;
}

/* A function that reads one piece. */
typedef int read_one(void *context, uint64_t addr, void *buf, size_t size);

struct made_memory {
	struct memory_source source;
	read_one *read;
	void *context;
};

static inline int read_one_by_one(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct made_memory *made = context;

	(void)pid;
	for (size_t i = 0; i < nr; i++)
		pieces[i].error =
			made->read(made->context, pieces[i].addr, pieces[i].buf, pieces[i].bytes);
	return 0;
}

/* made must stay where it is. */
static inline struct memory memory_made(struct made_memory *made, read_one *read, void *context)
{
	*made = (struct made_memory){ { .read = read_one_by_one, .context = made }, read, context };
	return (struct memory){ &made->source, 0 };
}

/* Memory without end in which every word points somewhere. context: a number that says where. */
static inline int endless_read(void *context, uint64_t addr, void *buf, size_t size)
{
	uint64_t seed = *(uint64_t *)context;

	for (size_t at = 0; at < size; at++) {
		uint64_t word = ((addr + at) / 8 + seed) * 0x9e3779b97f4a7c15ull;

		word ^= word >> 29;
		if (word % 8 == 0)
			word = word >> 8 & 0xff;
		else if (word % 8 < 7)
			word = (word & 0x7fffffffff00) | 0x10;
		((unsigned char *)buf)[at] = (unsigned char)(word >> ((addr + at) % 8 * 8));
	}
	return 0;
}

/* So many answers of another one; what comes after is late. */
struct budget_memory {
	struct memory_source source;
	struct memory below;
	uint64_t left;
};

static inline int read_in_time(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct budget_memory *budget = context;

	(void)pid;
	if (!budget->left)
		return -ETIMEDOUT;
	budget->left--;
	return memory_read_pieces(&budget->below, pieces, nr);
}

/* budget must stay where it is. */
static inline struct memory memory_in_time(struct budget_memory *budget, struct memory below,
					   uint64_t left)
{
	*budget = (struct budget_memory){
		.source = { .read = read_in_time, .context = budget },
		.below = below,
		.left = left,
	};
	return (struct memory){ &budget->source, below.pid };
}

#endif
