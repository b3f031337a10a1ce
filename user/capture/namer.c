// SPDX-License-Identifier: GPL-2.0-or-later
/* namer.c - ties V8 to the symbolizer, which reads V8's constants in the file that it is in. */
#include "capture/namer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "runtime/v8/processes.h"
#include "runtime/v8/v8.h"
#include "symbol/symbol.h"

struct namer {
	struct symbols *symbols;
	struct memory_source *memory;
	struct v8_processes *v8;
	uint64_t unread[FRAME_KIND_NR]; /* names of frames */
};

/* As struct v8_source has it. */
static int read_variables(void *context, pid_t pid, uint64_t addr, bool local,
			  struct v8_variable *variables, size_t nr)
{
	struct symbols_object *objects __freeing = calloc(nr, sizeof(*objects));
	struct namer *namer = context;
	int err;

	if (!objects)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		objects[i] = (struct symbols_object){ .name = variables[i].name,
						      .bytes = variables[i].bytes,
						      .size = variables[i].size };
	err = symbols_objects(namer->symbols, pid, addr, local, objects, nr);
	for (size_t i = 0; i < nr; i++)
		variables[i].nr = objects[i].nr;
	return err;
}

struct symbols *namer_symbols(const struct namer *namer)
{
	return namer->symbols;
}

struct memory namer_memory(const struct namer *namer, pid_t pid)
{
	return (struct memory){ namer->memory, pid };
}

struct v8 *namer_v8(struct namer *namer, pid_t pid, bool *unread)
{
	const struct memory memory = namer_memory(namer, pid);
	bool ignored;

	return v8_processes_get(namer->v8, &memory, unread ? unread : &ignored);
}

void namer_count_unread(struct namer *namer, enum frame_kind kind)
{
	namer->unread[kind]++;
}

uint64_t namer_unread(const struct namer *namer, enum frame_kind kind)
{
	return namer->unread[kind];
}

void namer_forget(struct namer *namer, pid_t pid)
{
	symbols_forget(namer->symbols, pid);
	v8_processes_forget(namer->v8, pid);
}

int namer_new(struct namer **out, struct symbols *symbols, struct memory_source *memory)
{
	struct namer *namer = calloc(1, sizeof(*namer));
	struct v8_source source = { .read_variables = read_variables, .context = namer };
	int err = namer ? v8_processes_new(&namer->v8, &source) : -ENOMEM;

	if (err) {
		namer_free(namer);
		return err;
	}
	namer->symbols = symbols;
	namer->memory = memory;
	*out = namer;
	return 0;
}

void namer_free(struct namer *namer)
{
	if (!namer)
		return;
	v8_processes_free(namer->v8);
	free(namer);
}
