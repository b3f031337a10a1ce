/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of losses, and the man page's list. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static int has_name(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += len)
		if (at > text && !isalnum(at[-1]) && at[-1] != '_' && !isalnum(at[len]) &&
		    at[len] != '_')
			return 1;
	return 0;
}

/* scripts/unit runs from the top of the tree. */
static void test_man_page(void **state)
{
	static char page[256 << 10];
	FILE *file = fopen("scripts/blockprof.8", "re");
	size_t bytes;

	(void)state;
	assert_non_null(file);
	bytes = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	assert_in_range(bytes, 1, sizeof(page) - 2);
	for (int loss = 0; loss < LOSS_NR; loss++)
		if (!has_name(page, loss_name((enum loss)loss)))
			fail_msg("scripts/blockprof.8 does not list %s",
				 loss_name((enum loss)loss));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_man_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
