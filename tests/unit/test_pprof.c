// SPDX-License-Identifier: GPL-2.0-or-later
/* pprof: the rules of its readers, values and labels, addresses that last, bounds, hostile names. */
#include "pprof_rules.h"

#include <errno.h>
#include <pty.h>

/* -- what is in it -- */

static const char *label_of(const Pprof__Profile *profile, const Pprof__Sample *sample,
			    const char *key)
{
	for (size_t i = 0; i < sample->n_label; i++)
		if (!strcmp(text_of(profile, sample->label[i]->key), key))
			return text_of(profile, sample->label[i]->str);
	return NULL;
}

static int64_t number_of(const Pprof__Profile *profile, const Pprof__Sample *sample,
			 const char *key)
{
	for (size_t i = 0; i < sample->n_label; i++)
		if (!strcmp(text_of(profile, sample->label[i]->key), key))
			return sample->label[i]->num;
	return -1;
}

static const Pprof__Location *location_of(const Pprof__Profile *profile,
					  const Pprof__Sample *sample, size_t at)
{
	assert_true(at < sample->n_location_id);
	return profile->location[sample->location_id[at] - 1];
}

static const Pprof__Function *function_of(const Pprof__Profile *profile,
					  const Pprof__Location *location, size_t line)
{
	assert_true(line < location->n_line);
	return profile->function[location->line[line]->function_id - 1];
}

/* The names of a stack, innermost first, one behind the other. */
static char *names_of_stack(const Pprof__Profile *profile, const Pprof__Sample *sample)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < sample->n_location_id; i++) {
		const Pprof__Location *location = location_of(profile, sample, i);

		for (size_t k = 0; k < location->n_line; k++)
			fprintf(out, "%s%s", i || k ? " " : "",
				text_of(profile, function_of(profile, location, k)->name));
	}
	fclose(out);
	return text;
}

static const char *mapping_of(const Pprof__Profile *profile, const Pprof__Sample *sample, size_t at)
{
	const Pprof__Location *location = location_of(profile, sample, at);

	return text_of(profile, profile->mapping[location->mapping_id - 1]->filename);
}

static void feed_one_socket(struct output *output)
{
	feed_start(output);
	feed_loop(output);
	feed_stall(output, socket_stall());
	feed_summary(output);
}

static void sample_has_values_stack_and_labels(void **state)
{
	struct read read = profile_of(*state, NULL, feed_one_socket);
	const Pprof__Profile *profile = read.profile;
	const Pprof__Sample *sample;
	const Pprof__Location *fetch;
	char *names;

	check_rules(&read);
	assert_int_equal(profile->n_sample, 1);
	sample = profile->sample[0];
	assert_int_equal(sample->value[0], 1);
	assert_int_equal(sample->value[1], 340 * MS);
	names = names_of_stack(profile, sample);
	assert_string_equal(names, "tcp_recvmsg __libc_recv Connection.recv Connection.run execute "
				   "fetch_rates Handle._run BaseEventLoop._run_once run <module> "
				   "main");
	free(names);
	fetch = location_of(profile, sample, 5);
	assert_string_equal(text_of(profile, function_of(profile, fetch, 0)->filename), "rates.py");
	assert_int_equal(fetch->line[0]->line, 88);
	assert_string_equal(mapping_of(profile, sample, 0), "[kernel.kallsyms]");
	assert_string_equal(mapping_of(profile, sample, 1), "libc.so.6");
	assert_string_equal(mapping_of(profile, sample, 5), "[python]");
	assert_string_equal(mapping_of(profile, sample, 10), "python3.11");
	assert_string_equal(text_of(profile, profile->mapping[0]->filename), "python3.11");
	assert_string_equal(label_of(profile, sample, "cause"), "socket");
	assert_string_equal(label_of(profile, sample, "comm"), "python3");
	assert_string_equal(label_of(profile, sample, "thread"), "python3");
	assert_string_equal(label_of(profile, sample, "runtime"), "asyncio");
	assert_string_equal(label_of(profile, sample, "task"), "rates-3");
	assert_string_equal(label_of(profile, sample, "unit"), "web.service");
	assert_non_null(label_of(profile, sample, "container"));
	assert_non_null(label_of(profile, sample, "pod"));
	assert_int_equal(number_of(profile, sample, "pid"), 4242);
	assert_int_equal(number_of(profile, sample, "tid"), 4242);
	assert_int_equal(profile->time_nanos, TEST_TIME_NS);
	assert_int_equal(profile->duration_nanos, 24 * S);
	read_free(&read);
}

/* Nothing of where the files were. */
static void paths_are_left_out(void **state)
{
	struct read read = profile_of(*state, NULL, feed_one_socket);

	for (size_t i = 0; i < read.profile->n_string_table; i++)
		assert_null(strchr(read.profile->string_table[i], '/'));
	read_free(&read);
}

static void feed_nothing(struct output *output)
{
	(void)output;
}

static void empty_profile_is_valid(void **state)
{
	struct read nothing = profile_of(*state, NULL, feed_nothing);
	struct read summary = profile_of(*state, NULL, feed_summary);

	check_rules(&nothing);
	check_rules(&summary);
	assert_int_equal(nothing.profile->n_sample, 0);
	assert_int_equal(summary.profile->n_sample, 0);
	assert_int_equal(summary.profile->duration_nanos, 24 * S);
	read_free(&nothing);
	read_free(&summary);
}

static void feed_hostile(struct output *output)
{
	feed_all(output);
}

static void hostile_names_are_escaped(void **state)
{
	struct read read = profile_of(*state, NULL, feed_hostile);

	check_rules(&read);
	/* and none of it is lost */
	assert_true(read.profile->n_sample >= 6);
	read_free(&read);
}

static void feed_two_recordings(struct output *output)
{
	feed_all(output);
	feed_all(output);
}

static void several_recordings_are_one_profile(void **state)
{
	struct read read = profile_of(*state, NULL, feed_two_recordings);
	struct read once = profile_of(*state, NULL, feed_hostile);

	check_rules(&read);
	assert_int_equal(read.profile->duration_nanos, 48 * S);
	assert_int_equal(read.profile->n_sample, once.profile->n_sample);
	for (size_t i = 0; i < once.profile->n_sample; i++)
		assert_int_equal(read.profile->sample[i]->value[1],
				 2 * once.profile->sample[i]->value[1]);
	read_free(&read);
	read_free(&once);
}

/* A recording that was cut off, as after a crash: up to its last record. */
static void feed_cut_off(struct output *output)
{
	feed_start(output);
	feed_stall(output, sleep_stall(false, 100 * MS));
}

static void cut_recording_has_a_duration(void **state)
{
	struct read read = profile_of(*state, NULL, feed_cut_off);

	check_rules(&read);
	assert_int_equal(read.profile->duration_nanos, 8 * S);
	read_free(&read);
}

static void feed_stack(struct output *output, const struct frame *frames, size_t nr)
{
	struct stall_record stall = sleep_stall(false, 5 * MS);

	stack_put(stall.slices.v[0].stack);
	stall.slices.v[0].stack = frames ? stack_new(frames, nr, false) : NULL;
	feed_stall(output, stall);
}

static char *long_name(const char *character, size_t bytes)
{
	char *name = malloc(bytes + 8);
	size_t size = strlen(character), at;

	assert_non_null(name);
	name[0] = 'x';
	for (at = 1; at < bytes; at += size)
		memcpy(name + at, character, size);
	name[at] = '\0';
	return name;
}

static void feed_long(struct output *output)
{
	char *fits = long_name("y", 65534), *longer = long_name("\xe2\x82\xac", 70000);
	const struct frame frames[] = { PYTHON(fits, fits, 1), PYTHON(longer, longer, 2) };

	feed_stack(output, frames, NR(frames));
	free(fits);
	free(longer);
}

static void long_names_are_cut_at_a_character(void **state)
{
	struct read read = profile_of(*state, NULL, feed_long);
	const Pprof__Profile *profile = read.profile;
	const Pprof__Sample *sample = profile->sample[0];
	const char *fits, *cut;

	check_rules(&read);
	fits = text_of(profile, function_of(profile, location_of(profile, sample, 0), 0)->name);
	cut = text_of(profile, function_of(profile, location_of(profile, sample, 1), 0)->name);
	assert_true(strlen(fits) >= 65534 && fits[strlen(fits) - 1] == 'y');
	assert_true(strlen(cut) > 65528);
	assert_string_equal(cut + strlen(cut) - 3, "...");
	read_free(&read);
}

static void feed_deep(struct output *output, size_t nr)
{
	struct frame *frames = calloc(nr, sizeof(frames[0]));
	char(*names)[16] = calloc(nr, sizeof(names[0]));

	for (size_t i = 0; i < nr; i++) {
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
		frames[i] = (struct frame)PYTHON(names[i], "a.py", 1);
	}
	feed_stack(output, frames, nr);
	free(frames);
	free(names);
}

static void feed_1000(struct output *output)
{
	feed_deep(output, 1000);
}

static void feed_1024(struct output *output)
{
	feed_deep(output, 1024);
}

static void deep_stacks_keep_their_inner_end(void **state)
{
	struct read whole = profile_of(*state, NULL, feed_1000);
	struct read deeper = profile_of(*state, NULL, feed_1024);
	char *names;

	check_rules(&whole);
	assert_int_equal(whole.profile->sample[0]->n_location_id, 1000);
	names = names_of_stack(whole.profile, whole.profile->sample[0]);
	assert_string_equal(names + strlen(names) - strlen("f998 f999"), "f998 f999");
	free(names);
	names = names_of_stack(deeper.profile, deeper.profile->sample[0]);
	check_rules(&deeper);
	assert_int_equal(deeper.profile->sample[0]->n_location_id, 1000);
	assert_int_equal(strncmp(names, "f0 f1 f2 ", 9), 0);
	assert_string_equal(names + strlen(names) - strlen("f998 [cut]"), "f998 [cut]");
	free(names);
	read_free(&whole);
	read_free(&deeper);
}

static void feed_inlined(struct output *output)
{
	const struct frame frames[] = {
		{ .kind = FRAME_NATIVE, .fn = "a", .module = "/bin/p", .inlined = true },
		{ .kind = FRAME_NATIVE, .fn = "b", .module = "/bin/p", .inlined = true },
		NATIVE("c", "/bin/p"),
		NATIVE("d", "/bin/p"),
		{ .kind = FRAME_NATIVE, .fn = "e", .module = "/bin/p", .inlined = true },
	};

	feed_stack(output, frames, NR(frames));
}

static void inlined_frames_are_lines_of_a_location(void **state)
{
	struct read read = profile_of(*state, NULL, feed_inlined);
	const Pprof__Sample *sample = read.profile->sample[0];
	char *names = names_of_stack(read.profile, sample);

	check_rules(&read);
	assert_int_equal(sample->n_location_id, 3);
	assert_int_equal(location_of(read.profile, sample, 0)->n_line, 3);
	assert_int_equal(location_of(read.profile, sample, 1)->n_line, 1);
	assert_string_equal(names, "a b c d e");
	free(names);
	read_free(&read);
}

#define IN_FILE(name, path, id, at)                                                            \
	{                                                                                      \
		.kind = FRAME_NATIVE, .fn = name, .module = path, .build_id = id, .offset = at \
	}

static void feed_build_ids(struct output *output)
{
	static const struct frame stacks[][3] = {
		{ IN_FILE("nap", "/app/lib.so", "0a0b", 0x1010),
		  IN_FILE("lib.so+0x2020", "/app/lib.so", "0a0b", 0x2020),
		  IN_FILE("main", "/usr/bin/python3.11", "c0de", 0x3030) },
		/* an older file of the same name, and one that has none of its own */
		{ IN_FILE("nap", "/old/lib.so", "ffff", 0x1010),
		  IN_FILE("lib.so+0x9", "/old/lib.so", NULL, 0x9),
		  IN_FILE("main", "/usr/bin/python3.11", "c0de", 0x3030) },
		/* in one line as above, but elsewhere in it */
		{ IN_FILE("nap", "/app/lib.so", "0a0b", 0x1018),
		  IN_FILE("far", "/app/lib.so", "0a0b", UINT64_MAX),
		  IN_FILE("main", "/usr/bin/python3.11", "c0de", 0x3030) },
	};

	feed_start(output);
	feed_loop(output);
	for (size_t i = 0; i < NR(stacks); i++)
		feed_stack(output, stacks[i], 3);
	feed_summary(output);
}

static const Pprof__Mapping *in_mapping(const Pprof__Profile *profile,
					const Pprof__Location *location)
{
	return profile->mapping[location->mapping_id - 1];
}

/* Behind the start of its mapping, which is of the whole file. */
static uint64_t place_in_file(const Pprof__Profile *profile, const Pprof__Location *location)
{
	return location->address - in_mapping(profile, location)->memory_start;
}

static const Pprof__Location *location_at(const Pprof__Profile *profile, const char *build_id,
					  uint64_t offset)
{
	for (size_t i = 0; i < profile->n_location; i++) {
		const Pprof__Location *one = profile->location[i];
		const char *id = text_of(profile, in_mapping(profile, one)->build_id);

		if (place_in_file(profile, one) == offset && !strcmp(id, build_id))
			return one;
	}
	return NULL;
}

static void native_code_has_its_place_in_the_file(void **state)
{
	struct read read = profile_of(*state, NULL, feed_build_ids);
	const Pprof__Profile *profile = read.profile;
	const Pprof__Location *old, *nameless, *far = NULL;

	check_rules(&read);
	assert_int_equal(profile->n_sample, 3);
	assert_string_equal(text_of(profile, profile->mapping[0]->filename), "python3.11");
	assert_string_equal(text_of(profile, profile->mapping[0]->build_id), "c0de");
	assert_true(profile->mapping[0]->has_functions);
	assert_non_null(location_at(profile, "c0de", 0x3030));
	assert_non_null(location_at(profile, "0a0b", 0x1010));
	assert_non_null(location_at(profile, "0a0b", 0x1018));
	old = location_at(profile, "ffff", 0x1010);
	assert_non_null(old);
	assert_string_equal(text_of(profile, in_mapping(profile, old)->filename), "lib.so");
	/* a server can name it; nobody can where there is no build id */
	nameless = location_at(profile, "0a0b", 0x2020);
	assert_non_null(nameless);
	assert_int_equal(nameless->n_line, 0);
	assert_false(in_mapping(profile, nameless)->has_functions);
	assert_int_equal(location_at(profile, "", 0x9)->n_line, 1);
	/* a place that no file has is like one that is not known */
	for (size_t i = 0; i < profile->n_location; i++)
		if (profile->location[i]->n_line &&
		    !strcmp(text_of(profile, function_of(profile, profile->location[i], 0)->name),
			    "far"))
			far = profile->location[i];
	assert_non_null(far);
	assert_true(place_in_file(profile, far) >= 1ull << 39);
	read_free(&read);
}

static void feed_stackless(struct output *output)
{
	feed_stack(output, NULL, 0);
}

static void time_without_a_stack_is_under_its_cause(void **state)
{
	struct read read = profile_of(*state, NULL, feed_stackless);
	char *names = names_of_stack(read.profile, read.profile->sample[0]);

	check_rules(&read);
	assert_string_equal(names, "[sleep]");
	assert_string_equal(mapping_of(read.profile, read.profile->sample[0], 0), "[blockprof]");
	free(names);
	read_free(&read);
}

/* Of one name, but not one place. */
static const struct frame namesakes[] = {
	PYTHON("run", "/a/x.py", 1),	    PYTHON("run", "/b/x.py", 1),
	PYTHON("run", "/a/x.py", 2),	    NATIVE("run", "/lib/a.so"),
	NATIVE("run", "/lib/b.so"),	    KERNEL("run"),
	{ .kind = FRAME_JIT, .fn = "run" }, { .kind = FRAME_JS, .fn = "run" },
};

static void feed_namesakes(struct output *output)
{
	feed_stack(output, namesakes, NR(namesakes));
}

static void feed_namesakes_backwards(struct output *output)
{
	struct frame backwards[NR(namesakes)];

	for (size_t i = 0; i < NR(namesakes); i++)
		backwards[i] = namesakes[NR(namesakes) - 1 - i];
	feed_loop(output);
	feed_stall(output, socket_stall());
	feed_stack(output, backwards, NR(backwards));
}

/* Alloy tells samples of one profile and the next apart by nothing else. */
static void addresses_are_distinct_and_last(void **state)
{
	struct read read = profile_of(*state, NULL, feed_namesakes);
	struct read later = profile_of(*state, NULL, feed_namesakes_backwards);
	const Pprof__Sample *sample = read.profile->sample[0], *backwards = NULL;

	check_rules(&read);
	check_rules(&later);
	for (size_t i = 0; i < later.profile->n_sample; i++)
		if (later.profile->sample[i]->value[1] == 5 * MS)
			backwards = later.profile->sample[i];
	assert_non_null(backwards);
	assert_int_equal(sample->n_location_id, NR(namesakes));
	for (size_t i = 0; i < NR(namesakes); i++)
		assert_int_equal(
			location_of(read.profile, sample, i)->address,
			location_of(later.profile, backwards, NR(namesakes) - 1 - i)->address);
	read_free(&read);
	read_free(&later);
}

static void feed_many(struct output *output)
{
	for (int i = 0; i < 1000; i++) {
		char name[16];
		struct frame frame = NATIVE(name, NULL);

		snprintf(name, sizeof(name), "f%d", i);
		feed_stack(output, &frame, 1);
	}
}

static void what_is_beyond_the_bound_is_lost_by_cause(void **state)
{
	const struct output_options options = { .stack_bytes = 16384 };
	struct read read = profile_of(*state, &options, feed_many);
	int64_t sum = 0, lost = 0, lost_count = 0;

	check_rules(&read);
	for (size_t i = 0; i < read.profile->n_sample; i++) {
		const Pprof__Sample *sample = read.profile->sample[i];
		char *names = names_of_stack(read.profile, sample);

		sum += sample->value[1];
		if (!strcmp(names, "[lost]")) {
			assert_string_equal(label_of(read.profile, sample, "cause"), "sleep");
			lost += sample->value[1];
			lost_count += sample->value[0];
		}
		free(names);
	}
	assert_int_equal(sum, 5000 * MS);
	assert_true(lost > 0 && lost < 5000 * (int64_t)MS);
	assert_int_equal(lost, lost_count * 5 * (int64_t)MS);
	read_free(&read);
}

static void terminals_are_refused(void **state)
{
	static const struct output_options options;
	struct output *output = NULL;
	int master, terminal;
	char path[64];

	(void)state;
	assert_int_equal(openpty(&master, &terminal, NULL, NULL, NULL), 0);
	assert_int_equal(ttyname_r(terminal, path, sizeof(path)), 0);
	assert_int_equal(output_open(&output, output_format_by_name("pprof"), path, &options),
			 -EMEDIUMTYPE);
	assert_null(output);
	assert_int_equal(output_open(&output, output_format_by_name("folded"), path, &options), 0);
	assert_int_equal(output_close(output), 0);
	close(master);
	close(terminal);
}

static void suffixes_are_known(void **state)
{
	(void)state;
	assert_ptr_equal(output_format_by_path("x.pb.gz"), output_format_by_name("pprof"));
	assert_ptr_equal(output_format_by_path("x.pprof"), output_format_by_name("pprof"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sample_has_values_stack_and_labels),
		TEST(paths_are_left_out),
		TEST(empty_profile_is_valid),
		TEST(hostile_names_are_escaped),
		TEST(several_recordings_are_one_profile),
		TEST(cut_recording_has_a_duration),
		TEST(long_names_are_cut_at_a_character),
		TEST(deep_stacks_keep_their_inner_end),
		TEST(inlined_frames_are_lines_of_a_location),
		TEST(native_code_has_its_place_in_the_file),
		TEST(time_without_a_stack_is_under_its_cause),
		TEST(addresses_are_distinct_and_last),
		TEST(what_is_beyond_the_bound_is_lost_by_cause),
		cmocka_unit_test(terminals_are_refused),
		cmocka_unit_test(suffixes_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
