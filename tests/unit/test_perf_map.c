// SPDX-License-Identifier: GPL-2.0-or-later
/* Perf maps as makers write them, and as nobody should. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/perf_map.h"

struct fixture {
	struct perf_map *map;
	int fd;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture || perf_map_new(&fixture->map))
		return -1;
	fixture->fd = memfd_create("perf-map", MFD_CLOEXEC);
	*state = fixture;
	return fixture->fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	perf_map_free(fixture->map);
	close(fixture->fd);
	free(fixture);
	return 0;
}

static void append_bytes(struct fixture *fixture, const void *bytes, size_t nr)
{
	assert_true(lseek(fixture->fd, 0, SEEK_END) >= 0);
	assert_int_equal(write(fixture->fd, bytes, nr), nr);
}

static void append(struct fixture *fixture, const char *text)
{
	append_bytes(fixture, text, strlen(text));
}

/* All there is; in how many parts. */
static unsigned int read_all(struct fixture *fixture)
{
	unsigned int parts = 0;
	bool more = true;

	for (; more; parts++) {
		assert_true(parts < 200);
		assert_int_equal(perf_map_read(fixture->map, fixture->fd, &more), 0);
	}
	return parts;
}

static const char *name_at(const struct fixture *fixture, uint64_t addr)
{
	uint64_t start;
	const char *name = perf_map_find(fixture->map, addr, &start);

	if (name)
		assert_true(start <= addr);
	return name;
}

static void assert_name(const struct fixture *fixture, uint64_t addr, const char *expected)
{
	const char *name = name_at(fixture, addr);

	if (!expected) {
		assert_null(name);
		return;
	}
	assert_non_null(name);
	assert_string_equal(name, expected);
}

static void as_makers_write_them(void **state)
{
	struct fixture *fixture = *state;
	uint64_t start = 0;

	append(fixture, "7f12fc02dd00 270 JS:*sell /srv/the shop/shop.js:3:18\n"
			"0x00007f5a0d3ba000 0x00000000000002a0 int Shop.sell(java.lang.String)\n"
			"00007F2D8C2C0000 1a2 instance void [shop] Shop::Sell(int32)[Tier0]\n"
			"55ab00 1c TRACE_3::shop.lua:2\n");
	read_all(fixture);
	assert_name(fixture, 0x7f12fc02dcff, NULL);
	assert_name(fixture, 0x7f12fc02dd00, "JS:*sell /srv/the shop/shop.js:3:18");
	assert_name(fixture, 0x7f12fc02df6f, "JS:*sell /srv/the shop/shop.js:3:18");
	assert_name(fixture, 0x7f12fc02df70, NULL);
	assert_name(fixture, 0x7f5a0d3ba010, "int Shop.sell(java.lang.String)");
	assert_name(fixture, 0x7f2d8c2c01a1, "instance void [shop] Shop::Sell(int32)[Tier0]");
	assert_name(fixture, 0x55ab1b, "TRACE_3::shop.lua:2");
	assert_non_null(perf_map_find(fixture->map, 0x55ab10, &start));
	assert_int_equal(start, 0x55ab00);
	assert_int_equal(perf_map_cut(fixture->map), 0);
}

/* Only whole lines, each once; the later of two for one place. */
static void grows(void **state)
{
	struct fixture *fixture = *state;

	append(fixture, "1000 100 first\n2000 100 sec");
	read_all(fixture);
	assert_name(fixture, 0x1000, "first");
	assert_name(fixture, 0x2000, NULL);
	append(fixture, "ond\n");
	read_all(fixture);
	assert_name(fixture, 0x2000, "second");
	append(fixture, "1080 100 third\n");
	read_all(fixture);
	read_all(fixture);
	assert_name(fixture, 0x107f, "first");
	assert_name(fixture, 0x1080, "third");
	assert_name(fixture, 0x117f, "third");
	assert_int_equal(perf_map_cut(fixture->map), 0);
}

static void is_written_anew(void **state)
{
	struct fixture *fixture = *state;

	append(fixture, "1000 100 first\n2000 100 second\n");
	read_all(fixture);
	/* shorter, then longer than what was read */
	assert_int_equal(ftruncate(fixture->fd, 0), 0);
	append(fixture, "1000 10 other\n");
	read_all(fixture);
	assert_name(fixture, 0x1000, "other");
	assert_name(fixture, 0x1010, NULL);
	assert_name(fixture, 0x2000, NULL);
	assert_int_equal(ftruncate(fixture->fd, 0), 0);
	append(fixture, "3000 10 longer\n4000 10 longer still\n");
	read_all(fixture);
	assert_name(fixture, 0x1000, NULL);
	assert_name(fixture, 0x3000, "longer");
	assert_name(fixture, 0x4000, "longer still");
	assert_int_equal(ftruncate(fixture->fd, 0), 0);
	read_all(fixture);
	assert_name(fixture, 0x3000, NULL);
	assert_int_equal(perf_map_cut(fixture->map), 0);
}

static void malformed(void **state)
{
	static const char *const lines[] = {
		"\n",
		"1000\n",
		"1000 10\n",
		"1000 10 \n",
		"1000 0 empty\n",
		"1000 -10 negative\n",
		"-1000 10 negative\n",
		"  1000 10 indented\n",
		"1000  10 two spaces\n",
		"0x 10 no digits\n",
		"0x1000 0x no digits\n",
		"10000000000000000 10 seventeen digits\n",
		"ffffffffffffffff 10 over the end\n",
		"1000 ffffffffffffffff too long\n",
		"1000 10000001 too long\n",
		"10g0 10 no number\n",
		"\x7f\x45\x4c\x46\x02\x01\x01\n",
	};
	static const char with_nul[] = "1000 10 a\0b\n";
	struct fixture *fixture = *state;
	size_t nr = sizeof(lines) / sizeof(lines[0]);

	for (size_t i = 0; i < nr; i++)
		append(fixture, lines[i]);
	append_bytes(fixture, with_nul, sizeof(with_nul) - 1);
	append(fixture, "5000 10 good\n");
	read_all(fixture);
	assert_name(fixture, 0x1000, NULL);
	assert_name(fixture, UINT64_MAX, NULL);
	assert_name(fixture, 0x5000, "good");
	assert_int_equal(perf_map_cut(fixture->map), nr + 1);
}

/* Names are given as they are: who prints them escapes them. */
static void odd_names(void **state)
{
	struct fixture *fixture = *state;

	append(fixture, "1000 10 \x1b[31mred;\t\xff\r\n2000 10  leading\n");
	read_all(fixture);
	assert_name(fixture, 0x1000, "\x1b[31mred;\t\xff\r");
	assert_name(fixture, 0x2000, " leading");
}

static void long_lines(void **state)
{
	static char text[300000];
	struct fixture *fixture = *state;
	const char *name;

	append(fixture, "1000 10 ");
	memset(text, 'x', sizeof(text));
	append_bytes(fixture, text, sizeof(text));
	read_all(fixture);
	/* it goes on later, and is the same line still */
	append_bytes(fixture, text, 1000);
	read_all(fixture);
	append(fixture, "\n2000 10 next\n");
	read_all(fixture);
	name = name_at(fixture, 0x1000);
	assert_non_null(name);
	assert_int_equal(strlen(name), PERF_MAP_NAME_BYTES - 1);
	assert_name(fixture, 0x2000, "next");
	assert_int_equal(perf_map_cut(fixture->map), 0);
	assert_true(perf_map_bytes(fixture->map) < 64 << 10);
}

/* Millions of lines: read in parts, memory stays within bounds, the latest are there. */
static void millions_of_lines(void **state)
{
	struct fixture *fixture = *state;
	FILE *out = fdopen(dup(fixture->fd), "w");
	unsigned int nr = 1500000;

	assert_non_null(out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "%x 20 function_of_some_length_%u\n", 0x10000 + i * 0x20, i);
	fclose(out);
	assert_true(read_all(fixture) > 10);
	assert_true(perf_map_cut(fixture->map) > 0);
	assert_true(perf_map_bytes(fixture->map) < 40 << 20);
	assert_name(fixture, 0x10000, NULL);
	assert_name(fixture, 0x10000 + (nr - 1) * 0x20, "function_of_some_length_1499999");
}

/* A program that makes its code again and again: what is hidden takes no room for good. */
static void memory_reused(void **state)
{
	struct fixture *fixture = *state;
	FILE *out = fdopen(dup(fixture->fd), "w");
	unsigned int nr = 1000000;

	assert_non_null(out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, "%x 20 function_of_some_length_%u\n", 0x10000 + i % 1000 * 0x20, i);
	fclose(out);
	read_all(fixture);
	assert_int_equal(perf_map_cut(fixture->map), 0);
	assert_name(fixture, 0x10000, "function_of_some_length_999000");
	assert_name(fixture, 0x10000 + 999 * 0x20, "function_of_some_length_999999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_makers_write_them, setup, teardown),
		cmocka_unit_test_setup_teardown(grows, setup, teardown),
		cmocka_unit_test_setup_teardown(is_written_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_names, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(millions_of_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_reused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
