// SPDX-License-Identifier: GPL-2.0-or-later
/* settle.c - which slices of a turn are the same place, and what a ledger says that no slice does. */
#include "stall/turn/settle.h"

#include <string.h>

static void add_plain(struct slices *slices, enum cause cause, uint64_t ns, uint64_t count)
{
	struct slice slice = {
		.cause = cause, .ns = ns, .count = count, .max_ns = count == 1 ? ns : 0
	};

	if (ns)
		slices_add(slices, &slice);
}

static uint64_t sum_of(const struct slices *slices, bool cpu)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < slices->nr; i++)
		if (cpu ? slice_is_cpu(&slices->v[i]) : slice_is_blocked(&slices->v[i]))
			sum += slices->v[i].ns;
	return sum;
}

/*
 * A limit of memory holds a thread back where it blocks, which the kernel side calls blocked.
 * Returns how long it did.
 */
static uint64_t take_throttled(const struct slices *slices, struct ledger *ledger)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < slices->nr; i++)
		if (slices->v[i].cause == CAUSE_THROTTLED)
			ns += slices->v[i].ns;
	ns = ns < ledger->blocked_ns ? ns : ledger->blocked_ns;
	ledger->blocked_ns -= ns;
	ledger->throttled_ns += ns;
	return ns;
}

/*
 * Where the turn's start was found later than it seemed, its first samples stand for time
 * before that, too: what is too much is taken from where most of them were.
 */
static void take_cpu(struct slices *slices, uint64_t excess_ns)
{
	size_t kept = 0;

	slices_sort(slices);
	for (size_t i = 0; i < slices->nr; i++) {
		struct slice *slice = &slices->v[i];

		if (slice_is_cpu(slice) && excess_ns) {
			uint64_t ns = slice->ns < excess_ns ? slice->ns : excess_ns;

			slice->ns -= ns;
			excess_ns -= ns;
		}
		if (!slice->ns)
			slice_clear(slice);
		else if (kept++ != i)
			slices->v[kept - 1] = *slice;
	}
	slices->nr = kept;
}

/*
 * Makes the slices agree with the ledger: cpu time that no sample stands
 * for goes to the place where most samples were; blocked time whose slices
 * were lost has no place. While a turn lasts, they may only be on their way.
 */
static void complete(struct slices *slices, struct ledger *ledger, bool ongoing)
{
	uint64_t cpu_ns = sum_of(slices, true), blocked_ns = sum_of(slices, false);
	uint64_t throttled_ns = take_throttled(slices, ledger);
	struct slice *most = NULL;

	if (cpu_ns > ledger->cpu_ns) {
		take_cpu(slices, cpu_ns - ledger->cpu_ns);
		cpu_ns = ledger->cpu_ns;
	}
	for (size_t i = 0; i < slices->nr; i++)
		if (slice_is_cpu(&slices->v[i]) && (!most || slices->v[i].ns > most->ns))
			most = &slices->v[i];
	if (ledger->cpu_ns > cpu_ns) {
		if (most)
			most->ns += ledger->cpu_ns - cpu_ns;
		else
			add_plain(slices, CAUSE_CPU, ledger->cpu_ns, 0);
	}
	if (ledger->blocked_ns > blocked_ns && !ongoing)
		add_plain(slices, CAUSE_OTHER, ledger->blocked_ns - blocked_ns, 0);
	add_plain(slices, CAUSE_RUNQUEUE, ledger->runqueue_ns, 0);
	add_plain(slices, CAUSE_THROTTLED, ledger->throttled_ns - throttled_ns, 0);
	slices_sort(slices);
}

/*
 * Some of what a slice is, is not seen each time: that a nap is one between two
 * looks at a child or a lock, which file a page fault reads (both only once the
 * turn is old), what a child is called (not when it has ended). What came from
 * the same place in the same turn was the same.
 */
static bool was_same(const struct slice *early, const struct slice *known)
{
	if (!early->stack || !stack_equal(known->stack, early->stack))
		return false;
	/* a child that has been waited for has no name any more */
	if (early->cause == CAUSE_CHILD)
		return known->cause == CAUSE_CHILD && !early->target.comm && known->target.comm &&
		       (!early->target.pid || early->target.pid == known->target.pid);
	if (early->cause == CAUSE_FAULT)
		return known->cause == CAUSE_FAULT && !early->target.kind && known->target.kind;
	return early->cause == CAUSE_SLEEP &&
	       (known->cause == CAUSE_CHILD || known->cause == CAUSE_FILE) && known->syscall &&
	       early->syscall && !strcmp(known->syscall, early->syscall);
}

static void join_early(struct slices *slices)
{
	struct slices joined = { .placeless = slices->placeless };

	for (size_t i = 0; i < slices->nr; i++) {
		struct slice *early = &slices->v[i];

		for (size_t k = 0; k < slices->nr; k++) {
			if (!was_same(early, &slices->v[k]))
				continue;
			early->cause = slices->v[k].cause;
			target_free(&early->target);
			target_copy(&early->target, &slices->v[k].target);
			break;
		}
	}
	for (size_t i = 0; i < slices->nr; i++)
		slices_add(&joined, &slices->v[i]);
	slices->nr = 0;
	slices_free(slices);
	*slices = joined;
}

void settle_slices(struct slices *slices, struct ledger *ledger, bool ongoing)
{
	join_early(slices);
	complete(slices, ledger, ongoing);
}
