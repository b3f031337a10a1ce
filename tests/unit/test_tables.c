// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of causes, culprits, notes and formats, and what the man page and the completion have of them. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "output/formats.h"

#define MAN_PAGE   "scripts/blockprof.8"
#define COMPLETION "scripts/blockprof.bash"

#define BYTES_MAX (256u << 10)

/* scripts/unit runs from the top of the tree. The caller frees. */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, BYTES_MAX);

	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, BYTES_MAX, file), 1, BYTES_MAX - 1);
	fclose(file);
	return text;
}

/* What is between begin and the first of ends that follows it, or the end of the file. The caller frees. */
static char *part_of(const char *path, const char *begin, const char *const *ends)
{
	char *text = read_file(path), *found = strstr(text, begin), *part;
	size_t length;

	if (!found)
		fail_msg("%s has no \"%s\"", path, begin);
	part = strdup(found ? found + strlen(begin) : "");
	free(text);
	length = strlen(part);
	for (; *ends; ends++) {
		const char *end = strstr(part, *ends);

		if (end && (size_t)(end - part) < length)
			length = (size_t)(end - part);
	}
	part[length] = '\0';
	return part;
}

static char *section(const char *name)
{
	static const char *const ends[] = { "\n.SS ", "\n.SH ", NULL };
	char begin[64];

	snprintf(begin, sizeof(begin), "\n.SS %s\n", name);
	return part_of(MAN_PAGE, begin, ends);
}

/* A row of a table in the man page: "name|meaning". */
static void assert_row(const char *part, const char *name, const char *meaning)
{
	char row[256];

	snprintf(row, sizeof(row), "\n%s|%s\n", name, meaning);
	if (!strstr(part, row))
		fail_msg("%s has no row \"%s|%s\"", MAN_PAGE, name, meaning);
}

static size_t rows_in(const char *part)
{
	const char *table = strstr(part, "lB l.\n");
	size_t rows = 0;

	assert_non_null(table);
	for (; *table && strncmp(table, ".TE", 3) != 0; table++)
		rows += *table == '|';
	return rows;
}

static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || !isalnum((unsigned char)at[-1])) && at[length] != '_' &&
		    !isalnum((unsigned char)at[length]))
			return true;
	return false;
}

static void test_causes(void **state)
{
	char *part = section("Causes");

	(void)state;
	for (int i = 0; i < CAUSE_NR; i++) {
		enum cause cause = (enum cause)i;
		const struct cause_words *words = cause_words(cause);

		assert_int_equal(cause_parse(cause_name(cause)), cause);
		assert_row(part, cause_name(cause), words->meaning);
		assert_true(strncmp(words->lasting, "still ", 6) == 0);
		assert_non_null(words->deed);
	}
	assert_int_equal(rows_in(part), CAUSE_NR);
	assert_int_equal(cause_parse("nothing"), CAUSE_NR);
	free(part);
}

static void test_culprits(void **state)
{
	char *part = section("Culprits");

	(void)state;
	for (int i = 0; i < CULPRIT_KIND_NR; i++) {
		enum culprit_kind kind = (enum culprit_kind)i;

		assert_int_equal(culprit_kind_parse(culprit_kind_name(kind)), kind);
		assert_row(part, culprit_kind_name(kind), culprit_kind_meaning(kind));
	}
	assert_int_equal(rows_in(part), CULPRIT_KIND_NR);
	free(part);
}

static void test_doubts(void **state)
{
	char *part = section("Doubts");

	(void)state;
	for (int i = DOUBT_NONE + 1; i < DOUBT_NR; i++) {
		enum doubt doubt = (enum doubt)i;

		assert_int_equal(doubt_parse(doubt_name(doubt)), doubt);
		assert_row(part, doubt_name(doubt), doubt_meaning(doubt));
	}
	assert_int_equal(rows_in(part), DOUBT_NR - 1);
	assert_null(doubt_name(DOUBT_NONE));
	assert_int_equal(doubt_parse("nothing"), DOUBT_NR);
	free(part);
}

static void test_discards(void **state)
{
	char *part = section("Discarded turns");

	(void)state;
	for (int i = 0; i < DISCARD_NR; i++) {
		enum discard reason = (enum discard)i;
		const char *name = discard_name(reason);

		assert_int_equal(discard_parse(name), reason);
		assert_row(part, name, discard_words(name));
	}
	assert_int_equal(rows_in(part), DISCARD_NR);
	assert_int_equal(discard_parse("nothing"), DISCARD_NR);
	assert_string_equal(discard_words("nothing"), "nothing");
	free(part);
}

static void test_blind(void **state)
{
	char *part = section("Blind spots");

	(void)state;
	for (int i = 0; i < BLIND_NR; i++) {
		const char *name = blind_name((enum blind)i);

		assert_row(part, name, blind_words(name));
		assert_non_null(blind_advice((enum blind)i));
	}
	assert_int_equal(rows_in(part), BLIND_NR);
	assert_string_equal(blind_words("nothing"), "nothing");
	free(part);
}

static void test_notes(void **state)
{
	char *part = section("Notes");

	(void)state;
	for (int i = 0; i < NOTE_KIND_NR; i++) {
		enum note_kind kind = (enum note_kind)i;
		const char *growing = note_kind_growing(kind);

		assert_int_equal(note_kind_parse(note_kind_name(kind)), kind);
		if (!has_word(part, note_kind_name(kind)))
			fail_msg("%s has no note %s", MAN_PAGE, note_kind_name(kind));
		assert_true(!growing || strstr(note_kind_name(kind), growing));
	}
	free(part);
}

static void test_formats(void **state)
{
	static const char *const option_ends[] = { "\n.TP\n", NULL };
	static const char *const section_ends[] = { "\n.SH ", NULL };
	static const char *const list_ends[] = { "'", NULL };
	char *option = part_of(MAN_PAGE, "\n.BR \\-F \", \" \\-\\-format", option_ends);
	char *files = part_of(MAN_PAGE, "\n.SH FILES\n", section_ends);
	char *of_dumps = part_of(COMPLETION, " formats='", list_ends);
	char *others = part_of(COMPLETION, " formats+='", list_ends), *completed = NULL;
	char names[OUTPUT_NAMES_BYTES], *rest;
	size_t nr = 0, nr_completed = 0;
	const struct output_format *format;

	(void)state;
	assert_true(asprintf(&completed, "%s%s", of_dumps, others) > 0);
	rest = completed;
	output_format_names(false, names);
	for (; (format = output_format_at(nr)); nr++) {
		assert_ptr_equal(output_format_by_name(format->name), format);
		assert_true(has_word(names, format->name));
		if (!has_word(option, format->name))
			fail_msg("-F of %s does not list %s", MAN_PAGE, format->name);
		if (!has_word(completed, format->name))
			fail_msg("%s does not complete %s", COMPLETION, format->name);
		for (const char *const *suffix = format->suffixes; *suffix; suffix++) {
			char pattern[32];

			snprintf(pattern, sizeof(pattern), "*%s", *suffix);
			if (!strstr(files, pattern))
				fail_msg("FILES of %s does not have %s", MAN_PAGE, pattern);
			assert_ptr_equal(output_format_by_path(pattern), format);
		}
	}
	while (strsep(&rest, " "))
		nr_completed++;
	assert_int_equal(nr_completed, nr);
	free(option);
	free(files);
	free(of_dumps);
	free(others);
	free(completed);
}

static void formats_are_found(void **state)
{
	static const char *const paths[][2] = {
		{ "x.jsonl", "json" },	     { "/a/b.jsonl.gz", "json" }, { "x.folded", "folded" },
		{ "x.folded.gz", "folded" }, { "x.txt", "text" },
	};
	char names[OUTPUT_NAMES_BYTES], *save = NULL;
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_string_equal(output_format_by_path(paths[i][0])->name, paths[i][1]);
	assert_null(output_format_by_path("x.gz"));
	assert_null(output_format_by_path("jsonl"));
	assert_null(output_format_by_path(""));
	assert_null(output_format_by_name("JSON"));
	output_format_names(false, names);
	for (char *name = strtok_r(names, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
		assert_non_null(output_format_by_name(name));
		nr++;
	}
	assert_true(nr >= 3);
	assert_string_equal(output_format_names(true, names), "text, json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),	cmocka_unit_test(test_culprits),
		cmocka_unit_test(test_doubts),	cmocka_unit_test(test_discards),
		cmocka_unit_test(test_blind),	cmocka_unit_test(test_notes),
		cmocka_unit_test(test_formats), cmocka_unit_test(formats_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
