// SPDX-License-Identifier: GPL-2.0-or-later
/* --match: which stacks are like a pattern, and what is left of slices. */
#include "output/match.h"
#include "records.h"

#include <errno.h>

static struct stack *the_stack(void)
{
	const struct frame frames[] = {
		KERNEL("do_nanosleep"),
		NATIVE("PQexec", "/usr/lib/libpq.so.5"),
		PYTHON("Db.fetch", "/app/db.py", 12),
	};

	return stack_new(frames, NR(frames), false);
}

static bool is_like(const char *pattern)
{
	struct stack *stack = the_stack();
	struct match *match;
	char reason[PATTERN_REASON_BYTES];
	bool like;

	assert_int_equal(match_new(&match, pattern, reason), 0);
	like = match_stack(match, stack);
	assert_false(match_stack(match, NULL));
	match_free(match);
	stack_put(stack);
	return like;
}

static void function_file_or_module(void **state)
{
	(void)state;
	assert_true(is_like("^do_nanosleep$"));
	assert_true(is_like("PQ(exec|get)"));
	assert_true(is_like("libpq"));
	assert_true(is_like("/app/.*\\.py$"));
	assert_true(is_like("Db\\.fetch"));
	assert_true(is_like(""));
	assert_false(is_like("nanosleep2"));
	assert_false(is_like("^fetch"));
	assert_false(is_like("do_nanosleep.*PQexec")); /* a frame, not the stack as a whole */
	assert_false(is_like("db.py:12"));
}

static void no_pattern(void **state)
{
	static const char *const wrong[] = { "(", "[a", "a{9,2}", "*a|(" };

	(void)state;
	for (size_t i = 0; i < NR(wrong); i++) {
		struct match *match = NULL;
		char reason[PATTERN_REASON_BYTES] = "";

		assert_int_equal(match_new(&match, wrong[i], reason), -EINVAL);
		assert_true(reason[0]);
		assert_null(match);
	}
}

static void none_is_like_all(void **state)
{
	struct slices none = { 0 };

	(void)state;
	assert_true(match_stack(NULL, NULL));
	assert_true(match_slices(NULL, &none));
	match_free(NULL);
}

static void slices_that_are(void **state)
{
	struct slice with = { .cause = CAUSE_SLEEP, .ns = MS, .count = 1 };
	struct slice without = { .cause = CAUSE_RUNQUEUE, .ns = 2 * MS, .count = 1 };
	struct slices slices = { 0 }, left;
	struct match *match;
	char reason[PATTERN_REASON_BYTES];

	(void)state;
	with.stack = the_stack();
	assert_int_equal(match_new(&match, "fetch", reason), 0);
	assert_int_equal(slices_add(&slices, &without), 0);
	assert_false(match_slices(match, &slices));
	assert_int_equal(slices_add(&slices, &with), 0);
	assert_true(match_slices(match, &slices));
	assert_int_equal(match_copy(match, &left, &slices), 0);
	assert_int_equal(left.nr, 1);
	assert_int_equal(left.v[0].cause, CAUSE_SLEEP);
	slices_free(&left);
	slices_free(&slices);
	match_free(match);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(function_file_or_module),
		cmocka_unit_test(no_pattern),
		cmocka_unit_test(none_is_like_all),
		cmocka_unit_test(slices_that_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
