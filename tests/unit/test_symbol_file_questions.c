// SPDX-License-Identifier: GPL-2.0-or-later
/* What a whole file has: functions, a version, addresses. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/maps.h"
#include "symbol/symbol.h"
#include "tests/unit/symbol_fixture.h"

#define NOWHERE 0x10000 /* nothing is mapped below vm.mmap_min_addr, nor right above it */

/* Static functions count as well as exported ones; names that only end so do not. */
static void what_a_file_defines(void **state)
{
	static const char *const names[] = {
		"what_a_file_defines", "a_file_defines", "no_such_function",
		"assert_counts",       "main",		 ".data",
		".no_such_section"
	};
	static const struct symbols_names asked = { names, 7 };
	static const char here[] __attribute__((used)) = "version-of-this-test 12.3-a+b~c, end";
	struct symbols *symbols = *state;
	uint64_t defined = 0;
	char word[16];

	assert_int_equal(
		symbols_defined(symbols, getpid(), ADDR(what_a_file_defines), &asked, &defined), 0);
	assert_int_equal(defined, 0x39);
	assert_int_equal(symbols_version(symbols, getpid(), ADDR(what_a_file_defines),
					 "version-of-this-test ", word, sizeof(word)),
			 0);
	assert_string_equal(word, "12.3-a+b~c");
	assert_int_equal(symbols_version(symbols, getpid(), ADDR(what_a_file_defines),
					 "of-this-test 12.", word, 3),
			 0);
	assert_string_equal(word, "3-");
	assert_int_equal(symbols_version(symbols, getpid(), ADDR(what_a_file_defines),
					 "no such text anywhere, is there: ", word, sizeof(word)),
			 -ENOENT);
	assert_int_equal(symbols_defined(symbols, getpid(), NOWHERE, &asked, &defined), -ENOENT);
	assert_int_equal(symbols_version(symbols, getpid(), NOWHERE, "x", word, 9), -ENOENT);
	assert_counts(symbols, 0, 0, 0);
}

/* Where it is loaded: by what is exported, or all that a file names if it must be. */
static void where_a_file_has_them(void **state)
{
	static const char *const of_libc[] = { ".text", ".no_such_section", "getpid", "no_such" };
	static const char *const of_own[] = { ".no_such_section", "assert_counts" };
	struct symbols *symbols = *state;
	uint64_t addresses[4], here = (uint64_t)(uintptr_t)dlsym(RTLD_DEFAULT, "getpid");
	struct symbols_mapped mapped = { .pid = getpid() };
	const struct memory own = { process_memory(), getpid() };
	struct maps *maps;

	assert_int_equal(maps_read(&maps, &own), 0);
	mapped.maps = maps;
	mapped.mapping = maps_find(maps, here);
	assert_non_null(mapped.mapping);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(symbols_addresses(symbols, &mapped, false,
						   &(struct symbols_names){ of_libc, 4 },
						   addresses),
				 0);
		assert_true(addresses[0] >= mapped.mapping->start && addresses[0] < here);
		assert_int_equal(addresses[1], 0);
		assert_int_equal(addresses[2], here);
		assert_int_equal(addresses[3], 0);
	}
	mapped.mapping = maps_find(maps, ADDR(assert_counts));
	assert_non_null(mapped.mapping);
	for (int local = 0; local < 2; local++) {
		assert_int_equal(symbols_addresses(symbols, &mapped, local,
						   &(struct symbols_names){ of_own, 2 }, addresses),
				 0);
		assert_int_equal(addresses[0], 0);
		assert_int_equal(addresses[1], local ? ADDR(assert_counts) : 0);
	}
	maps_free(maps);
	assert_counts(symbols, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SYMBOLS(what_a_file_defines),
		WITH_SYMBOLS(where_a_file_has_them),
	};

	return cmocka_run_group_tests_name("symbol_file_questions", tests, NULL, NULL);
}
