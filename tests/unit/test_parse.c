// SPDX-License-Identifier: GPL-2.0-or-later
/* Times and numbers from the command line, and the messages that answer them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/parse.h"
#include "cli/message.h"

#define MS 1000000ull
#define S  1000000000ull

static void test_good_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t unit_ns;
		uint64_t ns;
	} cases[] = {
		{ "100ms", S, 100 * MS },
		{ "1.5s", MS, 1500 * MS },
		{ "500us", MS, 500000 },
		{ "200ns", MS, 200 },
		{ "2m", MS, 120 * S },
		{ "1h", MS, 3600 * S },
		{ "250", MS, 250 * MS },
		{ "0.5", S, 500 * MS },
		{ "3", S, 3 * S },
		{ "0", S, 0 },
		{ "0ms", S, 0 },
		{ "0.000000001s", MS, 1 },
		{ "1.000000001s", MS, S + 1 },
		{ "0.1s", MS, 100 * MS },
		{ "0.3ms", S, 300000 },
		{ "1.10000000000000000000000000000s", MS, 1100 * MS },
		{ "000000000000000000000000000001s", MS, S },
		{ "0.0000000000025h", MS, 9 },
		{ "9223372036854775807ns", MS, INT64_MAX },
		{ "9223372036.854775807s", MS, INT64_MAX },
		{ "9007199254740993ns", MS, 9007199254740993 }, /* no double holds this */
	};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ns = 77;
		if (duration_parse(cases[i].text, cases[i].unit_ns, &ns) || ns != cases[i].ns)
			fail_msg("%s is %llu ns", cases[i].text, (unsigned long long)ns);
	}
}

static void test_bad_durations(void **state)
{
	static const char *const bad[] = {
		"",
		"ms",
		"abc",
		"-1",
		"-1ms",
		"+1ms",
		" 1ms",
		"1 ms",
		"1ms ",
		"1ms\n",
		"1e3",
		"1e3ms",
		"1.5e0s",
		"0x10",
		"nan",
		"inf",
		".5s",
		"1.",
		"1.s",
		"1..5s",
		"1.5.5s",
		"1,5s",
		"1mss",
		"1d",
		"1S",
		"1MS",
		"1sec",
		"1s1ms",
		"0.5ns",
		"0.0001us",
		"1.0000000001s",
		"- 1",
		"\xc2\xb5s",
		"1\xc2\xb5s",
		"0.00000000000000000001s",
		"99999999999999999999999999garbage",
	};
	uint64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (duration_parse(bad[i], MS, &ns) != -EINVAL || ns != 77)
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void test_long_durations(void **state)
{
	static const char *const bad[] = {
		"9223372036854775808ns", "9223372036.854775808s",      "18446744073709551616ns",
		"18446744073709551615h", "99999999999999999999999999", "2562048h",
	};
	uint64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (duration_parse(bad[i], MS, &ns) != -ERANGE || ns != 77)
			fail_msg("'%s' gave no -ERANGE", bad[i]);
	}
	assert_int_equal(duration_parse("2562047h", MS, &ns), 0);
}

static void test_numbers(void **state)
{
	static const char *const bad[] = { "",	  "-",	 "+1",	" 1",  "1 ",  "1a", "a",
					   "0x1", "1.0", "--1", "1,2", "1e1", "1\n" };
	long out = 77;

	(void)state;
	assert_int_equal(number_parse("4242", 1, INT_MAX, &out), 0);
	assert_int_equal(out, 4242);
	assert_int_equal(number_parse("-5", -10, 10, &out), 0);
	assert_int_equal(out, -5);
	assert_int_equal(number_parse("007", 0, 10, &out), 0);
	assert_int_equal(out, 7);
	assert_int_equal(number_parse("9223372036854775807", 0, LONG_MAX, &out), 0);
	assert_true(out == LONG_MAX);
	out = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (number_parse(bad[i], LONG_MIN, LONG_MAX, &out) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	}
	assert_int_equal(number_parse("0", 1, 10, &out), -ERANGE);
	assert_int_equal(number_parse("11", 1, 10, &out), -ERANGE);
	assert_int_equal(number_parse("-1", 1, 10, &out), -ERANGE);
	assert_int_equal(number_parse("9223372036854775808", 0, LONG_MAX, &out), -ERANGE);
	assert_int_equal(number_parse("999999999999999999999999", 0, LONG_MAX, &out), -ERANGE);
	assert_int_equal(out, 77);
}

static void test_sizes(void **state)
{
	static const char *const bad[] = {
		"", "M", "1X", "1MB", "1.5G", "-1M", " 1M", "1 M", "0x1M"
	};
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = { { "64K", 64 << 10 },  { "7", 7 << 20 },	 { "500M", 500 << 20 },
		     { "2G", 2ull << 30 }, { "1T", 1ull << 40 }, { "1024T", 1ull << 50 } };
	uint64_t bytes = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(size_parse(good[i].text, 1, 1ull << 50, &bytes), 0);
		assert_true(bytes == good[i].bytes);
	}
	bytes = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (size_parse(bad[i], 0, 1ull << 50, &bytes) != -EINVAL)
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(size_parse("1023K", 1 << 20, 1ull << 50, &bytes), -ERANGE);
	assert_int_equal(size_parse("1025T", 0, 1ull << 50, &bytes), -ERANGE);
	assert_int_equal(size_parse("18446744073709551615T", 0, 1ull << 50, &bytes), -EINVAL);
	assert_true(bytes == 77);
}

/* Standard error is a packet pipe meanwhile: one read gives what one write(2) put. */
struct capture {
	int stderr_copy;
	int packets;
};

static void capture_begin(struct capture *capture)
{
	int fds[2];

	fflush(stderr);
	assert_int_equal(pipe2(fds, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
	capture->stderr_copy = dup(STDERR_FILENO);
	assert_true(capture->stderr_copy >= 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	capture->packets = fds[0];
}

static void capture_end(struct capture *capture)
{
	dup2(capture->stderr_copy, STDERR_FILENO);
	close(capture->stderr_copy);
}

/* The next message, "" when there is none. */
static const char *next_message(struct capture *capture, char *buf, size_t size)
{
	ssize_t n = read(capture->packets, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void test_messages(void **state)
{
	struct capture capture;
	char buf[4096];

	(void)state;
	capture_begin(&capture);
	errno = ENOTTY;
	message_error("no process %d", 42);
	message_warn("odd comm %s", "a\033[2Jb\nc\td\x7f");
	message_note("bytes %s, text %s", "\xff\xc0\xaf\xed\xa0\x80", "\xc3\xa9\xe2\x82\xac");
	message_note("csi %s", "\xc2\x9b");
	message_detail("not shown");
	int kept = errno;

	capture_end(&capture);
	assert_int_equal(kept, ENOTTY);
	assert_string_equal(next_message(&capture, buf, sizeof(buf)), "blockprof: no process 42\n");
	assert_string_equal(next_message(&capture, buf, sizeof(buf)),
			    "blockprof: odd comm a\\x1b[2Jb\\x0ac\\x09d\\x7f\n");
	assert_string_equal(
		next_message(&capture, buf, sizeof(buf)),
		"blockprof: bytes \\xff\\xc0\\xaf\\xed\\xa0\\x80, text \xc3\xa9\xe2\x82\xac\n");
	assert_string_equal(next_message(&capture, buf, sizeof(buf)),
			    "blockprof: csi \\xc2\\x9b\n");
	assert_string_equal(next_message(&capture, buf, sizeof(buf)), "");
	close(capture.packets);
}

static void test_message_levels(void **state)
{
	static const char *const shown[] = { "e", "ew", "ewn", "ewnd" };
	struct capture capture;
	char got[8], buf[64];
	size_t nr;

	(void)state;
	for (int level = -3; level <= 2; level++) {
		capture_begin(&capture);
		message_set_level(level);
		message_error("e");
		message_warn("w");
		message_note("n");
		message_detail("d");
		message_set_level(MESSAGE_NOTE);
		capture_end(&capture);
		for (nr = 0; *next_message(&capture, buf, sizeof(buf)); nr++)
			got[nr] = buf[strlen("blockprof: ")];
		got[nr] = '\0';
		close(capture.packets);
		assert_string_equal(got, shown[level < -2 ? 0 : level > 1 ? 3 : level + 2]);
	}
}

static void test_messages_for_the_journal(void **state)
{
	struct capture capture;
	char buf[64];

	(void)state;
	capture_begin(&capture);
	message_set_journal(true);
	message_error("e");
	message_warn("w");
	message_note("n");
	message_set_journal(false);
	message_note("n");
	capture_end(&capture);
	assert_string_equal(next_message(&capture, buf, sizeof(buf)), "<3>e\n");
	assert_string_equal(next_message(&capture, buf, sizeof(buf)), "<4>w\n");
	assert_string_equal(next_message(&capture, buf, sizeof(buf)), "<6>n\n");
	assert_string_equal(next_message(&capture, buf, sizeof(buf)), "blockprof: n\n");
	close(capture.packets);
}

static void test_long_message(void **state)
{
	struct capture capture;
	char name[6000], buf[8192];
	size_t nr;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	capture_begin(&capture);
	message_note("%s", name);
	capture_end(&capture);
	/* A packet is at most a page: read all there is. */
	nr = strlen(next_message(&capture, buf, sizeof(buf)));
	nr += strlen(next_message(&capture, buf + nr, sizeof(buf) - nr));
	close(capture.packets);
	assert_in_range(nr, 4000, 4200);
	assert_string_equal(buf + nr - 5, "x...\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_durations),
		cmocka_unit_test(test_bad_durations),
		cmocka_unit_test(test_long_durations),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_message_levels),
		cmocka_unit_test(test_messages_for_the_journal),
		cmocka_unit_test(test_long_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
