// SPDX-License-Identifier: GPL-2.0-or-later
/* way.c - the table of ways in which loops are known. */
#include "model/way.h"

#include <stddef.h>

static const struct {
	const char *name;
	const char *meaning;
} ways[WAY_NR] = {
	[WAY_USER] = { "user", "--loop says so" },
	[WAY_WORD] = { "word", "the program says so itself" },
	[WAY_SOURCE] = { "source", "another thread serves the same source" },
	[WAY_STACK] = { "stack", "the loop's function is on its stack" },
	[WAY_HABIT] = { "habit", "it came back to the same source three times" },
};

const char *way_name(enum way way)
{
	return way < WAY_NR ? ways[way].name : NULL;
}

const char *way_meaning(enum way way)
{
	return way < WAY_NR ? ways[way].meaning : NULL;
}
