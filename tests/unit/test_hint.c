/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advice for stacks with code that has no names: to whom it may help, and once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

static bool hint(const char *runtime, const struct frame *one, const struct frame *two,
		 unsigned int *told, char *text)
{
	struct frame frames[] = { *one, *two };
	struct slice slice = { .stack = stack_new(frames, 2, false) };
	struct stall_record stall = {
		.id = { .pid = 42, .comm = "shop", .runtime = (char *)runtime },
		.slices = { .v = &slice, .nr = 1 },
	};
	bool said = hint_of(&stall, told, text);

	stack_put(slice.stack);
	return said;
}

static void says_it_once(void **state)
{
	unsigned int told = 0;
	char text[HINT_BYTES];

	(void)state;
	assert_false(hint("netty", &libc, &named, &told, text));
	assert_false(hint("libuv", &libc, &anon, &told, text));
	assert_false(hint(NULL, &libc, &jvm, &told, text));
	assert_true(hint("netty", &libc, &anon, &told, text));
	assert_string_equal(text, "process 42 has Java code without names: run jcmd 42 "
				  "Compiler.perfmap; whole stacks take java "
				  "-XX:+PreserveFramePointer");
	assert_false(hint("java-nio", &anon, &jvm, &told, text));
	assert_true(hint("generic", &anon, &lua, &told, text));
	assert_true(hint(NULL, &doubled, &clr, &told, text));
	assert_false(hint(NULL, &doubled, &clr, &told, text));
}

static void by_the_stack(void **state)
{
	unsigned int told = 0;
	char text[HINT_BYTES];

	(void)state;
	assert_true(hint("generic", &anon, &jvm, &told, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_it_once),
		cmocka_unit_test(by_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
