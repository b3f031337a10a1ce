// SPDX-License-Identifier: GPL-2.0-or-later
/* Ranges of which the latest wins, against an array with a slot for each address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/child/ranges.h"

#define SPACE 4096

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void assert_same(const struct ranges *ranges, const uint32_t *truth)
{
	for (uint64_t addr = 0; addr < SPACE; addr++) {
		struct range found;

		if (!truth[addr]) {
			assert_false(ranges_find(ranges, addr, &found));
			continue;
		}
		assert_true(ranges_find(ranges, addr, &found));
		assert_int_equal(found.value, truth[addr]);
		assert_true(found.start <= addr && addr < found.end);
	}
}

static void add_random(struct ranges *ranges, uint32_t *truth, uint32_t *state, uint32_t value)
{
	uint32_t start = random_next(state) % (SPACE - 1);
	uint32_t most = random_next(state) % 16 ? 64 : SPACE;
	uint32_t size = 1 + random_next(state) % most;
	uint32_t end = start + size < SPACE ? start + size : SPACE;

	assert_int_equal(ranges_add(ranges, start, end, value), 0);
	for (uint32_t addr = start; addr < end; addr++)
		truth[addr] = value;
}

static void latest_wins(void **state)
{
	static uint32_t truth[SPACE];
	struct ranges *ranges;
	uint32_t seed = 1, value = 0;
	struct range *v;
	size_t nr;

	(void)state;
	memset(truth, 0, sizeof(truth));
	assert_int_equal(ranges_new(&ranges), 0);
	for (int round = 0; round < 40; round++) {
		uint32_t more = random_next(&seed) % (round % 4 ? 40 : 1500);

		for (uint32_t i = 0; i < more; i++)
			add_random(ranges, truth, &seed, ++value);
		if (round % 3)
			assert_int_equal(ranges_settle(ranges), 0);
		assert_same(ranges, truth);
	}
	assert_int_equal(ranges_all(ranges, &v, &nr), 0);
	for (size_t i = 1; i < nr; i++)
		assert_true(v[i - 1].end <= v[i].start);
	assert_same(ranges, truth);
	assert_int_equal(ranges_cut(ranges), 0);
	ranges_free(ranges);
}

/* All at one place, one in the other: what is kept stays small, and is found. */
static void nested(void **state)
{
	struct ranges *ranges;
	struct range found;
	uint32_t nr = 50000;

	(void)state;
	assert_int_equal(ranges_new(&ranges), 0);
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(ranges_add(ranges, i, 2 * nr - i, i), 0);
	assert_int_equal(ranges_settle(ranges), 0);
	for (uint32_t i = 0; i < nr; i += 1000) {
		assert_true(ranges_find(ranges, i, &found));
		assert_int_equal(found.value, i);
		assert_true(ranges_find(ranges, 2 * nr - i - 1, &found));
		assert_int_equal(found.value, i);
	}
	assert_int_equal(ranges_cut(ranges), 0);
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(ranges_add(ranges, 7, 9, i), 0);
	assert_int_equal(ranges_settle(ranges), 0);
	assert_true(ranges_find(ranges, 8, &found));
	assert_int_equal(found.value, nr - 1);
	ranges_free(ranges);
}

/* More than there is room for: the earliest are forgotten, and counted. */
static void too_many(void **state)
{
	uint32_t nr = RANGES_MAX + RANGES_MAX / 2;
	struct ranges *ranges;
	struct range found;

	(void)state;
	assert_int_equal(ranges_new(&ranges), 0);
	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(ranges_add(ranges, i * 16ULL, i * 16ULL + 8, i), 0);
	assert_int_equal(ranges_settle(ranges), 0);
	assert_true(ranges_find(ranges, (nr - 1) * 16ULL, &found));
	assert_int_equal(found.value, nr - 1);
	assert_false(ranges_find(ranges, (nr - 1) * 16ULL + 8, &found));
	assert_true(ranges_cut(ranges) >= RANGES_MAX / 4);
	assert_false(ranges_find(ranges, 0, &found));
	assert_true(ranges_bytes(ranges) < 64ULL * RANGES_MAX);
	ranges_free(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latest_wins),
		cmocka_unit_test(nested),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
