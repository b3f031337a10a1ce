// SPDX-License-Identifier: GPL-2.0-or-later
/* A profile that goes on: views of all and of a time, labels that are not told apart, and that no sum falls. */
#include "pprof_rules.h"

#include <errno.h>
#include <sys/mman.h>

#include "output/formats.h"
#include "output/profile_view.h"
#include "output/sink.h"
#include "web/profiles.h"

#define SMALL_BYTES (1u << 20)

static struct profile *new_profile(size_t bytes)
{
	const struct output_options options = { .stack_bytes = bytes };
	struct profile *profile;

	assert_int_equal(profile_new(&profile, &options), 0);
	return profile;
}

/* A stall of one slice, in a function of that number. */
static void feed_place(struct profile *profile, int number, const char *task, uint64_t ns)
{
	char name[64], turn[40];
	struct frame frames[] = { { .kind = FRAME_PYTHON, .fn = name, .file = "/app/a.py" },
				  { .kind = FRAME_PYTHON, .fn = "main", .file = "/app/a.py" } };
	struct slice slice = { .cause = CAUSE_SLEEP, .ns = ns, .count = 1 };
	struct stall_record stall = {
		.id = { .pid = 7, .tid = 8, .comm = "web", .loop = 1 },
		.slices = { .v = &slice, .nr = 1 },
		.duration_ns = ns,
	};
	static int seq;

	snprintf(name, sizeof(name), "place_%d", number);
	snprintf(turn, sizeof(turn), "8-%d", ++seq);
	memcpy(stall.turn, turn, sizeof(turn));
	slice.task_name = (char *)task;
	slice.stack = make_stack(frames, 2);
	assert_int_equal(profile_stall(profile, &stall), 0);
	stack_put(slice.stack);
}

static struct read view_of(struct temp *temp, struct profile *profile,
			   const struct profile_view *view)
{
	const char *path = temp_path(temp, "a.pprof");
	struct sink *sink;
	struct read read;

	unlink(path);
	assert_int_equal(sink_open(&sink, path, NULL), 0);
	assert_int_equal(sink_gzip(sink), 0);
	assert_int_equal(profile_write_view(profile, view, pprof_write, sink), 0);
	assert_int_equal(sink_close(sink), 0);
	read = read_profile(path);
	check_rules(&read);
	return read;
}

static int64_t sum_of(const struct read *read)
{
	int64_t sum = 0;

	for (size_t i = 0; i < read->profile->n_sample; i++)
		sum += read->profile->sample[i]->value[1];
	return sum;
}

/* Of samples whose innermost function has that name; -1: there are none. */
static int64_t sum_in(const struct read *read, const char *name)
{
	const Pprof__Profile *profile = read->profile;
	int64_t sum = -1;

	for (size_t i = 0; i < profile->n_sample; i++) {
		const Pprof__Sample *sample = profile->sample[i];
		const Pprof__Location *location = profile->location[sample->location_id[0] - 1];
		const Pprof__Function *function =
			profile->function[location->line[0]->function_id - 1];

		if (!strcmp(text_of(profile, function->name), name))
			sum = (sum < 0 ? 0 : sum) + sample->value[1];
	}
	return sum;
}

static bool has_label(const struct read *read, const char *key)
{
	for (size_t i = 0; i < read->profile->n_sample; i++)
		for (size_t k = 0; k < read->profile->sample[i]->n_label; k++)
			if (!strcmp(text_of(read->profile, read->profile->sample[i]->label[k]->key),
				    key))
				return true;
	return false;
}

static void it_goes_on(void **state)
{
	const struct profile_view all = { .time_ns = 5 };
	struct profile *profile = new_profile(0);
	struct read read;

	read = view_of(*state, profile, &all);
	assert_int_equal(read.profile->n_sample, 0);
	read_free(&read);
	feed_place(profile, 1, NULL, 10 * MS);
	read = view_of(*state, profile, &all);
	assert_int_equal(sum_in(&read, "place_1"), 10 * MS);
	assert_int_equal(read.profile->time_nanos, 5);
	assert_int_equal(read.profile->duration_nanos, 0);
	read_free(&read);
	feed_place(profile, 1, NULL, 5 * MS);
	feed_place(profile, 2, NULL, 1 * MS);
	read = view_of(*state, profile, &all);
	assert_int_equal(sum_in(&read, "place_1"), 15 * MS);
	assert_int_equal(sum_in(&read, "place_2"), 1 * MS);
	read_free(&read);
	profile_free(profile);
}

static void what_came_since(void **state)
{
	const unsigned int mark = 2;
	const struct profile_view since = { .mark = &mark, .time_ns = 5, .duration_ns = 7 };
	struct profile *profile = new_profile(0);
	struct read read;

	assert_int_equal(profile_write_view(profile, &since, pprof_write, NULL), -ENOENT);
	feed_place(profile, 1, NULL, 10 * MS);
	assert_int_equal(profile_set_mark(profile, mark), 0);
	read = view_of(*state, profile, &since);
	assert_int_equal(read.profile->n_sample, 0);
	assert_int_equal(read.profile->duration_nanos, 7);
	read_free(&read);
	feed_place(profile, 1, NULL, 3 * MS);
	feed_place(profile, 2, NULL, 4 * MS);
	read = view_of(*state, profile, &since);
	assert_int_equal(sum_in(&read, "place_1"), 3 * MS);
	assert_int_equal(sum_in(&read, "place_2"), 4 * MS);
	read_free(&read);
	profile_clear_mark(profile, mark);
	assert_int_equal(profile_write_view(profile, &since, pprof_write, NULL), -ENOENT);
	profile_free(profile);
}

static void threads_and_tasks_are_merged(void **state)
{
	const struct profile_view merged = { .merged = true, .time_ns = 5 }, all = { .time_ns = 5 };
	struct profile *profile = new_profile(0);
	struct read read;

	feed_place(profile, 1, "job-1", 10 * MS);
	feed_place(profile, 1, "job-2", 5 * MS);
	read = view_of(*state, profile, &merged);
	assert_int_equal(read.profile->n_sample, 1);
	assert_int_equal(sum_in(&read, "place_1"), 15 * MS);
	assert_true(has_label(&read, "comm") && has_label(&read, "cause"));
	assert_false(has_label(&read, "task") || has_label(&read, "thread") ||
		     has_label(&read, "tid"));
	read_free(&read);
	read = view_of(*state, profile, &all);
	assert_int_equal(read.profile->n_sample, 2);
	assert_true(has_label(&read, "task") && has_label(&read, "thread") &&
		    has_label(&read, "tid"));
	read_free(&read);
	profile_free(profile);
}

/* More places than there is room for, one of which is large. */
static void room_is_made(void **state)
{
	const unsigned int mark = 0;
	const struct profile_view all = { .time_ns = 5 };
	const struct profile_view since = { .mark = &mark, .time_ns = 5 };
	struct profile *profile = new_profile(SMALL_BYTES);
	int64_t fed = 0, fed_since = 0;
	struct read read;

	feed_place(profile, 0, NULL, 9000 * MS);
	fed += 9000 * MS;
	for (int round = 0; round < 8; round++) {
		if (round == 3) {
			assert_int_equal(profile_set_mark(profile, mark), 0);
			fed_since = 0;
		}
		for (int i = 1; i < 2000; i++) {
			feed_place(profile, round * 2000 + i, NULL, (uint64_t)i * 1000);
			fed += i * 1000;
			fed_since += i * 1000;
			assert_int_equal(profile_make_room(profile), 0);
		}
		read = view_of(*state, profile, &all);
		assert_int_equal(sum_of(&read), fed);
		assert_int_equal(sum_in(&read, "place_0"), 9000 * MS);
		assert_int_equal(sum_in(&read, "[lost]"), -1);
		read_free(&read);
		assert_true(profile_held(profile) <= SMALL_BYTES);
	}
	read = view_of(*state, profile, &all);
	assert_true(sum_in(&read, "[other]") > 0);
	assert_int_equal(sum_in(&read, "place_1"), -1);
	read_free(&read);
	read = view_of(*state, profile, &since);
	assert_int_equal(sum_of(&read), fed_since);
	assert_int_equal(sum_in(&read, "place_0"), -1);
	read_free(&read);
	profile_free(profile);
}

static void windows_are_bounded(void **state)
{
	static const struct output_options options;
	struct web_question question = { .kind = WEB_WINDOW_BEGIN, .window = 1 };
	struct profiles *profiles;
	int fd = memfd_create("answer", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(profiles_new(&profiles, &options), 0);
	assert_int_equal(profiles_answer(profiles, &question, fd), 200);
	question.kind = WEB_FOLDED;
	assert_int_equal(profiles_answer(profiles, &question, fd), 200);
	/* it is over with that */
	assert_int_equal(profiles_answer(profiles, &question, fd), 503);
	question.kind = WEB_WINDOW_BEGIN;
	assert_int_equal(profiles_answer(profiles, &question, fd), 200);
	profiles_end_windows(profiles);
	question.kind = WEB_BLOCK_ALL;
	assert_int_equal(profiles_answer(profiles, &question, fd), 503);
	profiles_free(profiles);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on),
		cmocka_unit_test(what_came_since),
		cmocka_unit_test(threads_and_tasks_are_merged),
		cmocka_unit_test(room_is_made),
		cmocka_unit_test(windows_are_bounded),
	};

	return cmocka_run_group_tests(tests, temp_setup, temp_teardown);
}
