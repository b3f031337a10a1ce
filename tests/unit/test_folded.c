// SPDX-License-Identifier: GPL-2.0-or-later
/* Folded stacks: the format, the sums, each stall once, hostile names, bounds. */
#include "records.h"

#include <ctype.h>
#include <errno.h>

#include "output/tally.h"

static char *fold(struct temp *temp, const struct output_options *options,
		  void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.folded");
	struct output *output = open_output("folded", path, options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_text(path);
}

#define SLEEP_STACK                                                                             \
	"<module> (bad.py:9);run (runners.py:190);Handle._run (events.py:84);do_io (bad.py:3);" \
	"clock_nanosleep;hrtimer_nanosleep_[k];[sleep]"

static void feed_two(struct output *output)
{
	feed_stall(output, socket_stall());
	feed_stall(output, sleep_stall(false, 5000 * MS));
	feed_blocked(output);
}

static void lines_have_process_thread_task_stack_and_cause(void **state)
{
	char *text = fold(*state, NULL, feed_two);

	/* The blocked record is of the same task and stack as the stall. */
	assert_string_equal(text,
			    "python3[4242];python3[4242];Task-7;" SLEEP_STACK " 5077000\n"
			    "python3[4242];python3[4242];rates-3;main;<module> (main.py:12);"
			    "run (runners.py:190);BaseEventLoop._run_once (base_events.py:1922);"
			    "Handle._run (events.py:84);fetch_rates (rates.py:88);"
			    "execute (db.py:41);Connection.run (core.py:50);"
			    "Connection.recv (core.py:12);__libc_recv;tcp_recvmsg_[k];[socket] "
			    "340000\n");
	free(text);
}

static void stalls_only_leaves_the_rest_out(void **state)
{
	const struct output_options options = { .stalls_only = true };
	char *text = fold(*state, &options, feed_two);

	assert_non_null(strstr(text, "[sleep] 5000000\n"));
	free(text);
}

static void feed_ongoing(struct output *output)
{
	feed_stall(output, sleep_stall(true, 100 * MS));
	feed_stall(output, sleep_stall(true, 1100 * MS));
}

/* What hangs for good has no end that could be counted. */
static void unfinished_stall_counts_once(void **state)
{
	char *text = fold(*state, NULL, feed_ongoing);

	assert_string_equal(text, "python3[4242];python3[4242];Task-7;" SLEEP_STACK " 1100000\n");
	free(text);
}

static void feed_finished(struct output *output)
{
	struct stall_record next = sleep_stall(true, 200 * MS);

	feed_ongoing(output);
	feed_stall(output, sleep_stall(false, 1300 * MS));
	strcpy(next.turn, "4242-19"); /* whose end is lost */
	feed_stall(output, next);
	next = sleep_stall(false, 150 * MS);
	strcpy(next.turn, "4242-20");
	feed_stall(output, next);
	feed_summary(output);
}

static void each_stall_counts_once(void **state)
{
	char *text = fold(*state, NULL, feed_finished);

	assert_string_equal(text, "python3[4242];python3[4242];Task-7;" SLEEP_STACK " 1650000\n");
	free(text);
}

static void add_slice(struct output *output, bool stall, const struct thread_id *id,
		      enum cause cause, uint64_t ns, const struct frame *frame)
{
	struct slice slice = { .cause = cause, .ns = ns, .count = 1, .max_ns = ns };
	struct slices slices = { 0 };
	struct stall_record stalled = { AT(1), .turn = "1-1", .id = *id, .duration_ns = ns };
	struct blocked_record blocked = { AT(1), .id = *id };

	slice.stack = frame ? make_stack(frame, 1) : NULL;
	assert_int_equal(slices_add(&slices, &slice), 0);
	stalled.slices = blocked.slices = slices;
	if (stall)
		output_stall(output, &stalled);
	else
		output_blocked(output, &blocked);
	slices_free(&slices);
}

/* Nanoseconds are summed, then rounded; processes go by their main thread's name. */
static void feed_small(struct output *output)
{
	struct thread_id worker = { .pid = 7, .tid = 8, .comm = "worker" };
	struct thread_id leader = { .pid = 7, .tid = 7, .comm = "app" };
	struct frame a = NATIVE("a", NULL), b = NATIVE("b", NULL), c = NATIVE("", NULL);

	for (int i = 0; i < 1000; i++)
		add_slice(output, false, &worker, CAUSE_FILE, 600, &a);
	add_slice(output, false, &worker, CAUSE_FILE, 499, &b);
	add_slice(output, false, &worker, CAUSE_FILE, 500, &c);
	add_slice(output, false, &leader, CAUSE_CPU, 50 * MS, &a);
	add_slice(output, true, &leader, CAUSE_CPU, 60 * MS, &a);
	add_slice(output, true, &leader, CAUSE_RUNQUEUE, 2 * MS, NULL);
}

static void sums_are_rounded_once(void **state)
{
	char *text = fold(*state, NULL, feed_small);

	assert_string_equal(text, "app[7];app[7];[runqueue] 2000\n"
				  "app[7];app[7];a;[cpu] 60000\n"
				  "app[7];worker[8];[unknown];[file] 1\n"
				  "app[7];worker[8];a;[file] 600\n");
	free(text);
}

static void feed_kinds(struct output *output)
{
	static const struct frame frames[] = {
		{ .kind = FRAME_JIT, .fn = "Lcom/x;run" },
		{ .kind = FRAME_JS, .fn = "get", .file = "/a/b.js", .line = 4 },
		{ .kind = FRAME_PYTHON, .fn = "f", .file = "x;y.py" },
		{ .kind = FRAME_PYTHON, .fn = "operator new(unsigned long) 7" },
	};
	struct stall_record stall = sleep_stall(false, 5 * MS);

	stack_put(stall.slices.v[0].stack);
	stall.slices.v[0].stack = stack_new(frames, NR(frames), true);
	feed_stall(output, stall);
}

static void kinds_are_marked(void **state)
{
	char *text = fold(*state, NULL, feed_kinds);

	assert_string_equal(text, "python3[4242];python3[4242];Task-7;[cut];"
				  "operator new(unsigned long) 7;f (x:y.py);get (b.js:4);"
				  "Lcom/x:run_[j];[sleep] 5000\n");
	free(text);
}

static void feed_hostile(struct output *output)
{
	feed_stall(output, hostile_stall());
}

/* Whatever names hold: as many elements as there are frames, a number at the end. */
static void hostile_names_do_not_break_lines(void **state)
{
	char *text = fold(*state, NULL, feed_hostile), *save = NULL;
	size_t lines = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *weight = strrchr(line, ' ');
		size_t elements = 1;

		lines++;
		assert_non_null(weight);
		assert_true(weight > line && weight[-1] == ']');
		assert_int_equal(strspn(weight + 1, "0123456789"), strlen(weight + 1));
		for (char *c = line; *c; c++) {
			elements += *c == ';';
			assert_false(iscntrl((unsigned char)*c));
		}
		assert_int_equal(elements, 2 + 1 + 1 + 40 + 1); /* with task, [cut], cause */
	}
	assert_int_equal(lines, 4);
	free(text);
}

/* Frames that a line does not tell apart: one line. */
static void feed_alike(struct output *output)
{
	struct thread_id id = { .pid = 7, .tid = 7, .comm = "app" };
	struct frame there = PYTHON("f", "/a/x.py", 1), here = PYTHON("f", "/b/x.py", 1);

	add_slice(output, true, &id, CAUSE_FILE, 1 * MS, &there);
	id.runtime = (char *)"asyncio";
	add_slice(output, true, &id, CAUSE_FILE, 2 * MS, &here);
}

static void what_a_line_does_not_tell_apart_is_one(void **state)
{
	char *text = fold(*state, NULL, feed_alike);

	assert_string_equal(text, "app[7];app[7];f (x.py:1);[file] 3000\n");
	free(text);
}

/* Names that begin with others, as a task, as frames and as what looks like a cause, in all ways to be three. */
static void feed_ordered(struct output *output)
{
	static const char *const names[] = { "f", "fo", "f o", "[sleep]", "f (x.py:1)", "g" };
	const struct thread_id id = { .pid = 7, .tid = 7, .comm = "app" };

	for (size_t i = 0; i < 4 * NR(names) * NR(names) * NR(names); i++) {
		size_t tasked = i % 4, rest = i / 4;
		struct frame frames[3];
		struct slice slice = { .cause = CAUSE_SLEEP, .ns = 1 * MS, .count = 1 };
		struct slices slices = { 0 };
		struct blocked_record blocked = { AT(1), .id = id };

		for (int at = 0; at < 3; at++, rest /= NR(names)) {
			const struct frame native = NATIVE(names[rest % NR(names)], NULL);

			frames[at] = native;
		}
		slice.task_name = tasked < 3 ? strdup(names[tasked]) : NULL;
		slice.stack = make_stack(frames, 1 + (unsigned int)(i % 3));
		assert_int_equal(slices_add(&slices, &slice), 0);
		blocked.slices = slices;
		output_blocked(output, &blocked);
		slices_free(&slices);
	}
}

static void lines_are_in_the_order_of_bytes(void **state)
{
	char *text = fold(*state, NULL, feed_ordered), *save = NULL;
	char previous[200] = "";
	int nr = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		*strrchr(line, ' ') = '\0';
		if (strcmp(previous, line) >= 0)
			fail_msg("%s before %s", previous, line);
		snprintf(previous, sizeof(previous), "%s", line);
		nr++;
	}
	assert_true(nr > 200);
	free(text);
}

static void feed_many(struct output *output)
{
	struct thread_id id = { .pid = 7, .tid = 7, .comm = "app" };
	struct thread_id other = { .pid = 7, .tid = 8, .comm = "[app" };
	char fn[32];

	for (int i = 0; i < 100500; i++) {
		struct frame frame = NATIVE(fn, NULL);

		snprintf(fn, sizeof(fn), "%c%d", i % 2 ? 'f' : '[', i);
		add_slice(output, false, i % 3 ? &id : &other, CAUSE_FILE, 1 * MS, &frame);
	}
}

static void what_is_beyond_the_bound_is_counted(void **state)
{
	char *text = fold(*state, NULL, feed_many), *save = NULL;
	const char *previous = "";
	uint64_t sum_us = 0, lost_us = 0;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint64_t us = strtoull(strrchr(line, ' '), NULL, 10);

		if (strncmp(line, "[lost];[file] ", 14) == 0)
			lost_us += us;
		sum_us += us;
		assert_true(strcmp(previous, line) < 0);
		previous = line;
	}
	assert_int_equal(lost_us, 500 * 1000);
	assert_int_equal(sum_us, 100500ull * 1000);
	free(text);
}

/* A task for each request, in three places. */
static void feed_tasks(struct output *output)
{
	static const char *const places[] = { "read", "parse", "write" };
	struct thread_id id = { .pid = 7, .tid = 7, .comm = "app" };

	for (int i = 0; i < 300000; i++) {
		const struct frame frame = NATIVE(places[i % 3], NULL);
		char task[32];
		struct slice slice = {
			.cause = CAUSE_FILE,
			.ns = MS,
			.count = 1,
			.task_name = task,
			.stack = make_stack(&frame, 1),
		};
		struct stall_record stall = {
			AT(i),
			.id = id,
			.duration_ns = MS,
			.slices = { .v = &slice, .nr = 1 },
		};

		snprintf(task, sizeof(task), "request-%d", i);
		output_stall(output, &stall);
		stack_put(slice.stack);
	}
}

static void many_tasks_do_not_cost_places(void **state)
{
	char *text = fold(*state, NULL, feed_tasks);

	assert_null(strstr(text, "[lost]"));
	assert_non_null(strstr(text, "app[7];app[7];request-3;read;[file] 1000\n"));
	/* three quarters of the room is for tasks with names */
	assert_non_null(strstr(text, "app[7];app[7];[other];read;[file] 75000000\n"));
	assert_non_null(strstr(text, "app[7];app[7];[other];write;[file] 75000000\n"));
	free(text);
}

static void nothing_gives_an_empty_file(void **state)
{
	char *text = fold(*state, NULL, feed_summary);

	assert_string_equal(text, "");
	free(text);
}

static void gzip_holds_the_same(void **state)
{
	char *plain = fold(*state, NULL, feed_all), *unpacked;
	const char *path = temp_path(*state, "a.folded.gz");
	struct output *output = open_output("folded", path, NULL);

	feed_all(output);
	assert_int_equal(output_close(output), 0);
	unpacked = read_text(path);
	assert_string_equal(plain, unpacked);
	assert_true(strlen(plain) > 0);
	free(plain);
	free(unpacked);
}

static void tally_is_bounded(void **state)
{
	const struct tally_entry *const *entries;
	struct tally *tally;

	(void)state;
	assert_int_equal(tally_new(&tally, 2, 9), 0);
	assert_int_equal(tally_add(tally, "bbb", 5, 1), 0);
	assert_int_equal(tally_add(tally, "toolong", 5, 1), -ENOSPC);
	assert_int_equal(tally_add(tally, "aaaa", 5, 1), 0);
	assert_int_equal(tally_add(tally, "", 5, 1), -ENOSPC);
	assert_int_equal(tally_add(tally, "bbb", UINT64_MAX, 2), 0);
	assert_int_equal(tally_size(tally), 2);
	entries = tally_by_key(tally);
	assert_string_equal(entries[0]->key, "aaaa");
	entries = tally_by_ns(tally);
	assert_string_equal(entries[0]->key, "bbb");
	assert_int_equal(entries[0]->ns, UINT64_MAX);
	assert_int_equal(entries[0]->count, 3);
	assert_int_equal(tally_add(tally, "aaaa", 1, 1), 0); /* found after the sorting */
	assert_int_equal(tally_by_key(tally)[0]->ns, 6);
	tally_free(tally);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_have_process_thread_task_stack_and_cause),
		TEST(stalls_only_leaves_the_rest_out),
		TEST(unfinished_stall_counts_once),
		TEST(each_stall_counts_once),
		TEST(sums_are_rounded_once),
		TEST(kinds_are_marked),
		TEST(hostile_names_do_not_break_lines),
		TEST(what_a_line_does_not_tell_apart_is_one),
		TEST(lines_are_in_the_order_of_bytes),
		TEST(what_is_beyond_the_bound_is_counted),
		TEST(many_tasks_do_not_cost_places),
		TEST(nothing_gives_an_empty_file),
		TEST(gzip_holds_the_same),
		cmocka_unit_test(tally_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
