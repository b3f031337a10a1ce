// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbol/on_stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "proc/maps.h"
#include "symbol/symbol.h"

#define STACK_BYTES_MAX (32u << 10)
#define PAGE_BYTES	4096u
#define ASKED_MAX	512 /* words that lie in code: there are some 50 on a usual stack */

static void cleanup_maps(struct maps **maps)
{
	maps_free(*maps);
}

/* What there is of the stack from sp on: it may end before the most that is looked at. */
static size_t read_stack(pid_t pid, uint64_t sp, uint64_t *words)
{
	size_t done = 0;

	while (done < STACK_BYTES_MAX) {
		size_t bytes = PAGE_BYTES - (sp + done) % PAGE_BYTES;
		struct iovec to = { (char *)words + done, bytes };
		struct iovec from = { (void *)(uintptr_t)(sp + done), bytes };

		if (bytes > STACK_BYTES_MAX - done)
			to.iov_len = from.iov_len = bytes = STACK_BYTES_MAX - done;
		if (process_vm_readv(pid, &to, 1, &from, 1, 0) != (ssize_t)bytes)
			break;
		done += bytes;
	}
	return done / sizeof(*words);
}

static int part_of(const char *name, const char *const *parts, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (strstr(name, parts[i]))
			return (int)i;
	return -ENOENT;
}

int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr)
{
	struct maps *maps __attribute__((cleanup(cleanup_maps))) = NULL;
	uint64_t *words __freeing = NULL;
	unsigned int asked = 0;
	size_t nr_words;
	int err;

	if (sp % sizeof(*words))
		return -ENOENT;
	words = malloc(STACK_BYTES_MAX);
	err = words ? maps_read(&maps, pid) : -ENOMEM;
	if (err)
		return err;
	nr_words = read_stack(pid, sp, words);
	for (size_t i = 0; i < nr_words && asked < ASKED_MAX; i++) {
		const struct mapping *mapping = maps_find(maps, words[i]);
		struct symbol symbol;
		int part;

		if (!mapping || !mapping->executable)
			continue;
		asked++;
		symbols_user(symbols, pid, words[i], 1, &symbol);
		if (!symbol.after_call)
			continue;
		part = part_of(symbol.fn, parts, nr);
		if (part >= 0)
			return part;
	}
	return -ENOENT;
}
