// SPDX-License-Identifier: GPL-2.0-or-later
/* Advice for stacks with code that has no names: to whom it may help, and once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/hint.h"

static const struct frame libc = { .kind = FRAME_NATIVE, .fn = "poll", .module = "/lib/libc.so.6" };
static const struct frame anon = { .kind = FRAME_NATIVE, .fn = "[anon]+0x10", .module = "[anon]" };
static const struct frame named = { .kind = FRAME_JIT, .fn = "Shop.sell" };
static const struct frame jvm = { .kind = FRAME_NATIVE,
				  .fn = "JavaCalls::call",
				  .module = "/usr/lib/jvm/lib/server/libjvm.so" };
static const struct frame lua = { .kind = FRAME_NATIVE,
				  .fn = "lua_pcall",
				  .module = "/usr/lib/libluajit-5.1.so.2" };
static const struct frame doubled = { .kind = FRAME_NATIVE,
				      .fn = "memfd:doublemapper+0x10",
				      .module = "/memfd:doublemapper" };
static const struct frame clr = { .kind = FRAME_NATIVE,
				  .fn = "RunMain",
				  .module = "/usr/share/dotnet/libcoreclr.so" };

/* context: the library that every process has mapped; NULL: none of interest. */
static bool has_mapped(void *context, pid_t pid, const char *library)
{
	assert_int_equal(pid, 42);
	return context && strcmp(context, library) == 0;
}

static bool hint(struct hints *hints, const struct frame *one, const struct frame *two, char *text)
{
	struct frame frames[] = { *one, *two };
	struct slice slice = { .stack = stack_new(frames, 2, false) };
	struct stall_record stall = {
		.id = { .pid = 42, .comm = "shop", .runtime = (char *)"generic" },
		.slices = { .v = &slice, .nr = 1 },
	};
	bool given = hint_of(hints, &stall, text);

	stack_put(slice.stack);
	return given;
}

static void says_it_once(void **state)
{
	struct hints hints = { has_mapped, "libjvm.so", 0 };
	char text[HINT_BYTES];

	(void)state;
	assert_false(hint(&hints, &libc, &named, text));
	assert_true(hint(&hints, &libc, &anon, text));
	assert_string_equal(text, "process 42 has Java code without names: run jcmd 42 "
				  "Compiler.perfmap; whole stacks take java "
				  "-XX:+PreserveFramePointer");
	assert_false(hint(&hints, &anon, &jvm, text));
	hints.context = NULL;
	assert_false(hint(&hints, &libc, &anon, text));
	assert_true(hint(&hints, &anon, &lua, text));
	assert_true(hint(&hints, &doubled, &clr, text));
	assert_false(hint(&hints, &doubled, &clr, text));
}

/* Of a library that came after the program was looked at. */
static void by_the_stack(void **state)
{
	struct hints hints = { has_mapped, NULL, 0 };
	char text[HINT_BYTES];

	(void)state;
	assert_false(hint(&hints, &libc, &jvm, text));
	assert_true(hint(&hints, &anon, &jvm, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_it_once),
		cmocka_unit_test(by_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
