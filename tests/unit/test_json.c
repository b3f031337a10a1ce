// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON Lines: keys in a fixed order, valid whatever names hold, whole lines only. */
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/timestamp.h"
#include "recording/encode_value.h"

static void stall_has_its_keys(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	char *text;

	feed_stall(output, sleep_stall(false, 5000 * MS));
	feed_stall(output, sleep_stall(true, 100 * MS));
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	assert_string_equal(
		text,
		"{\"type\":\"stall\",\"time\":\"2024-05-01T12:00:08.000000000Z\","
		"\"mono_ns\":1008000000000,\"turn\":\"4242-18\",\"ongoing\":false,\"pid\":4242,"
		"\"tid\":4242,\"comm\":\"python3\",\"loop\":1,\"runtime\":\"asyncio\","
		"\"duration_ns\":5000000000,\"before_attach\":false,\"delayed_events\":1,"
		"\"ledger\":{\"cpu_ns\":0,\"runqueue_ns\":0,\"throttled_ns\":0,"
		"\"blocked_ns\":5000000000,\"unknown_ns\":0},\"cause\":\"sleep\","
		"\"slices\":[{\"cause\":\"sleep\",\"syscall\":\"clock_nanosleep\","
		"\"ns\":5000000000,\"count\":1,\"max_ns\":5000000000,"
		"\"at_ns\":0,\"intervals\":[[0,5000000000]],"
		"\"task\":{\"name\":\"Task-7\",\"coro\":\"do_io\"},"
		"\"stack\":[{\"fn\":\"hrtimer_nanosleep\",\"kind\":\"kernel\"},"
		"{\"fn\":\"clock_nanosleep\",\"module\":\"/usr/lib/x86_64-linux-gnu/libc.so.6\","
		"\"kind\":\"native\"},"
		"{\"fn\":\"do_io\",\"file\":\"/app/bad.py\",\"line\":3,\"kind\":\"python\"},"
		"{\"fn\":\"Handle._run\",\"file\":\"/usr/lib/python3.11/asyncio/events.py\","
		"\"line\":84,\"kind\":\"python\"},"
		"{\"fn\":\"run\",\"file\":\"/usr/lib/python3.11/asyncio/runners.py\","
		"\"line\":190,\"kind\":\"python\"},"
		"{\"fn\":\"<module>\",\"file\":\"/app/"
		"bad.py\",\"line\":9,\"kind\":\"python\"}]}]}\n"
		"{\"type\":\"stall\",\"time\":\"2024-05-01T12:00:08.000000000Z\","
		"\"mono_ns\":1008000000000,\"turn\":\"4242-18\",\"ongoing\":true,\"pid\":4242,"
		"\"tid\":4242,\"comm\":\"python3\",\"loop\":1,\"runtime\":\"asyncio\","
		"\"duration_ns\":100000000,\"before_attach\":false,"
		"\"ledger\":{\"cpu_ns\":0,\"runqueue_ns\":0,\"throttled_ns\":0,"
		"\"blocked_ns\":100000000,\"unknown_ns\":0},\"cause\":\"sleep\","
		"\"slices\":[{\"cause\":\"sleep\",\"syscall\":\"clock_nanosleep\","
		"\"ns\":100000000,\"count\":1,\"max_ns\":100000000,"
		"\"at_ns\":0,\"intervals\":[[0,100000000]],"
		"\"task\":{\"name\":\"Task-7\",\"coro\":\"do_io\"},"
		"\"stack\":[{\"fn\":\"hrtimer_nanosleep\",\"kind\":\"kernel\"},"
		"{\"fn\":\"clock_nanosleep\",\"module\":\"/usr/lib/x86_64-linux-gnu/libc.so.6\","
		"\"kind\":\"native\"},"
		"{\"fn\":\"do_io\",\"file\":\"/app/bad.py\",\"line\":3,\"kind\":\"python\"},"
		"{\"fn\":\"Handle._run\",\"file\":\"/usr/lib/python3.11/asyncio/events.py\","
		"\"line\":84,\"kind\":\"python\"},"
		"{\"fn\":\"run\",\"file\":\"/usr/lib/python3.11/asyncio/runners.py\","
		"\"line\":190,\"kind\":\"python\"},"
		"{\"fn\":\"<module>\",\"file\":\"/app/"
		"bad.py\",\"line\":9,\"kind\":\"python\"}]}]}\n");
	free(text);
}

static void other_records_have_their_keys(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	static const struct name_value only[] = { { "comm", "^a" },
						  { "cgroup", "/b" },
						  { "comm", "c" } };
	struct start_record system_wide = { AT(0), .threshold_ns = 100 * MS, .only = only,
					    .nr_only = 3 };
	struct loop_record unknown = { AT(0), .id = thread_main(), .wait_fd = -1 };
	struct exit_record exited = { AT(1), .pid = 4242, .status = 256 };
	struct exit_record gone = { AT(1), .pid = 77, .status = EXIT_STATUS_UNKNOWN };
	struct loop_summary loop = { .id = thread_main(), .turns = 3 };
	struct name_count lost = { "slice_ring", 7 };
	struct summary_record summary = {
		AT(2),	       .duration_ns = 2 * S, .loops = &loop,	  .nr_loops = 1,
		.lost = &lost, .nr_lost = 1,	     .command_status = -1
	};
	char *text;

	output_start(output, &system_wide);
	output_loop(output, &unknown);
	output_exit(output, &exited);
	output_exit(output, &gone);
	output_summary(output, &summary);
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	assert_string_equal(
		text, "{\"type\":\"start\",\"time\":\"2024-05-01T12:00:00.000000000Z\","
		      "\"mono_ns\":1000000000000,\"schema\":8,\"scope\":{\"system\":true,"
		      "\"comm\":[\"^a\",\"c\"],\"cgroup\":[\"/b\"]},"
		      "\"threshold_ns\":100000000}\n"
		      "{\"type\":\"loop\",\"time\":\"2024-05-01T12:00:00.000000000Z\","
		      "\"mono_ns\":1000000000000,\"pid\":4242,\"tid\":4242,\"comm\":\"python3\","
		      "\"loop\":1,\"runtime\":\"asyncio\"}\n"
		      "{\"type\":\"exit\",\"time\":\"2024-05-01T12:00:01.000000000Z\","
		      "\"mono_ns\":1001000000000,\"pid\":4242,\"status\":256}\n"
		      "{\"type\":\"exit\",\"time\":\"2024-05-01T12:00:01.000000000Z\","
		      "\"mono_ns\":1001000000000,\"pid\":77}\n"
		      "{\"type\":\"summary\",\"time\":\"2024-05-01T12:00:02.000000000Z\","
		      "\"mono_ns\":1002000000000,\"duration_ns\":2000000000,"
		      "\"loops\":[{\"pid\":4242,\"tid\":4242,\"comm\":\"python3\","
		      "\"loop\":1,\"runtime\":\"asyncio\",\"turns\":3,\"wall_ns\":0,\"idle_ns\":0,"
		      "\"cpu_ns\":0,"
		      "\"runqueue_ns\":0,\"throttled_ns\":0,\"blocked_ns\":0,\"unknown_ns\":0,"
		      "\"stalls\":0,\"longest_ns\":0,\"p50_ns\":0,\"p99_ns\":0}],"
		      "\"lost\":{\"slice_ring\":7}}\n");
	free(text);
}

static json_t *only_line(const char *path)
{
	char *text = read_text(path);
	json_error_t error;
	json_t *line = json_loads(text, 0, &error);

	if (!line)
		fail_msg("%s in %s", error.text, text);
	free(text);
	return line;
}

static void hostile_names_are_valid_json(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	json_t *line, *slice;
	char *text;

	feed_stall(output, hostile_stall());
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	for (const char *c = text; *c; c++)
		assert_true((*c >= ' ' && *c <= '~') || *c == '\x7f' || *c == '\n');
	free(text);
	line = only_line(path);
	/* Valid characters are as they were, invalid bytes are \xNN. */
	assert_string_equal(json_string_value(json_object_get(line, "runtime")),
			    "a\033[31m;b\nc\r\t\x01\\xff\\xc3(\xe2\x80\xae\xc2\x9b"
			    "2J\"\\ \x7f");
	slice = json_array_get(json_object_get(line, "slices"), 0);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(slice, "target"), "addr")),
		"0xffffffffffffffff");
	assert_true(json_is_true(json_object_get(slice, "stack_cut")));
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(slice, "holder"), "stack")), 1);
	json_decref(line);
}

/* Of a deep place of its own each: nr frames whose names are escaped to six times their bytes. */
static struct slice deep_slice(uint64_t ns, size_t nr)
{
	struct frame *frames = calloc(nr, sizeof(*frames));
	struct slice slice = { .cause = CAUSE_SLEEP, .ns = ns, .count = 1, .max_ns = ns };
	char name[401];

	assert_non_null(frames);
	memset(name, 0, sizeof(name));
	for (size_t i = 0; i < 400; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	for (size_t i = 0; i < nr; i++)
		frames[i] = (struct frame){ .kind = FRAME_PYTHON,
					    .fn = name,
					    .line = (unsigned int)ns };
	slice.stack = stack_new(frames, nr, false);
	free(frames);
	return slice;
}

/* blockprof-json(5): a line is at most 1 MiB. */
static json_t *line_of_deep_slices(const char *path, size_t nr, size_t frames)
{
	struct output *output = open_output("json", path, NULL);
	struct stall_record stall = sleep_stall(false, 5000 * MS);
	char *text;

	slices_free(&stall.slices);
	for (size_t i = 0; i < nr; i++) {
		struct slice slice = deep_slice(nr - i, frames);

		assert_int_equal(slices_add(&stall.slices, &slice), 0);
	}
	feed_stall(output, stall);
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	assert_in_range(strlen(text), 256 * 1024, 1 << 20);
	free(text);
	return only_line(path);
}

/* What a part of a line takes is known without writing it. */
static void bytes_are_those_of_the_line(void **state)
{
	struct object object = object_new();
	char all[256];
	char *line;
	size_t bytes;

	(void)state;
	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	all[255] = '\0';
	put_string(&object, "all", all);
	put_string(&object, "two", "\u00e9\u07ff");
	put_string(&object, "three", "\u0800\uffff");
	put_string(&object, "four", "\U00010000\U0010ffff");
	put_string(&object, "invalid", "\xff\xc3(\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80");
	put_number(&object, "zero", 0);
	put_number(&object, "ten", 10);
	put_number(&object, "most", UINT64_MAX);
	object_put(&object, "negative", json_integer(-100));
	object_put(&object, "real", json_real(0.1));
	object_put(&object, "nothing", json_null());
	put_bool(&object, "yes", true);
	put_bool(&object, "no", false);
	object_put(&object, "list", json_pack("[i,[],{},{s:i,s:i}]", 1, "a", 2, "b", 3));
	bytes = object_bytes(&object);
	line = line_of(&object);
	assert_non_null(line);
	assert_int_equal(bytes, strlen(line) - strlen("\n"));
	free(line);
}

static void small_slices_are_cut_off_a_long_line(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	json_t *line = line_of_deep_slices(path, 30, 100), *slices;
	size_t nr;

	slices = json_object_get(line, "slices");
	nr = json_array_size(slices);
	assert_in_range(nr, 5, 20);
	assert_int_equal(json_integer_value(json_object_get(line, "slices_cut")), 30 - nr);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(slices, nr - 1), "ns")),
			 30 - (nr - 1));
	json_decref(line);
}

static void a_slice_that_is_too_long_keeps_the_inner_end_of_its_stack(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	json_t *line = line_of_deep_slices(path, 1, 1000), *slice;

	assert_null(json_object_get(line, "slices_cut"));
	slice = json_array_get(json_object_get(line, "slices"), 0);
	assert_true(json_is_true(json_object_get(slice, "stack_cut")));
	assert_in_range(json_array_size(json_object_get(slice, "stack")), 100, 999);
	json_decref(line);
}

static void numbers_stay_in_range(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	struct summary_record summary = { AT(0), .duration_ns = UINT64_MAX, .command_status = -1 };
	json_t *line;

	output_summary(output, &summary);
	assert_int_equal(output_close(output), 0);
	line = only_line(path);
	assert_int_equal(json_integer_value(json_object_get(line, "duration_ns")), INT64_MAX);
	json_decref(line);
}

static void live_time_is_that_of_the_moment(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	struct exit_record exited = { .pid = 1 };
	struct timespec mono, real;
	uint64_t time_ns = 0;
	int64_t apart_ns;
	json_t *line;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	exited.mono_ns = (uint64_t)mono.tv_sec * S + (uint64_t)mono.tv_nsec;
	output_exit(output, &exited);
	assert_int_equal(output_close(output), 0);
	line = only_line(path);
	assert_int_equal(
		timestamp_parse(json_string_value(json_object_get(line, "time")), &time_ns), 0);
	apart_ns = (int64_t)time_ns - (int64_t)((uint64_t)real.tv_sec * S + (uint64_t)real.tv_nsec);
	assert_true(apart_ns < (int64_t)(10 * S) && apart_ns > -(int64_t)(10 * S));
	json_decref(line);
}

static void times_are_rfc_3339(void **state)
{
	char text[TIMESTAMP_BYTES];
	uint64_t ns;

	(void)state;
	timestamp_format(TEST_TIME_NS + 1, text);
	assert_string_equal(text, "2024-05-01T12:00:00.000000001Z");
	assert_int_equal(timestamp_parse(text, &ns), 0);
	assert_int_equal(ns, TEST_TIME_NS + 1);
	assert_int_equal(timestamp_parse("2024-05-01T14:00:00+02:00", &ns), 0);
	assert_int_equal(ns, TEST_TIME_NS);
	assert_int_equal(timestamp_parse("2024-05-01T12:00:00.25z", &ns), 0);
	assert_int_equal(ns, TEST_TIME_NS + 250 * MS);
	assert_int_equal(timestamp_parse("2024-05-01T12:00:00", &ns), -EINVAL);
	assert_int_equal(timestamp_parse("2024-05-01T12:00:00.Z", &ns), -EINVAL);
	assert_int_equal(timestamp_parse("2024-05-01T12:00:00Zx", &ns), -EINVAL);
	assert_int_equal(timestamp_parse("1969-12-31T23:59:59Z", &ns), -EINVAL);
	assert_int_equal(timestamp_parse("9999-01-01T00:00:00Z", &ns), -EINVAL);
	assert_int_equal(timestamp_parse("", &ns), -EINVAL);
}

/* What is written is there at once, so that nothing but the last line can be lost. */
static void lines_are_written_whole_and_at_once(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);

	for (size_t lines = 1; lines < 50; lines++) {
		char *text, *at;
		size_t nr = 0;

		feed_stall(output, hostile_stall());
		text = read_text(path);
		for (at = text; (at = strchr(at, '\n')); at++)
			nr++;
		assert_int_equal(nr, lines);
		assert_int_equal(text[strlen(text) - 1], '\n');
		free(text);
	}
	assert_int_equal(output_close(output), 0);
}

static void killed_writer_leaves_whole_lines(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	char *text, *save = NULL;
	int ready[2], status, whole = 0;
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct output *output = open_output("json", path, NULL);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 0; i < 20000; i++) {
			feed_stall(output, socket_stall());
			if (i == 20 && write(ready[1], "x", 1) != 1)
				_exit(1);
		}
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(ready[0]);
	close(ready[1]);
	text = read_text(path);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *object = json_loads(line, 0, NULL);

		/* The kernel may have stopped the last write between two pages. */
		if (!object)
			assert_null(strtok_r(NULL, "\n", &save));
		whole += object != NULL;
		json_decref(object);
	}
	assert_true(whole > 20);
	free(text);
}

static void gzip_is_by_suffix(void **state)
{
	struct temp *temp = *state;
	const char *path = temp_path(temp, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	char *plain, *unpacked;
	unsigned char magic[2] = { 0 };
	FILE *file;

	feed_all(output);
	assert_int_equal(output_close(output), 0);
	plain = read_text(path);

	path = temp_path(temp, "a.jsonl.gz");
	output = open_output("json", path, NULL);
	feed_all(output);
	unpacked = read_text(path); /* the first line was flushed, which no later one waits for */
	assert_int_equal(strncmp(unpacked, "{\"type\":\"start\"", 15), 0);
	free(unpacked);
	assert_int_equal(output_close(output), 0);
	unpacked = read_text(path);
	assert_string_equal(unpacked, plain);
	file = fopen(path, "r");
	assert_int_equal(fread(magic, 1, 2, file), 2);
	assert_int_equal(magic[0], 0x1f);
	assert_int_equal(magic[1], 0x8b);
	fclose(file);
	free(plain);
	free(unpacked);
}

/* More than one buffer of text that does not compress: nothing is lost at the seams. */
static void gzip_of_much_is_complete(void **state)
{
	const char *path = temp_path(*state, "a.jsonl.gz");
	struct output *output = open_output("json", path, NULL);
	uint64_t random = 1;
	size_t nr = 0;
	char *text;

	for (int i = 0; i < 3000; i++) {
		struct exit_record exited = { AT(0), .pid = 1 };

		for (int j = 0; j < 3; j++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			exited.status = (int)(random >> 34);
			exited.mono_ns = random >> 2;
			output_exit(output, &exited);
		}
	}
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		nr++;
	assert_int_equal(nr, 9000);
	free(text);
}

static void full_disk_is_reported(void **state)
{
	static const char *const formats[] = { "json", "folded", "text" };

	(void)state;
	for (size_t i = 0; i < NR(formats); i++) {
		struct output *output = open_output(formats[i], "/dev/full", NULL);

		feed_all(output);
		if (i != 1) /* folded writes at the end */
			assert_int_equal(output_error(output), -ENOSPC);
		feed_all(output); /* of no effect */
		assert_int_equal(output_close(output), -ENOSPC);
	}
}

static void closed_pipe_is_reported(void **state)
{
	int ends[2], kept = dup(STDOUT_FILENO);
	struct output *output;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fflush(stdout);
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	close(ends[1]);
	close(ends[0]);
	signal(SIGPIPE, SIG_DFL); /* what would end this program */
	output = open_output("json", "-", NULL);
	feed_all(output);
	assert_true(dup2(kept, STDOUT_FILENO) >= 0);
	close(kept);
	assert_int_equal(output_error(output), -EPIPE);
	assert_int_equal(output_close(output), -EPIPE);
}

static void unwritable_path_is_reported(void **state)
{
	static const struct output_options options;
	const struct output_format *json = output_format_by_name("json");
	struct temp *temp = *state;
	struct output *output;

	assert_int_equal(output_open(&output, json, temp_path(temp, "none/a.jsonl"), &options),
			 -ENOENT);
	assert_null(output);
	assert_int_equal(output_open(&output, json, temp->directory, &options), -EISDIR);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stall_has_its_keys),
		TEST(other_records_have_their_keys),
		TEST(hostile_names_are_valid_json),
		cmocka_unit_test(bytes_are_those_of_the_line),
		TEST(small_slices_are_cut_off_a_long_line),
		TEST(a_slice_that_is_too_long_keeps_the_inner_end_of_its_stack),
		TEST(numbers_stay_in_range),
		TEST(live_time_is_that_of_the_moment),
		cmocka_unit_test(times_are_rfc_3339),
		TEST(lines_are_written_whole_and_at_once),
		TEST(killed_writer_leaves_whole_lines),
		TEST(gzip_is_by_suffix),
		TEST(gzip_of_much_is_complete),
		cmocka_unit_test(full_disk_is_reported),
		cmocka_unit_test(closed_pipe_is_reported),
		TEST(unwritable_path_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
