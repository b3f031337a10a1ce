// SPDX-License-Identifier: GPL-2.0-or-later
/* Durations in words, and names that are harmless to print and no wider than they may be. */
#include "records.h"

#include "base/escape.h"
#include "text/impact_text.h"
#include "text/words.h"

static void durations_are_readable(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 999, "999 ns" },
		{ 1000, "1 us" },
		{ 85400, "85 us" },
		{ 999499, "999 us" },
		{ 999500, "1 ms" },
		{ 1200000, "1.2 ms" },
		{ 9 * MS, "9 ms" },
		{ 9949999, "9.9 ms" },
		{ 9950000, "10 ms" },
		{ 352 * MS, "352 ms" },
		{ 999499999, "999 ms" },
		{ 999500000, "1.0 s" },
		{ 5 * S, "5.0 s" },
		{ 59949 * MS, "59.9 s" },
		{ 59950 * MS, "1 min 0 s" },
		{ 125 * S, "2 min 5 s" },
		{ 3599499 * MS, "59 min 59 s" },
		{ 3599500 * MS, "1 h 0 min" },
		{ 3780 * S, "1 h 3 min" },
		{ UINT64_MAX, "5124095 h 34 min" },
	};
	char text[DURATION_BYTES];

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		words_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void assert_escaped(const char *raw, const char *expected)
{
	char *escaped = escape_text(raw);

	assert_string_equal(escaped, expected);
	free(escaped);
}

static void names_are_escaped(void **state)
{
	char back[16];

	(void)state;
	assert_escaped("plain caf\xc3\xa9 \xe6\xbc\xa2", "plain caf\xc3\xa9 \xe6\xbc\xa2");
	assert_escaped("\033]0;x\007\n\x7f", "\\x1b]0;x\\x07\\x0a\\x7f");
	assert_escaped("\xc2\x9b", "\\xc2\\x9b");
	assert_escaped("\xe2\x80\xae\xef\xbb\xbf", "\\xe2\\x80\\xae\\xef\\xbb\\xbf");
	assert_escaped("\xff\xc1\x81", "\\xff\\xc1\\x81"); /* overlong A */
	assert_escaped("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
	assert_escaped("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	assert_escaped("a\xe2\x82", "a\\xe2\\x82"); /* cut */
	unescape_invalid("a\\xe2\\x82\\x41\\xg", back, sizeof(back));
	assert_string_equal(back, "a\xe2\x82\\x41\\xg");
	unescape_invalid("\\xff\\xff\\xff\\xff", back, 3);
	assert_string_equal(back, "\xff\xff");
}

static void cut(void (*function)(char *, size_t), const char *text, size_t columns,
		const char *expected)
{
	char buffer[64];

	snprintf(buffer, sizeof(buffer), "%s", text);
	function(buffer, columns);
	assert_string_equal(buffer, expected);
	assert_true(text_width(buffer) <= columns || !*buffer);
}

static void text_is_cut_between_characters(void **state)
{
	(void)state;
	cut(text_cut_left, "abcdefgh", 8, "abcdefgh");
	cut(text_cut_left, "abcdefgh", 7, "...efgh");
	cut(text_cut_right, "abcdefgh", 7, "abcd...");
	cut(text_cut_left, "abcdefgh", 2, "ab");
	cut(text_cut_right, "abcdefgh", 0, "");
	/* Two columns each. */
	cut(text_cut_left, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 6,
	    "...\xe6\xbc\xa2");
	cut(text_cut_right, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 6,
	    "\xe6\xbc\xa2...");
	assert_int_equal(text_width("\xe6\xbc\xa2\xc3\xa9x"), 4);
}

static void assert_impact(const struct impact *impact, int64_t delayed, const char *expected)
{
	struct stall_record stall = { .delayed_events = delayed, .impact = *impact };
	char words[IMPACT_BYTES];

	assert_int_equal(impact_words(&stall, words), *expected != '\0');
	assert_string_equal(words, expected);
	stall.ongoing = true;
	assert_false(impact_words(&stall, words));
}

static void impacts_are_readable(void **state)
{
	const struct impact_client client = { .fd = 7, .late_ns = -1 };
	struct impact impact = impact_none();

	(void)state;
	/* also of a recording that has no more than this */
	assert_impact(&impact, -1, "");
	assert_impact(&impact, 0, "");
	assert_impact(&impact, 1, "delayed 1 event");
	impact.events = 214;
	assert_impact(&impact, 214, "delayed 214 events");
	impact_add(&impact, &client);
	assert_impact(&impact, 214, "delayed 214 events of 1 client");
	impact.clients_cut = 8;
	impact.late_ns = 340 * MS;
	assert_impact(&impact, 214, "delayed 214 events of 9 clients by up to 340 ms");
	impact.timers_late = 3;
	assert_impact(&impact, 214, "delayed 214 events of 9 clients by up to 340 ms; 3 timers");
	impact.tasks_ready = 1;
	assert_impact(&impact, 214,
		      "delayed 214 events of 9 clients by up to 340 ms; 3 timers, 1 ready task");
	/* they wait to be accepted at one socket */
	impact = (struct impact){ .events = 1, .clients_cut = 5, .late_ns = 20 * MS };
	assert_impact(&impact, 1, "delayed 5 clients by up to 20 ms");
	impact = (struct impact){ .late_ns = -1, .timers_late = 1, .tasks_ready = 2 };
	assert_impact(&impact, 0, "delayed 1 timer, 2 ready tasks");
	impact = (struct impact){ .events = UINT64_MAX / 2,
				  .clients_cut = UINT64_MAX / 2,
				  .late_ns = INT64_MAX,
				  .timers_late = INT64_MAX,
				  .tasks_ready = INT64_MAX };
	assert_impact(
		&impact, 0,
		"delayed 9223372036854775807 events of 9223372036854775807 clients by up to "
		"2562047 h 47 min; 9223372036854775807 timers, 9223372036854775807 ready tasks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_readable),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(impacts_are_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
