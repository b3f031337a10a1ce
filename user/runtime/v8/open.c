// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * open.c - finds V8 in a process: in the executable, or in libnode. Its numbers
 * are constants of that file, which struct v8_source reads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/pages.h"
#include "base/strings.h"
#include "proc/maps.h"
#include "proc/procfs.h"
#include "runtime/v8/private.h"

#define NUMBERS_MAX 64
#define BLOCK_BYTES 4096
#define BLOCKS_MAX  256 /* of the heap, for one stack */

static int read_numbers(const struct v8_source *source, pid_t pid, uint64_t addr,
			struct v8_layout *layout)
{
	struct v8_variable variables[NUMBERS_MAX];
	int32_t values[NUMBERS_MAX];
	int err;

	memset(layout, 0xff, sizeof(*layout)); /* -1 everywhere */
	for (size_t i = 0; i < v8_numbers_nr; i++)
		variables[i] = (struct v8_variable){ .name = v8_numbers[i].symbol,
						     .bytes = &values[i],
						     .size = sizeof(values[i]) };
	err = source->read_variables(source->context, pid, addr, false, variables, v8_numbers_nr);
	if (err)
		return err;
	for (size_t i = 0; i < v8_numbers_nr; i++)
		if (variables[i].nr == sizeof(values[i]))
			memcpy((char *)layout + v8_numbers[i].field, &values[i], sizeof(values[i]));
	if (layout->major == -1)
		return -ENOENT;
	return v8_layout_complete(layout);
}

struct candidates {
	const char *exe;
	uint64_t exe_text;
	uint64_t library_text;
};

static void note_mapping(void *context, const struct mapping *mapping, const char *path)
{
	struct candidates *candidates = context;
	const char *base = strrchr(path, '/');

	if (!mapping->executable || !base)
		return;
	if (starts_with(base, "/libnode.so") && !candidates->library_text)
		candidates->library_text = mapping->start;
	if (candidates->exe && !strcmp(path, candidates->exe) && !candidates->exe_text)
		candidates->exe_text = mapping->start;
}

static void free_maps(struct maps **maps)
{
	maps_free(*maps);
}

int v8_open(struct v8 **out, const struct memory *memory, const struct v8_source *source)
{
	struct maps *maps __attribute__((cleanup(free_maps))) = NULL;
	char *exe __freeing = procfs_link(memory->pid, "exe");
	struct candidates candidates = { .exe = exe };
	struct v8_heap heap = { .memory = *memory };
	uint64_t text;
	int err = exe ? maps_read(&maps, memory) : -EAGAIN;

	if (err)
		return err;
	maps_each(maps, note_mapping, &candidates);
	text = candidates.library_text ? candidates.library_text : candidates.exe_text;
	if (!text)
		return -ENOENT;
	err = read_numbers(source, memory->pid, text, &heap.layout);
	if (!err)
		err = v8_new(out, &heap);
	if (err)
		return err;
	(*out)->source = *source;
	(*out)->text = text;
	(*out)->pages = pages_new(memory, BLOCK_BYTES, BLOCKS_MAX);
	if ((*out)->pages)
		(*out)->heap.memory = pages_memory((*out)->pages);
	return 0;
}

/* Three arrays, one behind the other: for operands of one, two and four bytes. */
static void take_sizes(struct v8_bytecode_sizes *sizes, const unsigned char *bytes, size_t nr)
{
	if (nr % 3 || nr / 3 > V8_BYTECODES_MAX)
		return;
	sizes->nr = nr / 3;
	for (size_t i = 0; i < 3; i++)
		memcpy(sizes->sizes[i], bytes + i * sizes->nr, sizes->nr);
}

const struct v8_bytecode_sizes *v8_sizes(struct v8 *v8)
{
	static const char *const name = "_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE";
	unsigned char bytes[3 * V8_BYTECODES_MAX];
	struct v8_variable variable = { .name = name, .bytes = bytes, .size = sizeof(bytes) };
	const struct v8_source *source = &v8->source;
	pid_t pid = v8->heap.memory.pid;

	if (!v8->sizes_asked && source->read_variables) {
		v8->sizes_asked = true;
		if (!source->read_variables(source->context, pid, v8->text, false, &variable, 1) &&
		    !variable.nr)
			source->read_variables(source->context, pid, v8->text, true, &variable, 1);
		take_sizes(&v8->sizes, bytes, variable.nr);
	}
	return v8->sizes.nr ? &v8->sizes : NULL;
}
