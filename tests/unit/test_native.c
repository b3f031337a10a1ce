// SPDX-License-Identifier: GPL-2.0-or-later
/* Loops of compiled programs by what is on the stack of their threads, also in the middle of a block. */
#include "native_fixture.h"

static struct program uv = { .exe = "server",
			     .libraries = { "libuv.so.1.0.0" },
			     .caller = "libuv.so.1.0.0",
			     .stack = { "uv_run" } };

static void test_hangs(void **state)
{
	struct recognised found = ask_blocked(&uv, SYS_nanosleep);
	struct program other = { .exe = "server", .libraries = { "libuv.so.1.0.0" } };

	(void)state;
	assert_string_equal(name(found), "libuv");
	assert_int_equal(found.way, WAY_STACK);
	assert_true(found.in_turn);
	assert_int_equal(found.wait_class, BP_WAIT_NONE);
	/* the program's only instance is the loop's */
	nr_epolls = 1;
	found = ask_blocked(&uv, SYS_nanosleep);
	assert_int_equal(found.wait_class, BP_WAIT_EPOLL);
	assert_int_equal(found.wait_id, 5);
	others_wait = true;
	assert_int_equal(ask_blocked(&uv, SYS_nanosleep).wait_class, BP_WAIT_NONE);
	others_wait = false;
	nr_epolls = 2;
	assert_int_equal(ask_blocked(&uv, SYS_nanosleep).wait_class, BP_WAIT_NONE);
	/* it runs: where it was is known */
	assert_string_equal(name(ask(&uv, (struct moment){ .sp = SP })), "libuv");
	assert_string_equal(name(ask(&uv, (struct moment){ .sp = 0 })), "none");
	/* not in the loop's function */
	assert_string_equal(name(ask_blocked(&other, SYS_nanosleep)), "none");
}

/* Linked in; but large programs that are known by name are not looked into for their other threads. */
static void test_hangs_linked(void **state)
{
	static const char *const names[] = { "node", "bun", "deno" };
	struct program program = {
		.exe = "server", .defines = "uv_run", .caller = "", .stack = { "uv_run" }
	};
	const struct bp_block block = { .syscall = SYS_nanosleep, .sp = SP };
	const struct moment thread = { .block = &block, .tid = PID + 1 };

	(void)state;
	assert_string_equal(name(ask_blocked(&program, SYS_nanosleep)), "libuv");
	assert_string_equal(name(ask(&program, thread)), "libuv");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		program = (struct program){ .exe = names[i], .stack = { "uv_run" } };
		assert_string_equal(name(ask(&program, thread)), "none");
		assert_false(program.asked);
	}
}

/* A poll within a turn, of a client library, is no wait of the loop's. */
static void test_hangs_in_a_poll(void **state)
{
	struct program program = { .exe = "server",
				   .libraries = { "libuv.so.1.0.0", "libcurl.so.4" },
				   .caller = "libcurl.so.4",
				   .stack = { "curl_easy_perform", "uv_run" } };
	const struct bp_block block = { .wait_class = BP_WAIT_POLL, .wait_id = SP, .sp = SP };
	struct recognised found = ask(&program, (struct moment){ .block = &block });

	(void)state;
	assert_string_equal(name(found), "libuv");
	assert_true(found.in_turn);
	assert_int_equal(found.wait_class, BP_WAIT_NONE);
}

/* The C library polls for an answer, so far in that it is not known for whom. */
static void test_hangs_in_a_lookup(void **state)
{
	struct program program = { .exe = "server",
				   .libraries = { "libev.so.4.0.0" },
				   .stack = { "ev_run" } };
	const struct bp_block block = { .wait_class = BP_WAIT_POLL, .wait_id = SP, .sp = SP };
	struct recognised found;

	(void)state;
	/* it may be libev's own backend */
	found = ask(&program, (struct moment){ .block = &block });
	assert_string_equal(name(found), "libev");
	assert_int_equal(found.wait_class, BP_WAIT_POLL);
	nr_epolls = 1;
	found = ask(&program, (struct moment){ .block = &block });
	assert_string_equal(name(found), "libev");
	assert_true(found.in_turn);
	assert_int_equal(found.wait_class, BP_WAIT_EPOLL);
}

/* The stack is the parent's. */
static void test_forked(void **state)
{
	const struct bp_block block = { .syscall = SYS_nanosleep, .sp = SP };
	const struct moment moment = { .block = &block, .forked_ns = 1 };

	(void)state;
	assert_string_equal(name(ask(&uv, moment)), "none");
	nr_epolls = 1;
	inherited = true;
	assert_string_equal(name(ask(&uv, moment)), "none");
	/* an instance that it has made itself */
	inherited = false;
	assert_string_equal(name(ask(&uv, moment)), "libuv");
}

/* The loop's function right above the wait says it the first time; of two, one may be a private loop's. */
static void test_first_wait(void **state)
{
	struct program program = uv;
	struct recognised found = ask_waiting(&program, BP_WAIT_EPOLL, 1, NULL);

	(void)state;
	assert_string_equal(name(found), "libuv");
	assert_int_equal(found.way, WAY_STACK);
	assert_false(found.in_turn);
	program.stack[1] = "uv_run";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 1, NULL)), "none");
	found = ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL);
	assert_string_equal(name(found), "libuv");
	assert_int_equal(found.way, WAY_HABIT);
}

static void test_qt(void **state)
{
	struct program qt = { .exe = "viewer",
			      .libraries = { "libQt5Core.so.5.15.8", "libglib-2.0.so.0" },
			      .caller = "libglib-2.0.so.0",
			      .stack = { "g_main_context_iteration", "QEventLoop::exec" } };
	char version[RUNTIME_VERSION_BYTES];

	(void)state;
	assert_string_equal(name(ask_waiting(&qt, BP_WAIT_POLL, 1, NULL)), "qt");
	assert_string_equal(runtime_version(&runtime_qt, &qt, NULL, version), "5.15.8");
	/* a thread of GLib's in such a program */
	qt.stack[0] = "g_main_loop_run";
	qt.stack[1] = NULL;
	assert_string_equal(name(ask_waiting(&qt, BP_WAIT_POLL, 1, NULL)), "glib");
	/* a dispatcher of Qt's own */
	qt.caller = "libQt5Core.so.5.15.8";
	qt.stack[0] = "QEventLoop::exec";
	assert_string_equal(name(ask_waiting(&qt, BP_WAIT_POLL, 1, NULL)), "qt");
	assert_string_equal(name(ask_blocked(&qt, SYS_nanosleep)), "qt");
	/* for a child, in a turn */
	qt.stack[0] = "QProcess::waitForFinished";
	qt.stack[1] = "QEventLoop::exec";
	assert_string_equal(name(ask_waiting(&qt, BP_WAIT_POLL, 100, NULL)), "none");
	assert_true(ask_polling(&qt).in_turn);
}

/* Who has no turn parks on a condition variable. */
static void test_asio(void **state)
{
	struct program asio = { .exe = "server",
				.defines = runtime_asio.function,
				.caller = "",
				.stack = { "boost::asio::detail::scheduler::run" } };

	(void)state;
	assert_string_equal(name(ask_waiting(&asio, BP_WAIT_EPOLL, 1, NULL)), "asio");
	nr_epolls = 1;
	assert_string_equal(name(ask_blocked(&asio, SYS_futex)), "none");
	assert_string_equal(name(ask(&asio, (struct moment){ .sp = SP })), "none");
	assert_string_equal(name(ask_blocked(&asio, SYS_nanosleep)), "asio");
	/* another one serves: it holds up nobody */
	others_wait = true;
	assert_string_equal(name(ask_blocked(&asio, SYS_nanosleep)), "none");
	asio.defines = runtime_asio.or_function;
	assert_string_equal(name(ask_waiting(&asio, BP_WAIT_EPOLL, 1, NULL)), "asio");
}

/* A thread waits on a condition variable, and the notifier's polls for it. */
static void test_tcl(void **state)
{
	struct program tcl = { .exe = "tclsh8.6",
			       .libraries = { "libtcl8.6.so" },
			       .caller = "libtcl8.6.so",
			       .stack = { "Tcl_WaitForEvent", "Tcl_DoOneEvent" } };
	struct recognised found = ask_waiting(&tcl, BP_WAIT_FUTEX, 1, NULL);

	(void)state;
	assert_string_equal(name(found), "tcl");
	assert_int_equal(found.wait_class, BP_WAIT_FUTEX);
	assert_int_equal(found.park_id, found.wait_id);
	/* as long as its futexes are not shown */
	assert_string_equal(name(ask_blocked(&tcl, SYS_futex)), "none");
	assert_int_equal(parks, BP_PARKS_CONDITIONS);
	/* from 9.0 on */
	found = ask_waiting(&tcl, BP_WAIT_EPOLL, 1, NULL);
	assert_string_equal(name(found), "tcl");
	assert_int_equal(found.park_id, 0);
	/* in a callback */
	tcl.stack[0] = "Tcl_ServiceEvent";
	assert_string_equal(name(ask_waiting(&tcl, BP_WAIT_FUTEX, 100, NULL)), "none");
	found = ask_blocked(&tcl, SYS_nanosleep);
	assert_string_equal(name(found), "tcl");
	assert_true(found.in_turn);
	assert_int_equal(found.wait_class, BP_WAIT_NONE);
	/* the notifier */
	tcl.stack[0] = NULL;
	found = ask_waiting(&tcl, BP_WAIT_SELECT, 100, NULL);
	assert_string_equal(name(found), "none");
	assert_non_null(found.against);
	/* another's condition */
	assert_string_equal(name(ask_waiting(&tcl, BP_WAIT_FUTEX, 100, NULL)), "none");
	assert_string_equal(name(ask_blocked(&tcl, SYS_nanosleep)), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hangs),
		TEST(test_hangs_linked),
		TEST(test_hangs_in_a_poll),
		TEST(test_hangs_in_a_lookup),
		TEST(test_forked),
		TEST(test_first_wait),
		TEST(test_qt),
		TEST(test_asio),
		TEST(test_tcl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
