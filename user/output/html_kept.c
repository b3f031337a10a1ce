// SPDX-License-Identifier: GPL-2.0-or-later
/* html_kept.c - which stalls are the longest so far: a heap with the shortest on top. */
#include "output/html_kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"

#define BYTES_MAX	(128u << 20)
#define STALL_BYTES_MAX (1u << 20) /* of one: the smallest of its places go first */

struct html_kept {
	struct html_stall *v;
	size_t nr;
	size_t capacity;
	size_t max;
	size_t bytes;
	html_kept_left_out *left_out;
	void *context;
};

int html_kept_new(struct html_kept **out, size_t max, html_kept_left_out *left_out, void *context)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->max = max;
	(*out)->left_out = left_out;
	(*out)->context = context;
	return 0;
}

void html_kept_free(struct html_kept *kept)
{
	if (!kept)
		return;
	for (size_t i = 0; i < kept->nr; i++)
		stall_clear(&kept->v[i].stall);
	free(kept->v);
	free(kept);
}

/* A later one of two that are as long is the first to go. */
static bool is_shorter(const struct html_stall *a, const struct html_stall *b)
{
	if (a->stall.duration_ns != b->stall.duration_ns)
		return a->stall.duration_ns < b->stall.duration_ns;
	return a->stall.time_ns > b->stall.time_ns;
}

static void swap(struct html_stall *a, struct html_stall *b)
{
	struct html_stall stall = *a;

	*a = *b;
	*b = stall;
}

static void rise(struct html_kept *kept, size_t at)
{
	for (; at && is_shorter(&kept->v[at], &kept->v[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&kept->v[at], &kept->v[(at - 1) / 2]);
}

static void sink_down(struct html_kept *kept)
{
	for (size_t at = 0, next; (next = 2 * at + 1) < kept->nr; at = next) {
		if (next + 1 < kept->nr && is_shorter(&kept->v[next + 1], &kept->v[next]))
			next++;
		if (!is_shorter(&kept->v[next], &kept->v[at]))
			return;
		swap(&kept->v[next], &kept->v[at]);
	}
}

static void drop_shortest(struct html_kept *kept)
{
	struct html_stall *shortest = &kept->v[0];

	kept->left_out(kept->context, shortest->loop, shortest->stall.duration_ns);
	kept->bytes -= shortest->bytes;
	stall_clear(&shortest->stall);
	*shortest = kept->v[--kept->nr];
	sink_down(kept);
}

void html_kept_limit(struct html_kept *kept, size_t max)
{
	kept->max = max;
	while (kept->nr > max)
		drop_shortest(kept);
}

static int grow(struct html_kept *kept)
{
	size_t capacity = kept->capacity ? 2 * kept->capacity : 64;
	struct html_stall *grown;

	if (kept->nr < kept->capacity)
		return 0;
	grown = reallocarray(kept->v, capacity, sizeof(grown[0]));
	if (!grown)
		return -ENOMEM;
	kept->v = grown;
	kept->capacity = capacity;
	return 0;
}

/* What a slice takes besides slice_bytes(), which leaves out what it waited for. */
static size_t target_bytes(const struct slice *slice)
{
	size_t bytes = string_bytes(slice->syscall);

	for (size_t i = 0; i < TARGET_FIELDS; i++)
		if (target_fields[i].type == TARGET_STRING)
			bytes += string_bytes(target_string(&slice->target, &target_fields[i]));
	return bytes;
}

/* Of a copy, whose stacks are shared by this. */
static size_t share(struct html_stacks *stacks, struct stall_record *stall)
{
	size_t bytes = sizeof(struct html_stall) + string_bytes(stall->advice) +
		       string_bytes(stall->id.runtime);

	for (size_t i = 0; i < stall->slices.nr; i++) {
		struct slice *slice = &stall->slices.v[i];
		struct slice bare = *slice;

		bytes += html_stacks_share(stacks, slice) + target_bytes(slice);
		bare.stack = bare.waker.stack = bare.holder.stack = NULL;
		bytes += slice_bytes(&bare);
	}
	return bytes;
}

/* Slices of a recording have not been added up. */
static void shrink(struct slices *slices)
{
	slices->bytes = 0;
	for (size_t i = 0; i < slices->nr; i++)
		slices->bytes += slice_bytes(&slices->v[i]);
	slices_shrink(slices, STALL_BYTES_MAX);
}

int html_kept_add(struct html_kept *kept, struct html_stacks *stacks,
		  const struct stall_record *stall, uint32_t loop)
{
	struct html_stall added = { .loop = loop };
	int err;

	if (kept->nr >= kept->max &&
	    (!kept->nr || stall->duration_ns <= kept->v[0].stall.duration_ns)) {
		kept->left_out(kept->context, loop, stall->duration_ns);
		return 0;
	}
	err = grow(kept);
	if (!err)
		err = stall_copy(&added.stall, stall);
	if (err)
		return err;
	shrink(&added.stall.slices);
	added.bytes = share(stacks, &added.stall);
	kept->v[kept->nr++] = added;
	kept->bytes += added.bytes;
	rise(kept, kept->nr - 1);
	while (kept->nr > kept->max || (kept->bytes > BYTES_MAX && kept->nr > 1))
		drop_shortest(kept);
	return 0;
}

size_t html_kept_bytes(const struct html_kept *kept)
{
	return kept->bytes;
}

size_t html_kept_nr(const struct html_kept *kept)
{
	return kept->nr;
}

static int compare_times(const void *left, const void *right)
{
	const struct html_stall *a = left, *b = right;

	if (a->stall.time_ns != b->stall.time_ns)
		return compare_numbers(a->stall.time_ns, b->stall.time_ns);
	if (a->loop != b->loop)
		return compare_numbers(a->loop, b->loop);
	return strcmp(a->stall.turn, b->stall.turn);
}

void html_kept_sort(struct html_kept *kept)
{
	if (kept->nr)
		qsort(kept->v, kept->nr, sizeof(kept->v[0]), compare_times);
}

const struct html_stall *html_kept_at(const struct html_kept *kept, size_t at)
{
	return &kept->v[at];
}
