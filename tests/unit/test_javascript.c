// SPDX-License-Identifier: GPL-2.0-or-later
/* Which native frames are asked about, and what functions built in are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_namer.h"
#include "fake_symbols.h"
#include "capture/javascript.h"

enum { MAP = 0x1000, MADE = 0x1010, NAMELESS = 0x1020, OTHER = 0x1030, ENTER = 0x1040 };

static const struct fake_symbol table[] = {
	{ .addr = MAP, .fn = "Builtins_ArrayPrototypeMap", .module = "/usr/bin/node" },
	{ .addr = MADE, .fn = "[unknown]", .module = "[anon]" },
	{ .addr = NAMELESS, .fn = "node+0x1234", .module = "/usr/bin/node" },
	{ .addr = OTHER, .fn = "main", .module = "/usr/bin/node" },
	{ .addr = ENTER, .fn = "Builtins_InterpreterEntryTrampoline", .module = "/usr/bin/node" },
	{ 0 },
};

struct v8 {
	struct v8_frame frame;
	int nr;
	unsigned int asked, ended;
	struct v8_native native;
};

int v8_frames(struct v8 *v8, const struct v8_native *native, struct v8_frame *frames, size_t max)
{
	assert_true(max >= 1);
	v8->asked++;
	v8->native = *native;
	frames[0] = v8->frame;
	return v8->nr;
}

void v8_stack_end(struct v8 *v8)
{
	v8->ended++;
}

static int look_by(struct javascript *javascript, struct namer *namer, uint64_t addr, uint64_t fp)
{
	struct native_frame native = { .addr = addr, .fp = fp };
	struct symbol symbol;

	symbols_user(namer->symbols, 1, addr, 1, &symbol);
	return javascript_frames(javascript, namer, &(struct raw_stack){ .pid = 1 }, &native,
				 &symbol);
}

static int look(struct javascript *javascript, struct v8 *v8, uint64_t addr, uint64_t fp)
{
	struct symbols symbols = { .table = table };
	struct namer namer = { .symbols = &symbols, .v8 = v8 };

	return look_by(javascript, &namer, addr, fp);
}

static void test_built_in(void **state)
{
	struct javascript javascript = { .fp = 0 };
	struct v8 v8 = { .frame = { .fn = "map" }, .nr = 1 };

	(void)state;
	assert_int_equal(look(&javascript, &v8, MAP, 0x100), 1);
	assert_string_equal(javascript.frames[0].fn, "Array.map");
	/* in the frame of the one before */
	assert_int_equal(look(&javascript, &v8, MAP, 0x100), 0);
	assert_int_equal(v8.asked, 1);
	/* another name than the builtin's stays */
	snprintf(v8.frame.fn, sizeof(v8.frame.fn), "forEach");
	assert_int_equal(look(&javascript, &v8, MAP, 0x200), 1);
	assert_string_equal(javascript.frames[0].fn, "forEach");
	/* a step between functions; and where V8 is not read */
	v8.nr = -ENOENT;
	assert_int_equal(look(&javascript, &v8, MAP, 0x300), 0);
	javascript_end(&javascript, &(struct namer){ 0 });
	assert_int_equal(v8.ended, 1);
	javascript = (struct javascript){ .fp = 0 };
	assert_int_equal(look(&javascript, NULL, MAP, 0x300), -ENOENT);
	javascript_end(&javascript, &(struct namer){ 0 });
}

static void test_who_is_asked(void **state)
{
	struct javascript javascript = { .fp = 0 };
	struct v8 v8 = { .frame = { .fn = "sell", .file = "/shop.js", .line = 3 }, .nr = 1 };

	(void)state;
	assert_int_equal(look(&javascript, &v8, MADE, 0x100), 1);
	assert_true(v8.native.made);
	assert_string_equal(javascript.frames[0].fn, "sell");
	assert_int_equal(look(&javascript, &v8, NAMELESS, 0x200), 1);
	assert_false(v8.native.made);
	assert_int_equal(look(&javascript, &v8, OTHER, 0x300), -ENOENT);
	assert_int_equal(v8.asked, 2);
}

static uint64_t unread(struct javascript *javascript, struct namer *namer)
{
	uint64_t before = namer->unread[FRAME_JS];

	javascript_end(javascript, namer);
	*javascript = (struct javascript){ .fp = 0 };
	return namer->unread[FRAME_JS] - before;
}

static void test_unread_names(void **state)
{
	struct symbols symbols = { .table = table };
	struct v8 v8 = { .frame = { .fn = "[unknown]" }, .nr = 1 };
	struct namer namer = { .symbols = &symbols, .v8 = &v8 };
	struct javascript javascript = { .fp = 0 };

	(void)state;
	/* a function may be called so */
	look_by(&javascript, &namer, MADE, 0x100);
	assert_int_equal(unread(&javascript, &namer), 0);
	v8.frame.unread = true;
	look_by(&javascript, &namer, MADE, 0x200);
	look_by(&javascript, &namer, MAP, 0x300);
	assert_int_equal(unread(&javascript, &namer), 2);
	/* a native frame of its own */
	v8.nr = -ENOENT;
	look_by(&javascript, &namer, MADE, 0x400);
	assert_int_equal(unread(&javascript, &namer), 0);
}

static void test_v8_is_gone(void **state)
{
	struct symbols symbols = { .table = table };
	struct namer namer = { .symbols = &symbols };
	struct javascript javascript = { .fp = 0 };

	(void)state;
	/* there is none */
	look_by(&javascript, &namer, MADE, 0x100);
	look_by(&javascript, &namer, ENTER, 0x200);
	assert_int_equal(unread(&javascript, &namer), 0);
	namer.ended = true;
	look_by(&javascript, &namer, MAP, 0x100);
	look_by(&javascript, &namer, MADE, 0x200);
	look_by(&javascript, &namer, ENTER, 0x300);
	look_by(&javascript, &namer, OTHER, 0x400);
	assert_int_equal(unread(&javascript, &namer), 2);
	/* made by whom? */
	look_by(&javascript, &namer, MADE, 0x100);
	assert_int_equal(unread(&javascript, &namer), 0);
	assert_int_equal(namer.unread[FRAME_PYTHON], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_built_in),
		cmocka_unit_test(test_who_is_asked),
		cmocka_unit_test(test_unread_names),
		cmocka_unit_test(test_v8_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
