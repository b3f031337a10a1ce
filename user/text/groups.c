// SPDX-License-Identifier: GPL-2.0-or-later
/* groups.c - which slices of a stall are one thing to its reader, and which of these it is named after. */
#include "text/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

static bool is_one(const struct slice *a, const struct slice *b, bool apart)
{
	return slice_same_place(a, b) && (!apart || stack_equal(a->stack, b->stack));
}

static void add(struct group *group, const struct slice *slice, uint64_t hash)
{
	if (!group->nr++) {
		group->largest = slice;
		group->place_hash = hash;
	}
	group->ns = add_saturated(group->ns, slice->ns);
	group->count = add_saturated(group->count, slice->count);
}

/* of[]: the group of each slice. */
static void assign(struct groups *groups, size_t *of, bool apart)
{
	const struct slices *slices = &groups->stall->slices;

	for (size_t i = 0; i < slices->nr; i++) {
		const struct slice *slice = &slices->v[i];
		uint64_t hash = slice_place_hash(slice);
		size_t at = 0;

		while (at < groups->nr && (groups->v[at].place_hash != hash ||
					   !is_one(groups->v[at].largest, slice, apart)))
			at++;
		of[i] = at;
		if (at == GROUPS_MAX) {
			groups->left_ns = add_saturated(groups->left_ns, slice->ns);
			continue;
		}
		groups->nr += at == groups->nr;
		add(&groups->v[at], slice, hash);
	}
}

/* Gives each group its part of the memory, and puts its slices there. */
static void fill(struct groups *groups, const size_t *of)
{
	const struct slices *slices = &groups->stall->slices;
	size_t filled[GROUPS_MAX] = { 0 }, used = 0;

	for (size_t at = 0; at < groups->nr; at++) {
		groups->v[at].slices = groups->slices + used;
		used += groups->v[at].nr;
	}
	for (size_t i = 0; i < slices->nr; i++)
		if (of[i] < GROUPS_MAX)
			groups->v[of[i]].slices[filled[of[i]]++] = &slices->v[i];
}

static int compare_ns(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	if (a->ns != b->ns)
		return compare_numbers(b->ns, a->ns);
	return a->largest < b->largest ? -1 : a->largest > b->largest;
}

/* The group that a slice is in; NULL: it is none of them. */
static const struct group *group_of(const struct groups *groups, const struct slice *slice)
{
	for (size_t at = 0; slice && at < groups->nr; at++)
		if (is_one(groups->v[at].largest, slice, false))
			return &groups->v[at];
	return NULL;
}

int groups_make(struct groups *groups, const struct stall_record *stall, bool apart)
{
	size_t nr = stall->slices.nr;
	__freeing size_t *of = calloc(nr + 1, sizeof(of[0]));

	*groups = (struct groups){ .stall = stall };
	groups->slices = calloc(nr + 1, sizeof(groups->slices[0]));
	if (!of || !groups->slices)
		return -ENOMEM;
	assign(groups, of, apart);
	fill(groups, of);
	qsort(groups->v, groups->nr, sizeof(groups->v[0]), compare_ns);
	groups->verdict = group_of(groups, stall_verdict(stall));
	groups->place = group_of(groups, stall_place(stall));
	return 0;
}

void groups_free(struct groups *groups)
{
	free(groups->slices);
}
