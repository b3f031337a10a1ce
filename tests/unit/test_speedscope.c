// SPDX-License-Identifier: GPL-2.0-or-later
/* speedscope: its schema's shape, a profile a loop, sums, hostile names, what was lost. */
#include "records.h"

#include <jansson.h>

static json_t *speedscope(struct temp *temp, const struct output_options *options,
			  void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.speedscope.json");
	struct output *output = open_output("speedscope", path, options);
	json_t *file;
	char *text;

	feed(output);
	assert_int_equal(output_close(output), 0);
	text = read_text(path);
	file = json_loads(text, 0, NULL);
	assert_non_null(file);
	free(text);
	return file;
}

static json_t *profile_at(const json_t *file, size_t i)
{
	return json_array_get(json_object_get(file, "profiles"), i);
}

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *frame_at(const json_t *file, const json_t *index)
{
	const json_t *frames = json_object_get(json_object_get(file, "shared"), "frames");

	assert_true(json_is_integer(index));
	return json_array_get(frames, (size_t)json_integer_value(index));
}

static void check_profile(const json_t *file, const json_t *profile)
{
	const json_t *samples = json_object_get(profile, "samples");
	const json_t *weights = json_object_get(profile, "weights");
	json_int_t sum = 0;

	assert_string_equal(string_of(profile, "type"), "sampled");
	assert_string_equal(string_of(profile, "unit"), "nanoseconds");
	assert_true(*string_of(profile, "name") != '\0');
	assert_int_equal(json_integer_value(json_object_get(profile, "startValue")), 0);
	assert_true(json_is_array(samples) && json_is_array(weights));
	assert_int_equal(json_array_size(samples), json_array_size(weights));
	for (size_t i = 0; i < json_array_size(samples); i++) {
		const json_t *sample = json_array_get(samples, i);

		assert_true(json_array_size(sample) > 0);
		for (size_t k = 0; k < json_array_size(sample); k++)
			assert_non_null(frame_at(file, json_array_get(sample, k)));
		sum += json_integer_value(json_array_get(weights, i));
	}
	assert_int_equal(json_integer_value(json_object_get(profile, "endValue")), sum);
}

static void check_file(const json_t *file)
{
	const json_t *frames = json_object_get(json_object_get(file, "shared"), "frames");

	assert_string_equal(string_of(file, "$schema"),
			    "https://www.speedscope.app/file-format-schema.json");
	assert_true(json_is_array(frames));
	for (size_t i = 0; i < json_array_size(frames); i++) {
		const json_t *line = json_object_get(json_array_get(frames, i), "line");
		const char *name = string_of(json_array_get(frames, i), "name");
		char *escaped = escape_text(name);

		assert_string_equal(name, escaped);
		assert_true(!line || json_integer_value(line) > 0);
		free(escaped);
	}
	/* one at least: speedscope opens no file without */
	assert_true(json_array_size(json_object_get(file, "profiles")) > 0);
	for (size_t i = 0; i < json_array_size(json_object_get(file, "profiles")); i++)
		check_profile(file, profile_at(file, i));
}

/* "main <module>(main.py:12) ...", outermost first. */
static char *stack_text(const json_t *file, const json_t *sample)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < json_array_size(sample); i++) {
		const json_t *frame = frame_at(file, json_array_get(sample, i));
		const json_t *line = json_object_get(frame, "line");

		fprintf(out, "%s%s", i ? " " : "", string_of(frame, "name"));
		if (line)
			fprintf(out, "(%s:%d)", string_of(frame, "file"),
				(int)json_integer_value(line));
	}
	fclose(out);
	return text;
}

static void add_stall(struct output *output, pid_t tid, uint64_t loop, uint64_t ns)
{
	struct stall_record stall = sleep_stall(false, ns);

	stall.id.tid = tid;
	stall.id.loop = loop;
	strcpy(stall.id.comm, "worker");
	feed_stall(output, stall);
}

/* The second loop has two threads; two threads without a known loop are two profiles. */
static void feed_loops(struct output *output)
{
	feed_loop(output);
	feed_stall(output, socket_stall());
	add_stall(output, 4250, 2, 200 * MS);
	add_stall(output, 4251, 2, 300 * MS);
	add_stall(output, 4252, 0, 50 * MS);
	add_stall(output, 4253, 0, 40 * MS);
}

static void each_loop_is_a_profile(void **state)
{
	static const json_int_t sums[] = { 500, 340, 50, 40 };
	json_t *file = speedscope(*state, NULL, feed_loops);
	char *text;

	check_file(file);
	assert_int_equal(json_array_size(json_object_get(file, "profiles")), NR(sums));
	for (size_t i = 0; i < NR(sums); i++)
		assert_int_equal(
			json_integer_value(json_object_get(profile_at(file, i), "endValue")),
			sums[i] * (json_int_t)MS);
	assert_string_equal(string_of(profile_at(file, 0), "name"),
			    "python3[4242] worker[4251] asyncio");
	assert_string_equal(string_of(profile_at(file, 1), "name"), "python3[4242] asyncio");
	text = stack_text(file, json_array_get(json_object_get(profile_at(file, 1), "samples"), 0));
	assert_string_equal(text, "rates-3 main <module>(main.py:12) run(runners.py:190) "
				  "BaseEventLoop._run_once(base_events.py:1922) "
				  "Handle._run(events.py:84) fetch_rates(rates.py:88) "
				  "execute(db.py:41) Connection.run(core.py:50) "
				  "Connection.recv(core.py:12) __libc_recv tcp_recvmsg [socket]");
	free(text);
	json_decref(file);
}

static void hostile_names_are_harmless(void **state)
{
	json_t *file = speedscope(*state, NULL, feed_all);

	check_file(file);
	assert_true(json_array_size(json_object_get(file, "profiles")) == 2);
	json_decref(file);
}

static void nothing_is_a_file_all_the_same(void **state)
{
	json_t *file = speedscope(*state, NULL, feed_summary);

	check_file(file);
	json_decref(file);
}

static void feed_many(struct output *output)
{
	for (int i = 0; i < 1000; i++) {
		struct stall_record stall = sleep_stall(false, 5 * MS);
		char name[16];
		struct frame frame = NATIVE(name, NULL);

		snprintf(name, sizeof(name), "f%d", i);
		stack_put(stall.slices.v[0].stack);
		stall.slices.v[0].stack = make_stack(&frame, 1);
		feed_stall(output, stall);
	}
}

static void what_is_lost_is_a_profile(void **state)
{
	const struct output_options options = { .stack_bytes = 16384 };
	json_t *file = speedscope(*state, &options, feed_many), *lost;

	check_file(file);
	assert_int_equal(json_array_size(json_object_get(file, "profiles")), 2);
	lost = profile_at(file, 1);
	assert_string_equal(string_of(lost, "name"), "[lost]");
	assert_int_equal(
		json_integer_value(json_object_get(lost, "endValue")) +
			json_integer_value(json_object_get(profile_at(file, 0), "endValue")),
		5000 * MS);
	json_decref(file);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_loop_is_a_profile),
		TEST(hostile_names_are_harmless),
		TEST(nothing_is_a_file_all_the_same),
		TEST(what_is_lost_is_a_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
