// SPDX-License-Identifier: GPL-2.0-or-later
/* The file of options: a shell's assignments, its quotes, and what is none. */
#include "records.h"

#include <errno.h>

#include "serve/defaults.h"

/* The words of a file with this text, joined by '|'; "-ERRNO at LINE" otherwise. */
static const char *words_of(struct temp *temp, const char *text)
{
	static char joined[256];
	const char *path = temp_path(temp, "a.txt");
	struct defaults defaults;
	size_t used = 0;
	int err;

	write_text(path, text);
	err = defaults_read(path, &defaults);
	joined[0] = 0;
	if (err)
		snprintf(joined, sizeof(joined), "%d at %zu", err, defaults.line);
	for (size_t i = 0; i < defaults.nr; i++)
		used += (size_t)snprintf(joined + used, sizeof(joined) - used, "%s%s", i ? "|" : "",
					 defaults.words[i]);
	defaults_free(&defaults);
	return joined;
}

static void options_are_a_shells_words(void **state)
{
	assert_string_equal(words_of(*state, ""), "");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=\n"), "");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=-v\n"), "-v");
	assert_string_equal(
		words_of(*state, "# one\n\nexport BLOCKPROF_OPTIONS=\"-t 50ms  -v\" # x\n"),
		"-t|50ms|-v");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS='-c \"a b|c\" --x=\"\\\"q\\\"\"'"),
			    "-c|a b|c|--x=\"q\"");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=\"-c 'a\\\\.b' ''\"\r\n"),
			    "-c|a\\.b|");
}

static void last_assignment_counts(void **state)
{
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=\"-t 1\"\nOTHER=\"x y\"\n"
					     "BLOCKPROF_OPTIONS=-q\nBLOCKPROF_OPTIONS2=z\n"),
			    "-q");
}

static void what_is_no_assignment_is_told_with_its_line(void **state)
{
	assert_string_equal(words_of(*state, "# x\n-t 50ms\n"), "-22 at 2");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=\"-t 50ms\n"), "-22 at 1");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=-t 50ms\n"), "-22 at 1");
	assert_string_equal(words_of(*state, "BLOCKPROF_OPTIONS=\"-c 'x\"\n"), "-22 at 1");
	assert_string_equal(words_of(*state, "=x\n"), "-22 at 1");
}

static void a_missing_file_has_no_options(void **state)
{
	struct defaults defaults;

	assert_int_equal(defaults_read(temp_path(*state, "b.jsonl"), &defaults), 0);
	assert_int_equal(defaults.nr, 0);
	defaults_free(&defaults);
}

static void what_is_no_file_of_text_is_refused(void **state)
{
	struct temp *temp = *state;
	const char *path = temp_path(temp, "a.txt");
	struct defaults defaults;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int i = 0; i < 20000; i++)
		fputs("# xx\n", file);
	fclose(file);
	assert_int_equal(defaults_read(path, &defaults), -EFBIG);
	assert_int_equal(defaults_read(temp->directory, &defaults), -ENOTSUP);
	assert_int_equal(defaults_read("/dev/zero", &defaults), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(options_are_a_shells_words, temp_setup,
						temp_teardown),
		cmocka_unit_test_setup_teardown(last_assignment_counts, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_assignment_is_told_with_its_line,
						temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(a_missing_file_has_no_options, temp_setup,
						temp_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_file_of_text_is_refused, temp_setup,
						temp_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
