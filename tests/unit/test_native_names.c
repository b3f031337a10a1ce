// SPDX-License-Identifier: GPL-2.0-or-later
/* Loops of compiled programs by the names of programs, libraries and threads; and clients, which only look like loops. */
#include "native_fixture.h"

/* -- clients -- */

static void assert_borrowed(struct program *program, unsigned int wait_class, const char *by)
{
	struct recognised found = ask_waiting(program, wait_class, 1000, NULL);

	assert_string_equal(name(found), "none");
	assert_non_null(found.against);
	assert_memory_equal(found.against, by, strlen(by));
}

static void test_clients(void **state)
{
	static const struct {
		const char *file;
		unsigned int wait_class;
		const char *name;
	} clients[] = {
		{ "/usr/lib/libcurl.so.4.8.0", BP_WAIT_EPOLL, "libcurl waits" },
		{ "/usr/lib/libcurl-gnutls.so.4", BP_WAIT_EPOLL, "libcurl" },
		{ "/x/psycopg2_binary.libs/libpq-e8a033dd.so.5.16", BP_WAIT_EPOLL, "libpq" },
		{ "/usr/lib/libmysqlclient.so.21", BP_WAIT_EPOLL, "the MySQL client" },
		{ "/x/grpc/_cython/cygrpc.cpython-311-x86_64-linux-gnu.so", BP_WAIT_EPOLL,
		  "gRPC's completion queue" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		struct program program = { .exe = "tool", .caller = clients[i].file };

		assert_borrowed(&program, clients[i].wait_class, clients[i].name);
	}
}

/* Libraries that have loops as well are clients only in some calls. */
static void test_clients_of_loops(void **state)
{
	const struct bp_block poll = { .wait_class = BP_WAIT_POLL };
	const struct bp_block epoll = { .wait_class = BP_WAIT_EPOLL };
	struct program program = { .exe = "tool" };
	struct moment moment = { .program = &program, .block = &poll };

	(void)state;
	program.caller = "libsystemd.so.0.35.0";
	assert_non_null(native_borrowed_by(&moment, SP));
	moment.block = &epoll;
	assert_null(native_borrowed_by(&moment, SP));
	program.caller = "libzmq.so.5";
	assert_null(native_borrowed_by(&moment, SP));
	moment.block = &poll;
	assert_non_null(native_borrowed_by(&moment, SP));
	program.caller = "libxcb.so.1.1.0";
	assert_null(native_borrowed_by(&moment, SP));
	program.stack[0] = "xcb_wait_for_reply";
	assert_non_null(native_borrowed_by(&moment, SP));
	/* linked in */
	program.caller = "";
	program.stack[0] = "PQgetResult";
	assert_null(native_borrowed_by(&moment, SP));
	program.defines = "PQgetResult";
	assert_non_null(native_borrowed_by(&moment, SP));
	program.caller = NULL;
	assert_null(native_borrowed_by(&moment, SP));
}

/* GDBus runs a main loop on a context of its own for the time of one call. */
static void test_private_loop(void **state)
{
	struct program program = { .exe = "tool",
				   .libraries = { "libglib-2.0.so.0", "libgio-2.0.so.0" },
				   .caller = "libglib-2.0.so.0",
				   .stack = { "g_main_loop_run",
					      "g_dbus_connection_send_message_with_reply_sync" } };

	(void)state;
	assert_borrowed(&program, BP_WAIT_POLL, "GDBus");
	assert_string_equal(name(ask_polling(&program)), "none");
	assert_non_null(ask_polling(&program).against);
	/* in a turn of the main loop */
	program.stack[2] = "g_main_loop_run";
	assert_string_equal(name(ask_polling(&program)), "glib");
	assert_true(ask_polling(&program).in_turn);
	/* a call further out does not make the loop inside it a client */
	program.stack[1] = "g_main_loop_run";
	program.stack[2] = "g_subprocess_wait";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_POLL, 1000, NULL)), "glib");
}

/* -- names -- */

static void test_bun_and_deno(void **state)
{
	struct program program = { .exe = "bun", .defines = "uv_run", .caller = "" };

	(void)state;
	nr_epolls = 1;
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 1, NULL)), "bun");
	assert_string_equal(runtime_unread(&program)->unread, "JavaScript");
	/* one that it made of itself and a script */
	program.exe = "my-tool";
	program.defines = ".bun_builtins";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 1, NULL)), "bun");
	program = (struct program){ .exe = "deno", .caller = "" };
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 1, NULL)), "deno");
	assert_true(runtime_unread(&program)->runs_javascript);
	program.exe = "node";
	assert_null(runtime_unread(&program));
	assert_null(runtime_unread(NULL));
}

static void test_interpreters(void **state)
{
	struct program program = { .exe = "ruby", .caller = "/x/nio4r_ext.so" };

	(void)state;
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 1, NULL)), "none");
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL)), "ruby");
	/* what any of its threads does */
	program.caller = "/lib/libruby-3.1.so.3.1.2";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL)), "none");
	assert_non_null(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL).against);
	assert_string_equal(runtime_unread(&program)->unread, "Ruby");
	program = (struct program){ .exe = "php", .caller = "" };
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL)), "none");
	program.caller = "/x/swoole.so";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL)), "php");
	program.exe = "perl";
	program.caller = "/x/EV.so";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL)), "perl");
	/* a library that it is written on is known better than that */
	program.libraries[0] = program.caller = "libev.so.4";
	assert_string_equal(name(ask_waiting(&program, BP_WAIT_EPOLL, 100, NULL)), "libev");
	assert_string_equal(runtime_unread(&program)->unread, "Perl");
}

static void test_others(void **state)
{
	struct program java = { .exe = "java",
				.libraries = { "libjvm.so", "libnio.so" },
				.caller = "/lib/libnio.so" };
	struct program envoy = { .exe = "envoy", .caller = "" };

	(void)state;
	assert_string_equal(name(ask_waiting(&java, BP_WAIT_EPOLL, 100, "vert.x-eventloo")),
			    "vert.x");
	assert_string_equal(name(ask_waiting(&java, BP_WAIT_EPOLL, 100, "nioEventLoopGro")),
			    "netty");
	assert_string_equal(name(ask_waiting(&java, BP_WAIT_EPOLL, 100, "main")), "java-nio");
	assert_borrowed(&java, BP_WAIT_POLL, "a socket of Java's");
	assert_string_equal(name(ask_waiting(&envoy, BP_WAIT_EPOLL, 100, NULL)), "libevent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clients),	 TEST(test_clients_of_loops), TEST(test_private_loop),
		TEST(test_bun_and_deno), TEST(test_interpreters),     TEST(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
