// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbol names as people want to read them, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/child/display_name.h"
#include "symbol/wire/name.h"

static void names(void **state)
{
	static const char *const cases[][2] = {
		{ "main", "main" },
		{ "finish_task_switch.isra.0", "finish_task_switch" },
		{ "runtime.futex.abi0", "runtime.futex" },
		{ "f.part.1.constprop.22.cold", "f" },
		{ "f.llvm.123456789", "f" },
		{ "f.cold", "f" },
		{ "runtime.futex", "runtime.futex" },
		{ "main.part", "main" },
		{ "os.Open.func1", "os.Open.func1" },
		{ ".cold", ".cold" },
		{ "", "" },
		{ ".", "." },
		{ "a.1", "a.1" },
		{ "memcpy@@GLIBC_2.14", "memcpy" },
		{ "@x", "@x" },
		{ "_ZN3foo3barEv", "foo::bar" },
		{ "_ZN3foo3barEi.isra.0", "foo::bar" },
		{ "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
		  "core::fmt::Write::write_fmt" },
		{ "_ZN", "_ZN" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		display_name(cases[i][0], out, sizeof(out));
		assert_string_equal(out, cases[i][1]);
	}
	display_name("0123456789abcdef", out, 10);
	assert_string_equal(out, "012345...");
	assert_true(name_better("write", "__write"));
	assert_true(name_better("_exit", "__exit"));
	assert_true(name_better("pread", "pread64"));
	assert_false(name_better("same", "same"));
}

/* Mangled names that nest without end, and random ones: bounded, whatever they give. */
static void hostile_names(void **state)
{
	static const char letters[] = "_ZNSI0123456789EivPKRTL$.@";
	static char name[20000];
	unsigned int seed = 7;
	char out[64];

	(void)state;
	memcpy(name, "_Z1f", 4);
	memset(name + 4, 'P', sizeof(name) - 6);
	for (size_t length = 10; length < sizeof(name); length = length * 3 / 2) {
		char saved = name[length];

		name[length] = '\0';
		display_name(name, out, sizeof(out));
		assert_true(strlen(out) < sizeof(out));
		name[length] = saved;
	}
	for (int round = 0; round < 20000; round++) {
		size_t length = 2 + (size_t)rand_r(&seed) % 60;

		for (size_t i = 2; i < length; i++)
			name[i] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		name[length] = '\0';
		display_name(name, out, sizeof(out));
		assert_true(strlen(out) < sizeof(out));
	}
}

/* A number in base 36 or 62, as names refer to what came before: what there is no number for is first. */
static void add_number(char *name, unsigned int number, const char *digits, unsigned int base)
{
	size_t used = strlen(name);

	if (number-- == 0)
		return;
	if (number >= base)
		name[used++] = digits[number / base];
	name[used++] = digits[number % base];
	name[used] = '\0';
}

/* The demangler gives NULL for a part that is empty: UBSan says what that is to memcpy(). */
static void empty_part(void **state)
{
	char out[32];

	(void)state;
	display_name("_RIC0d3m", out, sizeof(out));
	assert_true(strlen(out) < sizeof(out));
}

/* Some hundred bytes that stand for 2^60: each part has the one before in it twice. */
static void doubled_names(void **state)
{
	static const char cxx[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char rust[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[2048] = "_Z1fI1AIiiE", out[32];
	size_t last, here;

	(void)state;
	for (unsigned int part = 2; part < 62; part++) {
		strcat(name, "S0_I");
		for (int twice = 0; twice < 2; twice++) {
			strcat(name, "S");
			add_number(name, part, cxx, 36);
			strcat(name, "_");
		}
		strcat(name, "E");
	}
	strcat(name, "EvT_");
	display_name(name, out, sizeof(out));
	assert_string_equal(out, "f<A<int, int>, A<A<int, int>...");

	strcpy(name, "_RIC1aTuuE");
	last = strlen("IC1a");
	for (unsigned int part = 0; part < 60; part++) {
		here = strlen(name) - strlen("_R");
		strcat(name, "T");
		for (int twice = 0; twice < 2; twice++) {
			strcat(name, "B");
			add_number(name, (unsigned int)last, rust, 62);
			strcat(name, "_");
		}
		strcat(name, "E");
		last = here;
	}
	strcat(name, "E");
	display_name(name, out, sizeof(out));
	assert_string_equal(out, "a::<((), ()), (((), ()), (()...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(empty_part),
		cmocka_unit_test(doubled_names),
	};

	return cmocka_run_group_tests_name("symbol_name", tests, NULL, NULL);
}
