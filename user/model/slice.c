// SPDX-License-Identifier: GPL-2.0-or-later
/* slice.c - when two slices are the same, what becomes of them then, and how many are kept apart. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/model.h"
#include "model/place.h"

/*
 * So many slices a set keeps apart, of so many bytes. Of further ones it keeps the
 * cause and the time, not the place: sums stay right, and memory bounded.
 */
#define SLICES_MAX	 1024
#define SLICES_MAX_BYTES (8u * 1024 * 1024)

/* A tick may come late by so much. */
#define TICKS_GAP_NS NS_PER_MS

/* A collection is waited for in a call: for those that collect with this thread, or instead of it. */
bool slice_is_cpu(const struct slice *slice)
{
	return slice->cause == CAUSE_CPU || (slice->cause == CAUSE_GC && !slice->syscall);
}

bool slice_is_blocked(const struct slice *slice)
{
	return cause_is_blocked(slice->cause) || (slice->cause == CAUSE_GC && slice->syscall);
}

void slice_clear(struct slice *slice)
{
	free(slice->syscall);
	free(slice->task_name);
	free(slice->task_coro);
	target_free(&slice->target);
	stack_put(slice->stack);
	stack_put(slice->waker.stack);
	stack_put(slice->holder.stack);
	culprits_free(&slice->culprits);
	intervals_free(&slice->intervals);
	*slice = (struct slice){ 0 };
}

int slice_copy(struct slice *to, const struct slice *from)
{
	int err;

	*to = *from;
	to->stack = stack_get(from->stack);
	to->waker.stack = stack_get(from->waker.stack);
	to->holder.stack = stack_get(from->holder.stack);
	err = copy_string(&to->syscall, from->syscall);
	err |= copy_string(&to->task_name, from->task_name);
	err |= copy_string(&to->task_coro, from->task_coro);
	err |= target_copy(&to->target, &from->target);
	err |= culprits_copy(&to->culprits, &from->culprits);
	err |= intervals_copy(&to->intervals, &from->intervals);
	if (err) {
		slice_clear(to);
		return -ENOMEM;
	}
	return 0;
}

bool slice_same(const struct slice *a, const struct slice *b)
{
	return a->cause == b->cause && stack_equal(a->stack, b->stack) &&
	       compare_strings(a->syscall, b->syscall) == 0 &&
	       compare_strings(a->task_name, b->task_name) == 0 &&
	       compare_strings(a->task_coro, b->task_coro) == 0 &&
	       target_equal(&a->target, &b->target) && a->holder.collects == b->holder.collects;
}

/* Samples on the CPU are in one helper of the interpreter or another, which nobody is shown. */
bool slice_same_place(const struct slice *a, const struct slice *b)
{
	return a->cause == b->cause && place_same(a->stack, b->stack);
}

uint64_t slice_place_hash(const struct slice *slice)
{
	return place_hash((uint64_t)slice->cause, slice->stack);
}

static void swap_parties(struct party *a, struct party *b)
{
	struct party kept = *a;

	*a = *b;
	*b = kept;
}

/* Ticks come one after the other where nothing came in between; blocks are told apart. */
static uint64_t gap_ns(const struct slice *slice)
{
	return slice_is_cpu(slice) ? TICKS_GAP_NS : 0;
}

static void merge(struct slice *into, struct slice *from)
{
	/* Waker and holder are those of the longest block, or of the longest that has any. */
	bool longer = from->max_ns > into->max_ns;

	if (from->waker.pid && (longer || !into->waker.pid))
		swap_parties(&into->waker, &from->waker);
	if (from->holder.pid && (longer || !into->holder.pid))
		swap_parties(&into->holder, &from->holder);
	for (size_t i = 0; i < from->culprits.nr; i++)
		culprits_add(&into->culprits, &from->culprits.v[i]);
	into->ns = add_saturated(into->ns, from->ns);
	into->count = add_saturated(into->count, from->count);
	if (longer) {
		into->max_ns = from->max_ns;
		into->timed_out = from->timed_out;
	}
	intervals_take(&into->intervals, &from->intervals, gap_ns(into));
	slice_clear(from);
}

static struct slice *find_same(struct slices *slices, const struct slice *slice)
{
	for (size_t i = 0; i < slices->nr; i++)
		if (slice_same(&slices->v[i], slice))
			return &slices->v[i];
	return NULL;
}

size_t slice_bytes(const struct slice *slice)
{
	const struct stack *const stacks[] = { slice->stack, slice->waker.stack,
					       slice->holder.stack };
	size_t bytes = sizeof(*slice) + string_bytes(slice->task_name) +
		       string_bytes(slice->task_coro) + culprits_bytes(&slice->culprits) +
		       slice->intervals.nr * sizeof(slice->intervals.v[0]);

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++)
		bytes += stacks[i] ? stacks[i]->bytes : 0;
	return bytes;
}

static bool is_full(const struct slices *slices)
{
	return slices->nr >= SLICES_MAX || slices->bytes >= SLICES_MAX_BYTES;
}

static void forget_place(struct slice *slice)
{
	struct slice rest = {
		.cause = slice->cause,
		.ns = slice->ns,
		.count = slice->count,
		.max_ns = slice->max_ns,
	};

	slice_clear(slice);
	*slice = rest;
}

int slices_add(struct slices *slices, struct slice *from)
{
	struct slice *same = find_same(slices, from);
	size_t had;

	if (!same && is_full(slices)) {
		forget_place(from);
		slices->placeless++;
		same = find_same(slices, from);
	}
	if (same) {
		had = slice_bytes(same);
		merge(same, from);
		slices->bytes += slice_bytes(same);
		slices->bytes -= had < slices->bytes ? had : slices->bytes;
		return 0;
	}
	if (slices->nr == slices->capacity) {
		size_t capacity = slices->capacity ? 2 * slices->capacity : 8;
		struct slice *v = realloc(slices->v, capacity * sizeof(*v));

		if (!v) {
			slice_clear(from);
			return -ENOMEM;
		}
		slices->v = v;
		slices->capacity = capacity;
	}
	slices->bytes += slice_bytes(from);
	slices->v[slices->nr++] = *from;
	*from = (struct slice){ 0 };
	return 0;
}

static int compare_slices(const void *left, const void *right)
{
	const struct slice *a = left, *b = right;
	int order = compare_numbers(b->ns, a->ns);

	if (!order)
		order = compare_numbers(a->cause, b->cause);
	if (!order)
		order = compare_strings(a->syscall, b->syscall);
	if (!order)
		order = compare_strings(a->task_name, b->task_name);
	if (!order)
		order = compare_strings(a->task_coro, b->task_coro);
	if (!order)
		order = target_compare(&a->target, &b->target);
	if (!order)
		order = compare_numbers(a->stack ? a->stack->hash : 0,
					b->stack ? b->stack->hash : 0);
	if (!order)
		order = a->holder.collects - b->holder.collects;
	return order;
}

void slices_sort(struct slices *slices)
{
	for (size_t i = 0; i < slices->nr; i++)
		intervals_sort(&slices->v[i].intervals);
	if (slices->nr)
		qsort(slices->v, slices->nr, sizeof(slices->v[0]), compare_slices);
}

void slices_free(struct slices *slices)
{
	for (size_t i = 0; i < slices->nr; i++)
		slice_clear(&slices->v[i]);
	free(slices->v);
	*slices = (struct slices){ 0 };
}

void slices_shrink(struct slices *slices, size_t bytes)
{
	size_t nr = slices->nr, kept = 0;

	if (slices->bytes <= bytes)
		return;
	slices_sort(slices);
	slices->bytes = 0;
	for (; kept < nr && slices->bytes + slice_bytes(&slices->v[kept]) <= bytes; kept++)
		slices->bytes += slice_bytes(&slices->v[kept]);
	slices->nr = kept;
	/* they need no more room than they had: one is left of each cause */
	for (size_t i = kept; i < nr; i++) {
		struct slice rest = slices->v[i];

		slices->placeless += rest.stack || rest.syscall;
		forget_place(&rest);
		slices_add(slices, &rest);
	}
}

int slices_copy(struct slices *to, const struct slices *from)
{
	*to = (struct slices){ .cut = from->cut, .bytes = from->bytes };
	if (!from->nr)
		return 0;
	to->v = calloc(from->nr, sizeof(to->v[0]));
	if (!to->v)
		return -ENOMEM;
	to->capacity = from->nr;
	for (; to->nr < from->nr; to->nr++) {
		int err = slice_copy(&to->v[to->nr], &from->v[to->nr]);

		if (err) {
			slices_free(to);
			return err;
		}
	}
	return 0;
}

enum cause slices_cause(const struct slices *slices)
{
	uint64_t sums[CAUSE_NR] = { 0 };
	enum cause largest = CAUSE_OTHER;

	for (size_t i = 0; i < slices->nr; i++)
		sums[slices->v[i].cause] = add_saturated(sums[slices->v[i].cause], slices->v[i].ns);
	for (int cause = CAUSE_NR - 1; cause >= 0; cause--)
		if (sums[cause] && sums[cause] >= sums[largest])
			largest = (enum cause)cause;
	return largest;
}
