// SPDX-License-Identifier: GPL-2.0-or-later
/* on_stack.c - how much of a stack is searched for return addresses. */
#include "symbol/on_stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proc/go_between.h"
#include "proc/maps.h"
#include "symbol/private.h"
#include "symbol/symbol.h"

#define STACK_BYTES_MAX (32u << 10)
#define ASKED_MAX	512 /* words that lie in code: there are some 50 on a usual stack */

static void cleanup_maps(struct maps **maps)
{
	maps_free(*maps);
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
	struct memory memory = { symbols->memory, pid };
	struct maps *maps __attribute__((cleanup(cleanup_maps))) = NULL;
	uint64_t *words __freeing = NULL;
	unsigned int asked = 0;
	ssize_t got;
	int err;

	if (sp % sizeof(*words))
		return -ENOENT;
	words = malloc(STACK_BYTES_MAX);
	err = words ? maps_read(&maps, &memory) : -ENOMEM;
	if (err)
		return err;
	/* it may end before that */
	got = memory_read_most(&memory, sp, words, STACK_BYTES_MAX);
	for (ssize_t i = 0; i < got / (ssize_t)sizeof(*words) && asked < ASKED_MAX; i++) {
		const struct mapping *mapping = maps_find(maps, words[i]);
		struct symbol symbol;
		int part;

		/* what is looked for is linked into programs and modules: what all share need not be read */
		if (!mapping || !mapping->executable || is_go_between(maps_path(maps, mapping)))
			continue;
		asked++;
		symbols_function(symbols, pid, words[i], 1, &symbol);
		if (!symbol.after_call)
			continue;
		part = part_of(symbol.fn, parts, nr);
		if (part >= 0)
			return part;
	}
	return -ENOENT;
}
