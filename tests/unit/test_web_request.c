// SPDX-License-Identifier: GPL-2.0-or-later
/* Which requests are refused, by which status; addresses to listen on; questions that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/child/authorization.h"
#include "web/child/request.h"
#include "web/listen.h"

static const struct request_head sound = {
	.target = "/healthz",
	.host = "127.0.0.1:10435",
	.reads = true,
	.bytes = 100,
};

#define TOKEN "0123456789abcdef"

static const struct web_settings settings = {
	.token = TOKEN,
	.nr_hosts = 1,
	.hosts = { "mon.example" },
};

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

static void how_much_the_page_shows(void **state)
{
	static const char *const wrong[] = { "/last?seconds=0", "/last?seconds=3601",
					     "/last?seconds=x", "/last?seconds=-1" };
	struct request_head head = sound;
	struct request request;

	(void)state;
	assert_int_equal(with_target("/last"), 401);
	head.trusted = true;
	head.target = "/last";
	assert_int_equal(request_judge(&head, &settings, &request), 200);
	assert_int_equal(request.last, 3600);
	assert_int_equal(request.seconds, 0);
	head.target = "/last?seconds=10";
	assert_int_equal(request_judge(&head, &settings, &request), 200);
	assert_int_equal(request.last, 10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		head.target = wrong[i];
		assert_int_equal(request_judge(&head, &settings, &request), 400);
	}
	head.target = "/loops?seconds=10";
	assert_int_equal(request_judge(&head, &settings, &request), 200);
	assert_int_equal(request.last, 0);
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
	static const int statuses[] = { 400, 401, 403, 404, 405, 413, 431, 503 };

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
		question = (struct web_question){ .kind = kind, .window = 1 };
		assert_int_equal(web_question_check(&question), 0);
	}
	question.kind = WEB_KIND_NR;
	assert_int_equal(web_question_check(&question), -EINVAL);
	question.kind = UINT32_MAX;
	assert_int_equal(web_question_check(&question), -EINVAL);
	question = (struct web_question){ .kind = WEB_FOLDED, .window = WEB_WINDOWS + 1 };
	assert_int_equal(web_question_check(&question), -EINVAL);
	question = (struct web_question){ .kind = WEB_WINDOW_BEGIN };
	assert_int_equal(web_question_check(&question), -EINVAL);
	question = (struct web_question){ .kind = WEB_WINDOW_END };
	assert_int_equal(web_question_check(&question), -EINVAL);
	question = (struct web_question){ .kind = WEB_STALLS, .limit = WEB_STALLS_MAX + 1 };
	assert_int_equal(web_question_check(&question), -EINVAL);
}

static void who_has_the_token(void **state)
{
	static const char *const have[] = {
		"Bearer " TOKEN, "bearer " TOKEN, "Basic OjAxMjM0NTY3ODlhYmNkZWY=", /* :TOKEN */
		"basic YW55Ym9keTowMTIzNDU2Nzg5YWJjZGVm", /* anybody:TOKEN */
	};
	static const char *const have_not[] = {
		"",
		TOKEN,
		"Bearer",
		"Bearer ",
		"Bearer " TOKEN "0",
		"Bearer 0123456789abcde",
		"Bearer 0123456789abcdeg",
		"Bearer  " TOKEN,
		"Basic " TOKEN,
		"Basic MDEyMzQ1Njc4OWFiY2RlZg==", /* without a user */
		"Basic MDEyMzQ1Njc4OWFiY2RlZjo=", /* TOKEN: */
		"Basic OjAxMjM0NTY3ODlhYmNkZQ==", /* cut */
		"Digest " TOKEN,
	};
	static const char none[WEB_TOKEN_BYTES], token[WEB_TOKEN_BYTES] = TOKEN;
	char longest[1000] = "Bearer ", longest_token[WEB_TOKEN_BYTES] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(have) / sizeof(have[0]); i++)
		if (!authorization_has(have[i], token))
			fail_msg("%s has it not", have[i]);
	for (size_t i = 0; i < sizeof(have_not) / sizeof(have_not[0]); i++)
		if (authorization_has(have_not[i], token))
			fail_msg("%s has it", have_not[i]);
	assert_false(authorization_has(NULL, token));
	/* where there is none nobody has it */
	assert_false(authorization_has(NULL, none));
	assert_false(authorization_has("Bearer ", none));
	assert_false(authorization_has("Basic Og==", none));
	memset(longest + strlen(longest), 'a', sizeof(longest) - strlen(longest) - 1);
	memset(longest_token, 'a', sizeof(longest_token) - 1);
	assert_false(authorization_has(longest, longest_token));
	longest[strlen("Bearer ") + WEB_TOKEN_BYTES - 1] = '\0';
	assert_true(authorization_has(longest, longest_token));
}

static void what_wants_the_token(void **state)
{
	struct web_settings only = settings;
	struct request_head head = sound;
	struct request request;

	(void)state;
	assert_int_equal(with_target("/metrics"), 200);
	assert_int_equal(with_target("/stalls"), 401);
	assert_int_equal(with_target("/loops"), 401);
	head.authorization = "Bearer " TOKEN;
	head.target = "/stalls";
	assert_int_equal(status_of(head), 200);
	head.authorization = NULL;
	head.trusted = true;
	assert_int_equal(status_of(head), 200);
	only.metrics_only = true;
	assert_int_equal(request_judge(&head, &only, &request), 403);
	head.target = "/";
	assert_int_equal(request_judge(&head, &only, &request), 403);
	head.target = "/metrics";
	assert_int_equal(request_judge(&head, &only, &request), 200);
}

static struct request request_of(const char *target)
{
	struct request_head head = sound;
	struct request request;

	head.target = target;
	head.trusted = true;
	assert_int_equal(request_judge(&head, &settings, &request), 200);
	assert_int_equal(web_question_check(&request.question), 0);
	return request;
}

static struct web_question question_of(const char *target)
{
	return request_of(target).question;
}

static uint64_t seconds_of(const char *target)
{
	return request_of(target).seconds;
}

static void parameters(void **state)
{
	static const char *const wrong[] = { "/debug/pprof/block?seconds=0",
					     "/debug/pprof/block?seconds=301",
					     "/debug/pprof/block?seconds=1.5",
					     "/debug/pprof/block?labels=some",
					     "/folded?seconds=x",
					     "/stalls?limit=0",
					     "/stalls?limit=1001",
					     "/stalls?limit=-1",
					     "/stalls?limit=",
					     "/stalls?limit=1%30x",
					     "/stalls?limit=%",
					     "/stalls?limit=%0",
					     "/stalls?limit=%00",
					     "/stalls?since=now",
					     "/stalls?since=-1",
					     "/stalls?since=99999999999999999999" };
	char longest[200] = "/stalls?since=";

	(void)state;
	assert_int_equal(question_of("/debug/pprof/block").kind, WEB_BLOCK);
	assert_int_equal(question_of("/debug/pprof/block?labels=all").kind, WEB_BLOCK_ALL);
	assert_int_equal(question_of("/folded?seconds=3&labels=all").kind, WEB_FOLDED);
	assert_int_equal(seconds_of("/folded"), 0);
	assert_int_equal(seconds_of("/debug/pprof/block?seconds=300"), 300);
	assert_int_equal(question_of("/stalls").limit, 100);
	assert_int_equal(question_of("/stalls?limit=1000").limit, 1000);
	assert_int_equal(question_of("/stalls?x=y&limit=%31%32&limit=3").limit, 12);
	assert_int_equal(question_of("/stalls?nolimit=3").limit, 100);
	assert_int_equal(question_of("/stalls?since=2").since_ns, 2000000000);
	assert_int_equal(question_of("/stalls?since=1970-01-01T00%3A00:03Z").since_ns, 3000000000);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct request_head head = sound;

		head.target = wrong[i];
		head.trusted = true;
		if (status_of(head) != 400)
			fail_msg("%s is answered", wrong[i]);
	}
	memset(longest + strlen(longest), '1', sizeof(longest) - strlen(longest) - 1);
	assert_int_equal(with_target(longest), 401);
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
		cmocka_unit_test(how_much_the_page_shows),
		cmocka_unit_test(what_is_refused_before),
		cmocka_unit_test(each_refusal_has_its_words),
		cmocka_unit_test(questions_that_nobody_asks),
		cmocka_unit_test(who_has_the_token),
		cmocka_unit_test(what_wants_the_token),
		cmocka_unit_test(parameters),
		cmocka_unit_test(addresses_to_listen_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
