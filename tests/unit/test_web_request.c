// SPDX-License-Identifier: GPL-2.0-or-later
/* Which requests are refused, by which status; addresses to listen on; questions that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/child/request.h"
#include "web/listen.h"

static const struct request_head sound = {
	.target = "/healthz",
	.host = "127.0.0.1:10435",
	.reads = true,
	.bytes = 100,
};

static const struct web_settings settings = { .nr_hosts = 1, .hosts = { "mon.example" } };

static int status_of(struct request_head head)
{
	struct request request;

	return request_judge(&head, &settings, &request);
}

static int with_host(const char *host)
{
	struct request_head head = sound;

	head.host = host;
	return status_of(head);
}

static int with_target(const char *target)
{
	struct request_head head = sound;

	head.target = target;
	return status_of(head);
}

static void names_that_are_ours(void **state)
{
	static const char *const ours[] = { "127.0.0.1",   "10.1.2.3:80",
					    "localhost",   "LocalHost:1",
					    "[::1]",	   "[fe80::1]:10435",
					    "mon.example", "MON.example:10435" };
	static const char *const others[] = { "",
					      "evil.example",
					      "mon.example.evil",
					      "localhost.",
					      "::1",
					      "[::1",
					      "[localhost]",
					      "127.0.0.1.evil",
					      "localhost:x",
					      "[::1]x",
					      "localhost:123456",
					      "127.0.0.1:80:80" };
	char longest[WEB_HOST_BYTES + 100];

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (with_host(ours[i]) != 200)
			fail_msg("%s is refused", ours[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (with_host(others[i]) != 403)
			fail_msg("%s is let in", others[i]);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(with_host(longest), 403);
	assert_int_equal(with_host(NULL), 400);
}

static void who_comes_by_a_unix_socket_is_known(void **state)
{
	struct request_head head = sound;

	(void)state;
	head.trusted = true;
	head.host = "whatever";
	assert_int_equal(status_of(head), 200);
	head.host = NULL;
	assert_int_equal(status_of(head), 200);
}

static void paths_are_exact(void **state)
{
	static const char *const none[] = { "",		 "healthz",    "/healthz/",
					    "//healthz", "/Healthz",   "/healthz%20",
					    "/health",	 "/%68ealthz", "/../healthz",
					    "http://x/", "*",	       "/healthz#x" };

	(void)state;
	assert_int_equal(with_target("/healthz"), 200);
	assert_int_equal(with_target("/healthz?x=y"), 200);
	assert_int_equal(with_target("/"), 200);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (with_target(none[i]) != 404)
			fail_msg("%s is answered", none[i]);
}

static void what_is_refused_before(void **state)
{
	struct request_head head = sound;

	(void)state;
	head.reads = false;
	assert_int_equal(status_of(head), 405);
	head = sound;
	head.has_body = true;
	assert_int_equal(status_of(head), 413);
	head = sound;
	head.bytes = REQUEST_BYTES_MAX;
	assert_int_equal(status_of(head), 200);
	head.bytes++;
	assert_int_equal(status_of(head), 431);
}

static void each_refusal_has_its_words(void **state)
{
	static const int statuses[] = { 400, 403, 404, 405, 413, 431, 503 };

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(request_words(statuses[i]),
						request_words(statuses[j]));
}

static void questions_that_nobody_asks(void **state)
{
	struct web_question question = { .id = 7 };

	(void)state;
	for (uint32_t kind = 0; kind < WEB_KIND_NR; kind++) {
		question.kind = kind;
		assert_int_equal(web_question_check(&question), 0);
	}
	question.kind = WEB_KIND_NR;
	assert_int_equal(web_question_check(&question), -EINVAL);
	question.kind = UINT32_MAX;
	assert_int_equal(web_question_check(&question), -EINVAL);
}

static void addresses_to_listen_on(void **state)
{
	static const char *const right[] = { "127.0.0.1:10435", "0.0.0.0:1", "[::1]:65535",
					     "[::]:80", "unix:/run/x" };
	static const char *const wrong[] = {
		"",	      "10435",	     "localhost:80",	":80",		"127.0.0.1",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
		"[::1]",      "[::1:80",     "unix:",		"unix:x",	"/run/x"
	};
	char path[200] = "unix:/";

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		if (listen_check(right[i]))
			fail_msg("%s cannot be used", right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!listen_check(wrong[i]))
			fail_msg("%s can be used", wrong[i]);
	memset(path + 6, 'a', sizeof(path) - 7);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(listen_check(path), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_are_ours),
		cmocka_unit_test(who_comes_by_a_unix_socket_is_known),
		cmocka_unit_test(paths_are_exact),
		cmocka_unit_test(what_is_refused_before),
		cmocka_unit_test(each_refusal_has_its_words),
		cmocka_unit_test(questions_that_nobody_asks),
		cmocka_unit_test(addresses_to_listen_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
