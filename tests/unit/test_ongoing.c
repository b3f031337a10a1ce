// SPDX-License-Identifier: GPL-2.0-or-later
/* When the text tells of a stall: one that lasts, and one whose place was shown before. */
#include "records.h"

#include <time.h>

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

static char *render(struct temp *temp, const struct output_options *options,
		    void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.txt");
	struct output *output = open_output("text", path, options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_text(path);
}

static size_t count(const char *text, const char *word)
{
	size_t nr = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		nr++;
	return nr;
}

static void feed_lasting(struct output *output, uint64_t until_ns)
{
	for (uint64_t ns = 100 * MS; ns < until_ns; ns += S)
		feed_stall(output, sleep_stall(true, ns));
	feed_stall(output, sleep_stall(false, until_ns));
}

static void feed_short(struct output *output)
{
	feed_lasting(output, 990 * MS);
}

/* It was reported while it lasted; its reader has one entry. */
static void less_than_a_second_is_one_entry(void **state)
{
	const struct output_options live = { .live = true },
				    terminal = { .live = true, .terminal = true, .columns = 80 };
	const struct output_options *const options[] = { &live, &terminal };

	for (size_t i = 0; i < NR(options); i++) {
		char *text = render(*state, options[i], feed_short);

		assert_int_equal(count(text, "12:00:08.000"), 1);
		assert_null(strstr(text, "and still"));
		assert_null(strchr(text, '\r'));
		free(text);
	}
}

static void feed_long(struct output *output)
{
	feed_lasting(output, 40 * S);
}

static void in_files_each_doubling_is_a_line(void **state)
{
	const struct output_options options = { .live = true };
	char *text = render(*state, &options, feed_long), *at = text;
	static const char *const lines[] = { " 1.1 s and still",  " 2.1 s and still",
					     " 4.1 s and still",  " 8.1 s and still",
					     " 16.1 s and still", " 32.1 s and still",
					     " 40.0 s in do_io" };

	assert_int_equal(count(text, "and still"), NR(lines) - 1);
	for (size_t i = 0; i < NR(lines); i++) {
		at = strstr(at, lines[i]);
		assert_non_null(at);
	}
	assert_null(strchr(text, '\033'));
	free(text);
}

static void feed_rewritten(struct output *output)
{
	struct stall_record other = socket_stall();

	feed_stall(output, sleep_stall(true, 1100 * MS));
	feed_stall(output, sleep_stall(true, 2100 * MS));
	other.id.tid = 4250;
	feed_stall(output, other);
	output_hide(output);
	output_hide(output);
	feed_stall(output, sleep_stall(true, 3100 * MS));
	feed_stall(output, sleep_stall(false, 3500 * MS));
}

#define LASTS(time)                                                                          \
	"12:00:08.000  " time " and still in do_io (app/bad.py:3): sleep  clock_nanosleep\n" \
	"      python3[4242] asyncio, task Task-7\033[1A\r"
#define ERASE "\r\033[K\0337\033[B\033[K\0338"

/* The cursor stays in front of it: what others write there is not erased with it. */
static void on_a_terminal_one_line_is_rewritten(void **state)
{
	const struct output_options options = { .live = true, .terminal = true, .columns = 80 };
	static const char begin[] =
		LASTS("1.1 s") ERASE LASTS("2.1 s") ERASE "12:00:01.000  352 ms";
	char *text = render(*state, &options, feed_rewritten), *at;

	assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
	/* below the other's entry; taken off for a message, once; and on again */
	at = strstr(text, "runqueue 3 ms\n");
	assert_non_null(at);
	at += strlen("runqueue 3 ms\n");
	assert_int_equal(
		strncmp(at, LASTS("2.1 s") ERASE LASTS("3.1 s") ERASE "12:00:08.000  3.5 s in",
			strlen(LASTS("2.1 s") ERASE LASTS("3.1 s") ERASE "12:00:08.000  3.5 s in")),
		0);
	/* nothing is left of it at the end */
	assert_null(strstr(strstr(text, "3.5 s in"), "\033"));
	free(text);
}

static void feed_overtaken(struct output *output)
{
	struct stall_record before = sleep_stall(false, 300 * MS);

	feed_stall(output, sleep_stall(true, 100 * MS));
	before.mono_ns -= S;
	before.time_ns -= S;
	strcpy(before.turn, "4242-17");
	feed_stall(output, before);
	feed_stall(output, sleep_stall(false, 400 * MS));
}

/* An earlier turn ended, and that comes after the report of one that lasts: each of them is one stall. */
static void the_end_of_an_earlier_turn_may_come_later(void **state)
{
	char *text = render(*state, NULL, feed_overtaken);

	assert_int_equal(strncmp(text, "12:00:07.000  300 ms in do_io", 29), 0);
	assert_non_null(strstr(text, "12:00:08.000  400 ms in do_io"));
	assert_null(strstr(text, "and still"));
	assert_non_null(strstr(text, "2 stalls: 700 ms in all"));
	free(text);
}

static void feed_withdrawn_rows(struct output *output)
{
	struct withdrawn_record withdrawn = { AT(21), .turn = "4242-18", .id = thread_main(),
					      .reason = "left" };

	feed_stall(output, sleep_stall(true, 1100 * MS));
	output_withdrawn(output, &withdrawn);
}

static void what_was_none_is_taken_off(void **state)
{
	const struct output_options options = { .live = true, .terminal = true, .columns = 80 };
	char *text = render(*state, &options, feed_withdrawn_rows);

	assert_non_null(strstr(text, ERASE "12:00:21      withdrawn: python3[4242] asyncio"));
	free(text);
}

static void feed_several_that_last(struct output *output)
{
	for (pid_t tid = 5000; tid < 5007; tid++) {
		struct stall_record stall = sleep_stall(true, 1100 * MS);

		stall.id.tid = tid;
		feed_stall(output, stall);
	}
}

/* A few have their rows, the others are counted. */
static void many_do_not_fill_the_terminal(void **state)
{
	const struct output_options options = { .live = true, .terminal = true, .columns = 200 };
	char *text = render(*state, &options, feed_several_that_last), *last;

	last = strstr(text, "and 3 more that go on\033[4A\r");
	assert_non_null(last);
	free(text);
}

static struct stall_record at_place(const char *fn, uint64_t ns)
{
	struct stall_record stall = sleep_stall(false, ns);
	const struct frame frames[] = { PYTHON(fn, "/app/bad.py", 3) };

	stack_put(stall.slices.v[0].stack);
	stall.slices.v[0].stack = make_stack(frames, 1);
	return stall;
}

static void feed_repeated(struct output *output)
{
	struct stall_record stall = socket_stall();

	feed_stall(output, socket_stall());
	free(stall.slices.v[0].task_name);
	stall.slices.v[0].task_name = strdup("rates-7");
	stall.duration_ns = 348 * MS;
	feed_stall(output, stall);
	stall = socket_stall();
	stall.id.tid = 4250;
	stall.doubt = DOUBT_HABIT;
	feed_stall(output, stall);
	feed_stall(output, at_place("other", 200 * MS));
	/* another cause in the same place */
	stall = socket_stall();
	stall.cause = stall.slices.v[0].cause = CAUSE_FILE;
	feed_stall(output, stall);
}

static void a_place_that_was_shown_is_one_line(void **state)
{
	char *text = render(*state, NULL, feed_repeated), *other;

	assert_non_null(strstr(
		text,
		"\n12:00:01.000  348 ms in execute (app/db.py:41): socket  "
		"recvfrom 127.0.0.1:5432 (postgres[812])  2nd, task rates-7\n"
		"12:00:01.000  perhaps 352 ms in execute (app/db.py:41): socket  "
		"recvfrom 127.0.0.1:5432 (postgres[812])  3rd, python3[4242/4250] asyncio, task "
		"rates-3, perhaps none: this loop is known by its polls alone\n"));
	other = strstr(text, "200 ms in other (app/bad.py:3): sleep\n");
	assert_non_null(other);
	assert_non_null(strstr(other, "352 ms in execute (app/db.py:41): file\n"));
	free(text);
}

static void feed_two_recordings(struct output *output)
{
	feed_start(output);
	feed_stall(output, socket_stall());
	feed_start(output);
	feed_stall(output, socket_stall());
}

static void each_recording_is_shown_for_itself(void **state)
{
	char *text = render(*state, NULL, feed_two_recordings);

	assert_int_equal(count(text, "352 ms in execute (app/db.py:41): socket\n"), 2);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(less_than_a_second_is_one_entry),
		TEST(in_files_each_doubling_is_a_line),
		TEST(on_a_terminal_one_line_is_rewritten),
		TEST(the_end_of_an_earlier_turn_may_come_later),
		TEST(what_was_none_is_taken_off),
		TEST(many_do_not_fill_the_terminal),
		TEST(a_place_that_was_shown_is_one_line),
		TEST(each_recording_is_shown_for_itself),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
