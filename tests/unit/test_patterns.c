// SPDX-License-Identifier: GPL-2.0-or-later
/* Regular expressions of users: what they match, what they must not cost, and what is said of wrong ones. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/patterns.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static unsigned int blown;
static char blown_text[64];

static void on_blown(const char *text)
{
	blown++;
	snprintf(blown_text, sizeof(blown_text), "%s", text);
}

static struct patterns *the_patterns(void)
{
	struct patterns *patterns;

	assert_int_equal(patterns_new(&patterns), 0);
	blown = 0;
	patterns_on_blown(on_blown);
	return patterns;
}

static void add(struct patterns *patterns, const char *text)
{
	char reason[PATTERN_REASON_BYTES];

	if (patterns_add(patterns, text, reason))
		fail_msg("'%s': %s", text, reason);
}

static bool matches(const char *text, const char *subject)
{
	struct patterns *patterns = the_patterns();
	bool found;

	add(patterns, text);
	found = patterns_match(patterns, 0, subject);
	patterns_free(patterns);
	return found;
}

static void test_matches(void **state)
{
	(void)state;
	assert_true(matches("fetch", "Db.fetch_rates"));
	assert_true(matches("^Db\\.", "Db.fetch_rates"));
	assert_true(matches("(a|b)$", "xb"));
	assert_true(matches("(?i)FETCH", "fetch"));
	assert_true(matches("^(?!test_)", "main"));
	assert_true(matches("\\bio\\b", "do io"));
	assert_true(matches("", ""));
	assert_false(matches("^fetch", "Db.fetch"));
	assert_false(matches("^(?!test_)", "test_main"));
	assert_false(matches("a", NULL));
	/* names may hold anything: a name is one text, of bytes */
	assert_true(matches("^a.*b$", "a\nb"));
	assert_false(matches("a$", "a\n"));
	assert_true(matches("^a\\xffb$", "a\xff"
					 "b"));
	assert_true(matches("caf\xc3\xa9", "un caf\xc3\xa9"));
}

/* Of a longer name the rest is not looked at. */
static void test_long_subject(void **state)
{
	static char subject[3 * PATTERN_SUBJECT_MAX];

	(void)state;
	memset(subject, 'a', sizeof(subject) - 1);
	subject[PATTERN_SUBJECT_MAX - 1] = 'b';
	subject[PATTERN_SUBJECT_MAX] = 'c';
	assert_true(matches("b", subject));
	assert_false(matches("c", subject));
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} wrong[] = {
		{ "a(b", "at offset 3" },
		{ "[a", "at offset " },
		{ "*", "at offset " },
		{ "a{9,2}", "at offset " },
		{ "(?<n", "at offset " },
		{ "\\", "at offset " },
		{ "(((a{1000}){1000}){1000})", "too large" },
	};
	struct patterns *patterns = the_patterns();
	char reason[PATTERN_REASON_BYTES], text[PATTERN_BYTES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < NR(wrong); i++) {
		assert_int_equal(patterns_add(patterns, wrong[i].text, reason), -EINVAL);
		if (!strstr(reason, wrong[i].reason))
			fail_msg("'%s': %s", wrong[i].text, reason);
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(patterns_add(patterns, text, reason), -EINVAL);
	assert_non_null(strstr(reason, "longer than 4096"));
	text[PATTERN_BYTES_MAX] = '\0';
	add(patterns, text);
	assert_int_equal(patterns_nr(patterns), 1);
	patterns_free(patterns);
}

/* Takes 2^n steps where the last character is missing. */
#define BLOWS  "^(a+)+$"
#define LONG_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_blown(void **state)
{
	struct patterns *patterns = the_patterns();

	(void)state;
	add(patterns, BLOWS);
	assert_true(patterns_match(patterns, 0, LONG_A));
	assert_int_equal(blown, 0);
	assert_false(patterns_match(patterns, 0, LONG_A "!"));
	assert_int_equal(blown, 1);
	assert_string_equal(blown_text, BLOWS);
	assert_false(patterns_match(patterns, 0, LONG_A "?"));
	assert_int_equal(blown, 1); /* said once */
	assert_true(patterns_match(patterns, 0, LONG_A)); /* and tried on others still */
	patterns_free(patterns);
}

/* Without an end of its own, and with more memory than it gets. */
static void test_recursion(void **state)
{
	static char deep[PATTERN_SUBJECT_MAX];

	(void)state;
	memset(deep, '(', sizeof(deep) - 1);
	assert_false(matches("^(\\((?1)*\\))+$", deep));
	assert_false(matches("(?:(?=(a*))\\1?)*(?R)?x", LONG_A));
}

/* Ten thousand that blow up on every name: what they cost is bounded, and others are tried as before. */
static void test_many_blow_up(void **state)
{
	struct patterns *patterns = the_patterns();
	uint64_t spent_ns;
	char text[64];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "^(a+)+(b%d)?$", i);
		add(patterns, text);
	}
	add(patterns, "^a+!$");
	spent_ns = clock_spent_ns();
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < 10000; i++)
			assert_false(patterns_match(patterns, i, LONG_A "!"));
		assert_true(patterns_match(patterns, 10000, LONG_A "!"));
	}
	spent_ns = clock_spent_ns() - spent_ns;
	assert_int_equal(blown, 10000); /* each by name; who says so may stop after a few */
	/* some 0.3 s; without a bound each round takes 0.6 s, and without limits none ends */
	if (spent_ns > 5 * (uint64_t)NS_PER_SEC)
		fail_msg("%llu ms", (unsigned long long)spent_ns / NS_PER_MS);
	patterns_free(patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),	  cmocka_unit_test(test_long_subject),
		cmocka_unit_test(test_wrong),	  cmocka_unit_test(test_blown),
		cmocka_unit_test(test_recursion), cmocka_unit_test(test_many_blow_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
