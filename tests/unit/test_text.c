// SPDX-License-Identifier: GPL-2.0-or-later
/* The text people read: its layout, its width, and that no name can harm a terminal. */
#include "records.h"

#include <time.h>

#include "base/escape.h"

static char *render(struct temp *temp, const struct output_options *options,
		    void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.txt");
	struct output *output = open_output("text", path, options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_text(path);
}

static void feed_two_stalls(struct output *output)
{
	feed_loop(output);
	feed_stall(output, socket_stall());
	feed_stall(output, sleep_stall(true, 100 * MS));
	feed_stall(output, sleep_stall(true, 1100 * MS));
	feed_stall(output, sleep_stall(false, 5000 * MS));
	feed_blocked(output);
	feed_exit(output);
	feed_summary(output);
}

static void report_reads_well(void **state)
{
	const struct output_options options = { .live = true, .columns = 80 };
	char *text = render(*state, &options, feed_two_stalls);

	assert_string_equal(
		text,
		"12:00:01.000  352 ms in execute (app/db.py:41): socket\n"
		"    recvfrom 127.0.0.1:5432 (postgres[812])\n"
		"    python3[4242] asyncio, pod shop/web-7d9 (app), task rates-3; delayed 12\n"
		"      events of 9 clients by up to 340 ms; 3 timers\n"
		"      fetch_rates  app/rates.py:88\n"
		"        execute    app/db.py:41  (+2 library frames)\n"
		"          recvfrom\n"
		"    socket 340 ms, cpu 9 ms, runqueue 3 ms\n"
		"12:00:08.000  1.1 s and still in do_io (app/bad.py:3): sleep  clock_nanosleep\n"
		"      python3[4242] asyncio, pod shop/web-7d9 (app), task Task-7\n"
		"12:00:08.000  5.0 s in do_io (app/bad.py:3): sleep\n"
		"    clock_nanosleep\n"
		"    python3[4242] asyncio, pod shop/web-7d9 (app), task Task-7; delayed 1 event\n"
		"    sleep 5.0 s\n"
		"12:00:23.000  python3[4242] ended, killed by signal 9\n"
		"\n"
		"24.0 s watched, 2 loops, 2 stalls: 5.4 s in all, longest 5.0 s\n"
		"  loop                             turns stalls  longest      p50      p99  idle\n"
		"  python3[4242] asyncio             1203      2    5.0 s   1.2 ms   352 ms   75%\n"
		"    sleep 5.1 s, socket 340 ms\n"
		"  w\\x1b[4242/4250] a\\x1b[31m;b\\x0ac\\x0d\\x09\\x01\\xff\\xc3(\\xe2\\x80\\xae"
		"\\xc2\\x9b2J\"\\\n"
		"      \\x7f\n"
		"                                       0      0     0 ns     0 ns     0 ns    0%\n"
		"  where the time went\n"
		"      5.1 s  do_io (app/bad.py:3)    sleep clock_nanosleep  python3[4242]\n"
		"     340 ms  execute (app/db.py:41)\n"
		"               socket recvfrom 127.0.0.1:5432 (postgres[812])  python3[4242]\n"
		"discarded: 2 turns, longest 301 ms: the thread had left its loop\n"
		"discarded: 1 turn, 1.0 s: b\\x1b\n"
		"lost: 3 slices (ring buffer full)\n"
		"lost: 1 other\n"
		"command: exit status 1\n");
	free(text);
}

static void feed_unfinished(struct output *output)
{
	feed_start(output);
	feed_stall(output, sleep_stall(true, 100 * MS));
	feed_stall(output, sleep_stall(true, 3000 * MS));
	feed_start(output);
	feed_stall(output, sleep_stall(true, 200 * MS));
}

/* A killed watch leaves recordings without a summary: what there is, is summed all the same. */
static void recordings_without_summary_are_summed(void **state)
{
	char *text = render(*state, NULL, feed_unfinished), *first, *second;

	assert_int_equal(strncmp(text, "recorded 2024-05-01 12:00:00, turns over 100 ms, on ", 52),
			 0);
	first = strstr(text, "no summary in the recording, 1 stall of 3.0 s\n");
	assert_non_null(first);
	second = strstr(first + 1, "no summary in the recording, 1 stall of 200 ms\n");
	assert_non_null(second);
	/* The second recording's stall is not the first one's going on. */
	assert_non_null(strstr(first, "12:00:08.000  200 ms and still in do_io"));
	free(text);
}

/* What was reported of it is in no sum; of a turn that was not reported before, nothing is said. */
static void feed_withdrawn_stall(struct output *output)
{
	struct withdrawn_record other = { AT(22), .turn = "4242-20", .id = thread_main(),
					  .reason = "left" };
	struct stall_record stall = sleep_stall(false, 200 * MS);

	feed_withdrawn(output, "left");
	output_withdrawn(output, &other);
	stall.doubt = DOUBT_HABIT;
	feed_stall(output, stall);
	stall = sleep_stall(false, 300 * MS);
	stall.at_end = true;
	feed_stall(output, stall);
}

static void what_is_not_certain_is_said(void **state)
{
	const struct output_options options = { .live = true };
	char *text = render(*state, &options, feed_withdrawn_stall);

	assert_string_equal(
		text,
		"12:00:20.000  1.5 s and still in do_io (app/bad.py:3): sleep  clock_nanosleep  "
		"python3[4242] asyncio, task Task-7\n"
		"12:00:21      withdrawn: python3[4242] asyncio was no stall: the thread had left "
		"its loop\n"
		"12:00:08.000  perhaps 200 ms in do_io (app/bad.py:3): sleep\n"
		"    clock_nanosleep\n"
		"    python3[4242] asyncio, task Task-7; delayed 1 event\n"
		"    sleep 200 ms\n"
		"    perhaps none: this loop is known by its polls alone\n"
		"12:00:08.000  300 ms and still in do_io (app/bad.py:3): sleep  clock_nanosleep  "
		"2nd, task Task-7, it went on when the watch ended\n"
		"\n"
		"no summary in the recording, 1 stall and 1 in doubt: 500 ms in all, longest 300 "
		"ms\n"
		"  where the time went\n"
		"     500 ms  do_io (app/bad.py:3)  sleep clock_nanosleep  python3[4242]\n");
	free(text);
}

static void check_harmless(const char *text)
{
	char *clean;

	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c != '\x7f') || (*c & 0x80));
	clean = escape_invalid(text);
	assert_string_equal(clean, text); /* is valid UTF-8 */
	free(clean);
	assert_null(strstr(text, "\xc2\x9b")); /* C1's CSI */
	assert_null(strstr(text, "\xe2\x80\xae")); /* right-to-left override */
}

static void nothing_is_too_wide_or_harmful(void **state)
{
	for (unsigned int columns = 40; columns <= 200; columns += 5) {
		for (int unfold = 0; unfold < 2; unfold++) {
			const struct output_options options = { .columns = columns,
								.unfold = unfold };
			char *text = render(*state, &options, feed_all);

			check_harmless(text);
			check_width(text, columns);
			free(text);
		}
	}
}

/* A terminal of 5 columns gets the least there is; what is no terminal has rows of any width. */
static void odd_widths_do_no_harm(void **state)
{
	const struct output_options none = { .columns = 0 }, few = { .columns = 5 };
	char *text = render(*state, &few, feed_all);

	check_width(text, 20);
	free(text);
	text = render(*state, &none, feed_all);
	assert_non_null(strstr(
		text,
		"clock_nanosleep  python3[4242] asyncio, pod shop/web-7d9 (app), task Task-7\n"));
	free(text);
}

static void colour_is_optional(void **state)
{
	const struct output_options colour = { .colour = true };
	char *text = render(*state, &colour, feed_two_stalls);

	assert_non_null(strstr(text, "\033[1mfetch_rates  app/rates.py:88\033[0m"));
	assert_non_null(strstr(text, "\033[1;31m352 ms in execute (app/db.py:41): socket\033[0m"));
	free(text);
	text = render(*state, NULL, feed_two_stalls);
	assert_null(strchr(text, '\033'));
	free(text);
}

static void unfolding_shows_every_frame(void **state)
{
	const struct output_options options = { .unfold = true };
	char *text = render(*state, &options, feed_two_stalls);

	assert_non_null(strstr(text, "Handle._run"));
	assert_non_null(strstr(text, "pg/core.py:12"));
	assert_non_null(strstr(text, "tcp_recvmsg"));
	assert_non_null(strstr(text, "libc.so.6"));
	assert_non_null(strstr(text, "<module>"));
	assert_null(strstr(text, "library frames"));
	free(text);
}

static void feed_gil(struct output *output)
{
	static const struct frame other[] = { NATIVE("sha256_block", "/usr/lib/libcrypto.so.3"),
					      PYTHON("crunch", "/srv/app/hog.py", 12) };
	struct stall_record stall = sleep_stall(false, 500 * MS);
	struct slice *slice = &stall.slices.v[0];

	stall.cause = slice->cause = CAUSE_GIL;
	slice->count = 100;
	slice->holder = (struct party){ .pid = 4242, .tid = 4250, .comm = "worker" };
	slice->holder.stack = make_stack(other, 2);
	feed_stall(output, stall);
}

static void holder_is_named(void **state)
{
	char *text = render(*state, NULL, feed_gil);

	assert_non_null(strstr(text, "500 ms in do_io (app/bad.py:3): gil\n"
				     "    held by worker[4242/4250] in crunch (app/hog.py:12)\n"));
	assert_null(strstr(text, "100 times")); /* rounds of 5 ms are nobody's doing */
	free(text);
}

static void feed_mixed(struct output *output)
{
	struct stall_record stall = socket_stall();
	struct slice file = { .cause = CAUSE_FILE, .ns = 100 * MS, .count = 4, .max_ns = 90 * MS };
	struct slice small = { .cause = CAUSE_PIPE, .ns = 10 * MS, .count = 1, .max_ns = 10 * MS };
	struct frame save = PYTHON("save", "/srv/app/db.py", 77);

	file.syscall = strdup("fsync");
	file.target.kind = TARGET_FILE;
	file.target.path = strdup("/var/lib/app/data.sqlite");
	file.stack = make_stack(&save, 1);
	small.stack = make_stack(&save, 1);
	assert_int_equal(slices_add(&stall.slices, &file), 0);
	assert_int_equal(slices_add(&stall.slices, &small), 0);
	stall.duration_ns = stall.ledger.blocked_ns = 460 * MS;
	stall.ledger.cpu_ns = stall.ledger.runqueue_ns = 0;
	stall.delayed_events = 0;
	feed_stall(output, stall);
}

static void several_causes_have_their_stacks(void **state)
{
	char *text = render(*state, NULL, feed_mixed);

	assert_non_null(strstr(text, "460 ms in execute (app/db.py:41): socket\n"
				     "    recvfrom 127.0.0.1:5432 (postgres[812]), 340 ms\n"));
	assert_non_null(strstr(text, "\n    and 100 ms in save (app/db.py:77): file  "
				     "fsync /var/lib/app/data.sqlite, 4 times\n"));
	/* under a tenth: counted only */
	assert_non_null(strstr(text, "\n    and 1 more place, 10 ms\n"));
	assert_non_null(strstr(text, "\n    socket 340 ms, file 100 ms, "
				     "blocked elsewhere 10 ms, pipe 10 ms\n"));
	free(text);
}

static void feed_samples(struct output *output)
{
	static const char *const helpers[] = { "PyDict_GetItem", "float_richcompare", "sha256" };
	struct stall_record stall = {
		AT(1),
		.turn = "4242-1",
		.id = thread_main(),
		.duration_ns = 300 * MS,
		.delayed_events = -1,
		.ledger = { .cpu_ns = 210 * MS, .runqueue_ns = 90 * MS },
		.cause = CAUSE_CPU,
	};
	struct slice waited = { .cause = CAUSE_RUNQUEUE, .ns = 90 * MS, .count = 1 };

	for (size_t i = 0; i < NR(helpers); i++) {
		struct frame frames[] = { NATIVE(helpers[i], "/usr/lib/libpython3.11.so.1.0"),
					  PYTHON("hog", "/srv/app/hog.py", 9) };
		struct slice sample = { .cause = CAUSE_CPU, .ns = 70 * MS, .count = 7 };

		sample.stack = make_stack(frames, 2);
		assert_int_equal(slices_add(&stall.slices, &sample), 0);
	}
	assert_int_equal(slices_add(&stall.slices, &waited), 0);
	slices_sort(&stall.slices);
	feed_stall(output, stall);
}

/* Samples differ in what is folded away: they are one slice to a reader. */
static void slices_that_read_the_same_are_one(void **state)
{
	char *text = render(*state, NULL, feed_samples);

	static const char expected[] = "12:00:01.000  300 ms in hog (app/hog.py:9): cpu\n"
				       "    python3[4242] asyncio\n"
				       "    cpu 210 ms, runqueue 90 ms\n";

	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	assert_non_null(strstr(text, "  300 ms  hog (app/hog.py:9)  cpu 210 ms; runqueue 90 ms"));
	free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

/* Two programs, one after the other, had the same pid: each has its own time in the summary. */
static void feed_reused_pid(struct output *output)
{
	struct loop_summary loops[2] = {
		{ .id = thread_main(), .turns = 3, .stalls = 1, .longest_ns = 1100 * MS },
		{ .id = thread_main(), .turns = 5, .stalls = 1, .longest_ns = 5000 * MS },
	};
	struct summary_record summary = { AT(24), .duration_ns = 24 * S, .loops = loops,
					  .nr_loops = 2, .command_status = -1 };

	feed_loop(output);
	feed_stall(output, sleep_stall(false, 1100 * MS));
	feed_exit(output);
	feed_loop(output);
	feed_stall(output, sleep_stall(false, 5000 * MS));
	output_summary(output, &summary);
}

static void programs_of_one_pid_are_kept_apart(void **state)
{
	const struct output_options options = { .live = true };
	char *text = render(*state, &options, feed_reused_pid);
	const char *second = strstr(text, "    sleep 5.0 s\n"), *first;

	assert_non_null(second);
	first = strstr(second, "    sleep 1.1 s\n");
	assert_non_null(first);
	assert_null(strstr(text, "sleep 6.1 s\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(report_reads_well),
		TEST(programs_of_one_pid_are_kept_apart),
		TEST(recordings_without_summary_are_summed),
		TEST(what_is_not_certain_is_said),
		TEST(nothing_is_too_wide_or_harmful),
		TEST(odd_widths_do_no_harm),
		TEST(colour_is_optional),
		TEST(unfolding_shows_every_frame),
		TEST(holder_is_named),
		TEST(several_causes_have_their_stacks),
		TEST(slices_that_read_the_same_are_one),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
