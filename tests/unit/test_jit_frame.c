// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of perf maps as their makers write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/jit_frame.h"

static void assert_split(const char *name, enum frame_kind kind, const char *fn, const char *file,
			 unsigned int line)
{
	struct jit_frame frame;

	jit_frame_split(name, &frame);
	assert_string_equal(frame.fn, fn);
	assert_string_equal(frame.file, file);
	assert_int_equal(frame.kind, kind);
	assert_int_equal(frame.line, line);
}

static void of_v8(void **state)
{
	(void)state;
	assert_split("JS:*sell /srv/shop.js:3:18", FRAME_JS, "sell", "/srv/shop.js", 3);
	assert_split("JS:~ /srv/shop.js:8:13", FRAME_JS, "<anonymous>", "/srv/shop.js", 8);
	assert_split("JS:^remove node:internal/linkedlist:16:16", FRAME_JS, "remove",
		     "node:internal/linkedlist", 16);
	assert_split("JS:+'hot /srv/shop.js:1:2", FRAME_JS, "hot", "/srv/shop.js", 1);
	assert_split("JS:~get size /srv/the shop/shop.js:12:7", FRAME_JS, "get size",
		     "/srv/the shop/shop.js", 12);
	assert_split("JS:*f file:///srv/shop.mjs:4:5", FRAME_JS, "f", "file:///srv/shop.mjs", 4);
	assert_split("LazyCompile:~listOnTimeout node:internal/timers:504:25", FRAME_JS,
		     "listOnTimeout", "node:internal/timers", 504);
	assert_split("Function:^emit node:events:460:44", FRAME_JS, "emit", "node:events", 460);
	assert_split("Script:~ /srv/shop.js:1:1", FRAME_JS, "<anonymous>", "/srv/shop.js", 1);
	assert_split("Eval:~ :1:1", FRAME_JS, "<anonymous>", "", 1);
	assert_split("JS:*f [eval]:4:5", FRAME_JS, "f", "[eval]", 4);
	assert_split("JS:*f", FRAME_JS, "f", "", 0);
	assert_split("RegExp:a+b c", FRAME_JS, "RegExp:a+b c", "", 0);
	assert_split("Builtin:ArrayMap", FRAME_JS, "Builtin:ArrayMap", "", 0);
	assert_split("BytecodeHandler:Return", FRAME_JIT, "BytecodeHandler:Return", "", 0);
}

static void of_cpython(void **state)
{
	(void)state;
	assert_split("py::A.meth.<locals>.inner:/srv/shop.py", FRAME_PYTHON,
		     "A.meth.<locals>.inner", "/srv/shop.py", 0);
	assert_split("py::_find_and_load:<frozen importlib._bootstrap>", FRAME_PYTHON,
		     "_find_and_load", "<frozen importlib._bootstrap>", 0);
	assert_split("py::f:C:/srv/a:b.py", FRAME_PYTHON, "f", "C:/srv/a:b.py", 0);
	assert_split("py::", FRAME_JIT, "py::", "", 0);
	assert_split("py:::x", FRAME_JIT, "py:::x", "", 0);
}

static void of_others(void **state)
{
	(void)state;
	assert_split("int Shop.sell(java.lang.String)", FRAME_JIT, "Shop.sell", "", 0);
	assert_split("void java.lang.Object.<init>()", FRAME_JIT, "java.lang.Object.<init>", "", 0);
	assert_split("Interpreter", FRAME_JIT, "Interpreter", "", 0);
	assert_split("StubRoutines (1)", FRAME_JIT, "StubRoutines (1)", "", 0);
	assert_split("flush_icache_stub", FRAME_JIT, "flush_icache_stub", "", 0);
	assert_split("Lorg/shop/Shop;::sell", FRAME_JIT, "org.shop.Shop.sell", "", 0);
	assert_split("instance void [shop] Shop::Sell(int32)[Tier0]", FRAME_JIT, "Shop::Sell", "",
		     0);
	assert_split("void [System.Private.CoreLib] System.Threading.Thread::Sleep(int32)[PreJIT]",
		     FRAME_JIT, "System.Threading.Thread::Sleep", "", 0);
	assert_split("GenerateLookupStub<GenerateLookupStub>", FRAME_JIT,
		     "GenerateLookupStub<GenerateLookupStub>", "", 0);
	assert_split("TRACE_3::shop.lua:2", FRAME_JIT, "TRACE_3", "shop.lua", 2);
	assert_split("TRACE_x::shop.lua:2", FRAME_JIT, "TRACE_x::shop.lua:2", "", 0);
}

static void odd(void **state)
{
	char name[2000] = "JS:*";
	struct jit_frame frame;

	(void)state;
	assert_split("", FRAME_JIT, "", "", 0);
	assert_split("(", FRAME_JIT, "(", "", 0);
	assert_split(" (", FRAME_JIT, " (", "", 0);
	assert_split("JS:", FRAME_JS, "", "", 0);
	assert_split("JS:*f :", FRAME_JS, "f", ":", 0);
	assert_split(":7", FRAME_JIT, ":7", "", 0);
	assert_split("JS:*f a:99999999999999999999", FRAME_JS, "f", "a:99999999999999999999", 0);
	assert_split("L;::", FRAME_JIT, ".", "", 0);
	memset(name + 4, 'x', sizeof(name) - 5);
	jit_frame_split(name, &frame);
	assert_int_equal(strlen(frame.fn), JIT_FRAME_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_v8),
		cmocka_unit_test(of_cpython),
		cmocka_unit_test(of_others),
		cmocka_unit_test(odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
