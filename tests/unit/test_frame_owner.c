// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose a frame is, and what of an interpreter does not tell two stacks apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/frame_owner.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static enum frame_owner python_owner(const char *file)
{
	const struct frame frame = { .kind = FRAME_PYTHON, .fn = "f", .file = file };

	return frame_owner(&frame);
}

static void python_files(void **state)
{
	static const char *const library[] = {
		"/usr/lib/python3.11/asyncio/events.py",
		"/opt/py/lib64/python3.8/socket.py",
		"/opt/py/lib/python3.13t/socket.py",
		"/srv/venv/lib/python3.12/site-packages/aiohttp/web.py",
		"/usr/lib/python3/dist-packages/yaml/__init__.py",
		"<frozen importlib._bootstrap>",
	};
	static const char *const own[] = {
		"/app/bad.py",
		"/app/lib/python3.py",
		"/app/lib/python3.x/mine.py",
		"lib/site-packages.py",
		"<string>",
		"<stdin>",
		"",
	};

	(void)state;
	for (size_t i = 0; i < NR(library); i++)
		assert_int_equal(python_owner(library[i]), FRAME_OF_LIBRARY);
	for (size_t i = 0; i < NR(own); i++)
		assert_int_equal(python_owner(own[i]), FRAME_OF_USER);
}

/* Of code made at run time: the program's own, not the machine's. */
static void managed_code(void **state)
{
	static const struct frame own[] = {
		{ .kind = FRAME_JIT, .fn = "Shop.sell" },
		{ .kind = FRAME_JIT, .fn = "shop::Shop::Sell" },
		{ .kind = FRAME_JIT, .fn = "TRACE_3", .file = "shop.lua" },
		{ .kind = FRAME_JS, .fn = "sell", .file = "/srv/shop.js" },
		{ .kind = FRAME_JS, .fn = "RegExp:a+b" },
	};
	static const struct frame others[] = {
		{ .kind = FRAME_JIT, .fn = "java.util.HashMap.get" },
		{ .kind = FRAME_JIT, .fn = "System.Threading.Thread::Sleep" },
		{ .kind = FRAME_JIT, .fn = "Interpreter" },
		{ .kind = FRAME_JIT, .fn = "StubRoutines (1)" },
		{ .kind = FRAME_JS, .fn = "Builtin:ArrayMap" },
		{ .kind = FRAME_JS, .fn = "Array.map" },
		{ .kind = FRAME_JS, .fn = "emit", .file = "node:events" },
	};

	(void)state;
	for (size_t i = 0; i < NR(own); i++)
		assert_true(frame_is_own(&own[i]));
	for (size_t i = 0; i < NR(others); i++)
		assert_false(frame_is_own(&others[i]));
}

static void native_code(void **state)
{
	static const struct {
		const char *module;
		enum frame_owner owner;
	} cases[] = {
		{ "/usr/bin/web", FRAME_OF_USER },
		{ "/usr/lib/libssl.so.3", FRAME_OF_LIBRARY },
		{ "/app/_fast.cpython-311-x86_64-linux-gnu.so", FRAME_OF_LIBRARY },
		{ "/lib/x86_64-linux-gnu/libc.so.6", FRAME_OF_INTERPRETER },
		{ "/lib/x86_64-linux-gnu/libc-2.31.so", FRAME_OF_INTERPRETER },
		{ "/lib/libc.musl-x86_64.so.1", FRAME_OF_INTERPRETER },
		{ "/lib/ld-musl-x86_64.so.1", FRAME_OF_INTERPRETER },
		{ "/lib64/ld-linux-x86-64.so.2", FRAME_OF_INTERPRETER },
		{ "/lib/libpthread-2.31.so", FRAME_OF_INTERPRETER },
		{ "/usr/bin/python3.11", FRAME_OF_INTERPRETER },
		{ "/usr/lib/libpython3.11.so.1.0", FRAME_OF_INTERPRETER },
		{ "/usr/lib/python3.11/lib-dynload/_socket.cpython-311-x86_64-linux-gnu.so",
		  FRAME_OF_INTERPRETER },
		{ "/usr/bin/node", FRAME_OF_INTERPRETER },
		{ "[vdso]", FRAME_OF_INTERPRETER },
		{ NULL, FRAME_OF_USER },
	};
	static const struct frame kernel = { .kind = FRAME_KERNEL, .fn = "do_nanosleep" };

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		const struct frame frame = { .kind = FRAME_NATIVE,
					     .fn = "f",
					     .module = cases[i].module };

		assert_int_equal(frame_owner(&frame), cases[i].owner);
		assert_false(frame_is_own(&frame));
	}
	assert_int_equal(frame_owner(&kernel), FRAME_OF_KERNEL);
}

/* The C library's functions in a static program's own file. */
static void static_programs(void **state)
{
	static const char *const libc[] = { "sccp", "__timedwait_cp", "memcpy", "_IO_getline" };
	static const char *const own[] = { "sccp2", "copy", "timedwait" };
	struct frame frame = { .kind = FRAME_NATIVE, .module = "/usr/bin/web" };

	(void)state;
	for (size_t i = 0; i < NR(libc); i++) {
		frame.fn = libc[i];
		assert_int_not_equal(frame_owner(&frame), FRAME_OF_USER);
	}
	for (size_t i = 0; i < NR(own); i++) {
		frame.fn = own[i];
		assert_int_equal(frame_owner(&frame), FRAME_OF_USER);
	}
}

/* What is compiled into the program without being its own. */
static void native_libraries_in_the_program(void **state)
{
	static const struct {
		const char *fn, *file;
		enum frame_owner owner;
	} cases[] = {
		{ "Handler::answer", "/home/me/web/handler.cpp", FRAME_OF_USER },
		{ "standard::answer", NULL, FRAME_OF_USER },
		{ "boosted", NULL, FRAME_OF_USER },
		{ "main.(*Server).answer", "/home/me/go/src/web/main.go", FRAME_OF_USER },
		{ "web+0x1234", NULL, FRAME_OF_USER },
		{ "reader", NULL, FRAME_OF_USER },
		{ "std::this_thread::sleep_for<long, std::ratio<1l, 1000l> >", NULL,
		  FRAME_OF_LIBRARY },
		{ "boost::asio::detail::scheduler::run", NULL, FRAME_OF_LIBRARY },
		{ "call<QtPrivate::List<>, void>",
		  "/usr/include/x86_64-linux-gnu/qt5/QtCore/qobjectdefs_impl.h", FRAME_OF_LIBRARY },
		{ "std::thread::sleep", "/rustc/9fc6b431/library/std/src/thread/mod.rs",
		  FRAME_OF_LIBRARY },
		{ "<alloc::boxed::Box<F> as core::ops::FnOnce<A>>::call_once", NULL,
		  FRAME_OF_LIBRARY },
		{ "reqwest::blocking::get", "/root/.cargo/registry/src/x/reqwest-0.11/src/lib.rs",
		  FRAME_OF_LIBRARY },
		{ "runtime.futex", NULL, FRAME_OF_LIBRARY },
		{ "nossleep", "/usr/lib/nim/lib/pure/os.nim", FRAME_OF_LIBRARY },
		{ "*Process::wait", "/usr/share/crystal/src/process.cr", FRAME_OF_LIBRARY },
		{ "fetchRates__nimd_4", "/home/me/usr/lib/rates.nim", FRAME_OF_USER },
		{ "caml_read_fd", NULL, FRAME_OF_LIBRARY },
		{ "camlStdlib__scan_332", "./stdlib/stdlib.ml", FRAME_OF_LIBRARY },
		{ "camlRates__fetch_81", "rates.ml", FRAME_OF_USER },
		{ "__libc_recv", NULL, FRAME_OF_INTERPRETER },
		{ "__nanosleep", NULL, FRAME_OF_INTERPRETER },
		{ "epoll_wait", NULL, FRAME_OF_INTERPRETER },
		{ "_start", NULL, FRAME_OF_INTERPRETER },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		const struct frame frame = { .kind = FRAME_NATIVE,
					     .fn = cases[i].fn,
					     .file = cases[i].file,
					     .module = "/usr/bin/web" };

		assert_int_equal(frame_owner(&frame), cases[i].owner);
	}
}

/* A line of Python that gets warm is called by another way: it is the same place. */
static void plumbing_tells_nothing_apart(void **state)
{
	static const struct frame cold[] = {
		{ .kind = FRAME_NATIVE, .fn = "nap", .module = "/lib/libc.so.6" },
		{ .kind = FRAME_NATIVE, .fn = "time_sleep", .module = "/usr/bin/python3.11" },
		{ .kind = FRAME_NATIVE,
		  .fn = "cfunction_vectorcall_O",
		  .module = "/usr/bin/python3.11" },
		{ .kind = FRAME_NATIVE, .fn = "python3.11+0x5b", .module = "/usr/bin/python3.11" },
		{ .kind = FRAME_PYTHON, .fn = "wait", .file = "/app/a.py", .line = 3 },
	};
	const struct frame warm[] = { cold[0], cold[1], cold[4] };
	const struct frame other[] = { cold[0], cold[4] };
	static const struct frame own[] = {
		{ .kind = FRAME_NATIVE, .fn = "call_method", .module = "/app/lib.so" },
	};
	struct stack *a = stack_new(cold, 5, false), *b = stack_new(warm, 3, false),
		     *c = stack_new(other, 2, false), *d = stack_new(cold, 4, false),
		     *e = stack_new(cold, 3, false);

	(void)state;
	assert_int_equal(a->nr, 5); /* all are there */
	assert_int_equal(a->hash, b->hash);
	assert_true(stack_equal(a, b));
	assert_true(stack_equal(b, a));
	assert_false(stack_equal(b, c));
	assert_false(stack_equal(d, e)); /* no Python: then it is what there is */
	assert_false(frame_is_plumbing(&own[0]));
	assert_false(frame_is_plumbing(&cold[1]));
	assert_false(frame_is_plumbing(&cold[4]));
	stack_put(a);
	stack_put(b);
	stack_put(c);
	stack_put(d);
	stack_put(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(python_files),
		cmocka_unit_test(managed_code),
		cmocka_unit_test(native_code),
		cmocka_unit_test(static_programs),
		cmocka_unit_test(native_libraries_in_the_program),
		cmocka_unit_test(plumbing_tells_nothing_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
