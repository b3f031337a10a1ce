// SPDX-License-Identifier: GPL-2.0-or-later
/* What the slices of all loops may take together, who is cut first, and that freed memory goes back. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/give_back.h"
#include "model/finals.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/budget.h"
#include "stall/turn/collect.h"

#define LOOPS	   40
#define NAME_BYTES 32768u
#define MIB	   (1u << 20)
#define BOUND	   (33 * MIB)

static struct engine engine;

static struct slice deep_slice(unsigned int place, uint64_t ns)
{
	static char name[NAME_BYTES];
	const struct frame frame = { .kind = FRAME_PYTHON, .fn = name, .line = place };
	struct slice slice = { .cause = CAUSE_SLEEP, .ns = ns, .count = 1, .max_ns = ns };

	memset(name, 'x', sizeof(name) - 1);
	slice.stack = stack_new(&frame, 1, false);
	assert_non_null(slice.stack);
	return slice;
}

static void collect(struct loop *loop, unsigned int place, uint64_t ns)
{
	struct slice slice = deep_slice(place, ns);

	collect_turn(loop, 7);
	budget_spend(&engine, &slice);
	collect_add(loop, &slice, 1, 2);
}

static size_t all_bytes(void)
{
	size_t bytes = 0;

	for_each_loop (engine.loops, loop)
		bytes += collected_bytes(loop);
	return bytes;
}

static uint64_t sum_ns(const struct slices *slices)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < slices->nr; i++)
		ns += slices->v[i].ns;
	return ns;
}

static void many_loops_share_one_bound(void **state)
{
	struct loop *modest;
	struct slices slices;

	(void)state;
	assert_int_equal(loops_new(&engine.loops, LOOPS), 0);
	for (unsigned int slot = 1; slot <= LOOPS; slot++)
		loops_put(engine.loops, loop_new(slot, getpid(), getpid(), NULL));
	modest = loops_at(engine.loops, LOOPS);
	collect(modest, 1, 5);
	collect(modest, 2, 6);
	/* 200 of them would be 6 MiB: each is within its own bound */
	for (unsigned int i = 0; i < 200; i++)
		for (unsigned int slot = 1; slot < LOOPS; slot++) {
			collect(loops_at(engine.loops, slot), i + 1, i == 3 ? 1000 : 10);
			assert_true(all_bytes() <= BOUND);
		}
	slices = collected_take(modest, 7);
	assert_int_equal(slices.nr, 2);
	assert_int_equal(slices.placeless, 0);
	slices_free(&slices);
	slices = collected_take(loops_at(engine.loops, 1), 7);
	assert_true(slices.placeless > 0);
	assert_int_equal(sum_ns(&slices), 199 * 10 + 1000);
	/* the longest kept its place */
	slices_sort(&slices);
	for (size_t i = 0; i < slices.nr; i++)
		if (slices.v[i].ns == 1000)
			assert_int_equal(slices.v[i].stack->frames[0].line, 4);
	slices_free(&slices);
	for (unsigned int slot = 1; slot <= LOOPS; slot++)
		loop_free(loops_take(engine.loops, slot));
	loops_free(engine.loops);
}

static int count_ns(void *context, const struct stall_record *stall)
{
	*(uint64_t *)context += sum_ns(&stall->slices);
	return 0;
}

/* What outputs keep of stalls that last has a bound, too, though not one of them is over its own. */
static void stalls_that_last_share_one_bound(void **state)
{
	struct finals *finals;
	uint64_t ns = 0;

	(void)state;
	assert_int_equal(finals_new(&finals, count_ns, &ns), 0);
	for (int i = 1; i <= LOOPS; i++) {
		struct stall_record stall = { .id = { .pid = i, .tid = i }, .ongoing = true };

		snprintf(stall.turn, sizeof(stall.turn), "%d-1", i);
		for (unsigned int k = 0; k < 100; k++) {
			struct slice slice = deep_slice(k + 1, 10);

			assert_int_equal(slices_add(&stall.slices, &slice), 0);
		}
		assert_int_equal(finals_stall(finals, &stall), 0);
		slices_free(&stall.slices);
		assert_true(mallinfo2().uordblks + mallinfo2().hblkhd < 40 * MIB);
	}
	assert_int_equal(finals_end(finals), 0);
	assert_int_equal(ns, LOOPS * 100 * 10);
	finals_free(finals);
}

#ifndef __SANITIZE_ADDRESS__ /* whose malloc() gives nothing back */

static size_t resident(void)
{
	FILE *statm = fopen("/proc/self/statm", "re");
	size_t size, pages;

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%zu %zu", &size, &pages), 2);
	fclose(statm);
	return pages * (size_t)getpagesize();
}

/* Something small that stays holds up what is below it in the heap. */
static void what_was_freed_goes_back(void **state)
{
	static void *blocks[40000];
	struct give_back freed = { 0 };
	size_t before;

	(void)state;
	for (size_t i = 0; i < 40000; i++) {
		blocks[i] = malloc(1000);
		memset(blocks[i], 1, 1000);
	}
	before = resident();
	for (size_t i = 0; i + 1 < 40000; i++)
		free(blocks[i]);
	assert_true(resident() > before - 10 * MIB);
	give_back(&freed, 1);
	assert_true(resident() < before - 20 * MIB);
	free(blocks[39999]);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_loops_share_one_bound),
		cmocka_unit_test(stalls_that_last_share_one_bound),
#ifndef __SANITIZE_ADDRESS__
		cmocka_unit_test(what_was_freed_goes_back),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
