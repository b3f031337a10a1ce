// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows that are continued, and many names in few words. */
#include "records.h"

#include "text/listing.h"
#include "text/wrap.h"

static char *wrapped(const char *text, size_t indent, size_t columns)
{
	const struct look look = { .columns = columns };
	char *out = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&out, &size);

	assert_non_null(memory);
	wrap_plain(memory, text, indent, &look);
	fclose(memory);
	return out;
}

static void assert_wraps(const char *text, size_t indent, size_t columns, const char *expected)
{
	char *out = wrapped(text, indent, columns);

	assert_string_equal(out, expected);
	free(out);
}

static void rows_break_between_words(void **state)
{
	(void)state;
	assert_wraps("all of it fits", 4, 14, "all of it fits\n");
	assert_wraps("one two three", 2, 12, "one two\n  three\n");
	/* rather between fields than between words */
	assert_wraps("  a b c  d e f", 4, 12, "  a b c\n    d e f\n");
	/* in files rows have any width */
	assert_wraps("one two three", 2, 0, "one two three\n");
	assert_wraps("", 2, 8, "\n");
	assert_wraps("      ", 2, 4, "    \n");
}

static void words_that_are_too_long_break_behind_separators(void **state)
{
	(void)state;
	assert_wraps("/var/lib/postgresql/data", 2, 12, "/var/lib/\n  postgresql\n  /data\n");
	assert_wraps("aaaaaaaaaaaaaaaaaaaa", 2, 12, "aaaaaaaaaaaa\n  aaaaaaaa\n");
}

/* A character of two columns is not halved, and none is lost where there is no room at all. */
static void wide_characters_stay_whole(void **state)
{
	static const char wide[] = "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad";

	(void)state;
	assert_wraps(wide, 0, 9,
		     "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\n\xe4\xb8\xad\n");
	for (size_t columns = 1; columns < 30; columns++) {
		char *out = wrapped(wide, 20, columns), *to = out;

		for (const char *from = out; *from; from++)
			if (*from != '\n' && *from != ' ')
				*to++ = *from;
		*to = '\0';
		assert_string_equal(out, wide);
		free(out);
	}
}

static void colour_goes_on_in_the_next_row(void **state)
{
	const struct look look = { .columns = 12, .colour = true };
	const struct wrap wrap = { .indent = 2, .spans = { { 4, 13, LOOK_BOLD } } };
	char *out = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&out, &size);

	(void)state;
	assert_non_null(memory);
	assert_int_equal(wrap_print(memory, "one two three fourteen", &wrap, &look), 3);
	fclose(memory);
	assert_string_equal(out, "one \033[1mtwo\033[0m\n"
				 "  \033[1mthree\033[0m\n"
				 "  fourteen\n");
	free(out);
}

static void assert_listed(const char **names, size_t nr, const char *expected)
{
	char *text = listing(names, nr);

	assert_string_equal(text, expected);
	free(text);
}

static void runs_have_their_ends_only(void **state)
{
	const char *hosts[] = { "h10.blk.test", "h9.blk.test", "h8.blk.test", "h11.blk.test" };
	const char *tasks[] = { "Task-9", "Task-10", "Task-11", "other" };
	const char *gaps[] = { "a1", "a3", "a5" };
	const char *pair[] = { "b2", "b1" };
	const char *paths[] = { "/x/1/a", "/x/2/a", "/x/3/a", "/x/4/b" };
	const char *zeros[] = { "t08", "t09", "t10" };

	(void)state;
	assert_listed(hosts, NR(hosts), "h8 to h11.blk.test");
	assert_listed(tasks, NR(tasks), "Task-9 to Task-11 and other");
	assert_listed(gaps, NR(gaps), "a1, a3 and a5");
	assert_listed(pair, NR(pair), "b1 and b2");
	assert_listed(paths, NR(paths), "/x/1/a to /x/3/a and /x/4/b");
	assert_listed(zeros, NR(zeros), "t08 to t10");
	assert_listed(pair, 1, "b1");
	assert_listed(pair, 0, "");
}

static void very_many_are_counted(void **state)
{
	const char *names[40];
	char texts[40][8];

	(void)state;
	for (size_t i = 0; i < NR(names); i++) {
		snprintf(texts[i], sizeof(texts[i]), "n%02zu", 2 * i);
		names[i] = texts[i];
	}
	assert_listed(names, NR(names),
		      "n00, n02, n04, n06, n08, n10, n12, n14, n16, n18, n20, n22, n24, n26, n28, "
		      "n30 and 24 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_break_between_words),
		cmocka_unit_test(words_that_are_too_long_break_behind_separators),
		cmocka_unit_test(wide_characters_stay_whole),
		cmocka_unit_test(colour_goes_on_in_the_next_row),
		cmocka_unit_test(runs_have_their_ends_only),
		cmocka_unit_test(very_many_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
