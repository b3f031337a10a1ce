// SPDX-License-Identifier: GPL-2.0-or-later
/* Line tables: all of some modules, against the interpreters' own reading; and nonsense. */
#include "python/target.h"
#include "runtime/python/lines.h"

#define TABLE_BYTES (256u << 10)

static size_t from_hex(const char *hex, unsigned char *out)
{
	size_t nr = strlen(hex) / 2;

	assert_true(nr <= TABLE_BYTES);
	for (size_t i = 0; i < nr; i++) {
		char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		out[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return nr;
}

/* Each code unit of one code object. Returns how many. */
static size_t check_table(enum py_line_format format, char **fields, unsigned char *table)
{
	int64_t first = strtoll(fields[1], NULL, 10), at = 0;
	size_t size = from_hex(fields[2], table), nr = 0;
	char *range = fields[3];

	while (*range) {
		int64_t end = strtoll(range, &range, 10);
		unsigned long line = strtoul(range + 1, &range, 10);

		for (; at < end; at += 2, nr++) {
			unsigned int got = py_line(format, table, size, first, at);

			if (got != line)
				fail_msg("%u, not %lu: first %s, offset %lld", got, line, fields[1],
					 (long long)at);
		}
		range += *range == ';';
	}
	return nr;
}

static enum py_line_format format_of(unsigned long minor)
{
	return py_layout_of((unsigned int)minor)->lines;
}

static void tables_of_the_library(void **state)
{
	struct target *target = target_start(*state, "tables.py");
	unsigned char *table = malloc(TABLE_BYTES);
	enum py_line_format format = format_of(strtoul(target_line(target)->fields[1], NULL, 10));
	struct report *line;
	size_t units = 0;

	assert_non_null(table);
	while ((line = target_line(target)) != NULL) {
		units += check_table(format, line->fields, table);
		free(line->text);
		target->nr--;
	}
	free(table);
	assert_true(units > 50000);
}

static void nonsense(void **state)
{
	unsigned char table[64];

	(void)state;
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		size_t size = (size_t)random() % (sizeof(table) + 1);

		for (size_t at = 0; at < size; at++)
			table[at] = (unsigned char)random();
		for (int format = PY_LINES_LNOTAB; format <= PY_LINES_LOCATIONS; format++)
			assert_true(py_line((enum py_line_format)format, table, size, INT32_MAX,
					    random() % 4096) <= INT32_MAX);
	}
	assert_int_equal(py_line(PY_LINES_LOCATIONS, NULL, 0, 7, 0), 0);
	assert_int_equal(py_line(PY_LINES_RANGES, NULL, 0, 7, 0), 0);
	/* Up to 3.9 a function on one line has an empty table. */
	assert_int_equal(py_line(PY_LINES_LNOTAB, NULL, 0, 7, 0), 7);
	assert_int_equal(py_line(PY_LINES_LOCATIONS, NULL, 0, 7, -1), 7);
	assert_int_equal(py_line(PY_LINES_LNOTAB, NULL, 0, -7, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(tables_of_the_library),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
