// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of losses; test_schema.c holds the description of their names against it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/loss.h"

static void test_names(void **state)
{
	(void)state;
	for (int loss = 0; loss < LOSS_NR; loss++) {
		const char *name = loss_name((enum loss)loss);

		assert_non_null(name);
		assert_string_equal(name + strspn(name, "abcdefghijklmnopqrstuvwxyz_"), "");
		for (int other = 0; other < loss; other++)
			assert_string_not_equal(name, loss_name((enum loss)other));
	}
}

static void test_words(void **state)
{
	(void)state;
	for (int loss = 0; loss < LOSS_NR; loss++) {
		const char *name = loss_name((enum loss)loss), *words = loss_words(name);

		assert_non_null(words);
		assert_string_not_equal(words, name);
		assert_non_null(strchr(words, ' '));
		assert_null(strchr(words, '_'));
	}
	assert_string_equal(loss_words("of_another_version"), "of_another_version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
