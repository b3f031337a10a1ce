// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings: what is written is read back the same, and foreign files do no harm. */
#include "records.h"

#include <errno.h>
#include <fcntl.h>

#include "recording/recording.h"
#include "tests/reader_to.h"

#define LINE_START "\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1000000000000"
#define EXIT_LINE  "{\"type\":\"exit\"," LINE_START ",\"pid\":7,\"status\":0}\n"

static void write_all(struct temp *temp, const char *name)
{
	struct output *output = open_output("json", temp_path(temp, name), NULL);

	feed_all(output);
	assert_int_equal(output_close(output), 0);
}

static struct recording_result read_only(const char *path)
{
	static const struct recording_reader nothing;
	struct recording_result result;

	assert_int_equal(recording_read(path, &nothing, &result), 0);
	return result;
}

/* name to b.jsonl by way of records. */
static struct recording_result copy_recording(struct temp *temp, const char *name)
{
	struct output *output = open_output("json", temp_path(temp, "b.jsonl"), NULL);
	const struct recording_reader reader = reader_to(output);
	struct recording_result result;

	assert_int_equal(recording_read(temp_path(temp, name), &reader, &result), 0);
	assert_int_equal(output_close(output), 0);
	return result;
}

static void copy_is_identical(void **state)
{
	static const char *const names[] = { "a.jsonl", "a.jsonl.gz" };
	struct temp *temp = *state;

	for (size_t i = 0; i < NR(names); i++) {
		struct recording_result result;
		char *before, *after;

		write_all(temp, names[i]);
		result = copy_recording(temp, names[i]);
		assert_int_equal(result.lines, 12);
		assert_int_equal(result.bad_lines, 0);
		assert_int_equal(result.unknown_lines, 0);
		before = read_text(temp_path(temp, names[i]));
		after = read_text(temp_path(temp, "b.jsonl"));
		assert_string_equal(before, after);
		free(before);
		free(after);
	}
}

/* What another writer may do with times: the moment stays, whatever the clock is now. */
static void time_is_kept(void **state)
{
	struct temp *temp = *state;
	char *text;

	write_text(temp_path(temp, "a.jsonl"),
		   "{\"type\":\"exit\",\"time\":\"2001-02-03T06:05:06.5+02:00\",\"mono_ns\":5,"
		   "\"pid\":7,\"status\":0}");
	copy_recording(temp, "a.jsonl");
	text = read_text(temp_path(temp, "b.jsonl"));
	assert_string_equal(text, "{\"type\":\"exit\",\"time\":\"2001-02-03T04:05:06.500000000Z\","
				  "\"mono_ns\":5,\"pid\":7,\"status\":0}\n");
	free(text);
}

/* What was not known when it was written is not known later. */
static void a_status_need_not_be_known(void **state)
{
	static const char line[] = "{\"type\":\"exit\",\"time\":\"2001-02-03T04:05:06.500000000Z\","
				   "\"mono_ns\":5,\"pid\":7}\n";
	struct temp *temp = *state;
	char *text;

	write_text(temp_path(temp, "a.jsonl"), line);
	copy_recording(temp, "a.jsonl");
	text = read_text(temp_path(temp, "b.jsonl"));
	assert_string_equal(text, line);
	free(text);
}

static void every_format_reads_as_if_live(void **state)
{
	static const char *const formats[][2] = { { "text", "a.txt" }, { "folded", "a.folded" } };
	struct temp *temp = *state;

	for (size_t i = 0; i < NR(formats); i++) {
		struct output *output =
			open_output(formats[i][0], temp_path(temp, formats[i][1]), NULL);
		struct recording_reader reader;
		struct recording_result result;
		char *live, *again;

		feed_all(output);
		assert_int_equal(output_close(output), 0);
		live = read_text(temp_path(temp, formats[i][1]));
		write_all(temp, "a.jsonl");
		output = open_output(formats[i][0], temp_path(temp, formats[i][1]), NULL);
		reader = reader_to(output);
		assert_int_equal(recording_read(temp_path(temp, "a.jsonl"), &reader, &result), 0);
		assert_int_equal(output_close(output), 0);
		again = read_text(temp_path(temp, formats[i][1]));
		/* Invalid bytes of longer names are text by now, and so is what was shown of them. */
		assert_string_equal(live, again);
		free(live);
		free(again);
	}
}

static void truncated_last_line_is_counted(void **state)
{
	struct temp *temp = *state;
	struct recording_result result;
	char *text;
	size_t length;

	write_all(temp, "a.jsonl");
	text = read_text(temp_path(temp, "a.jsonl"));
	length = strlen(text);
	text[length - 1] = '\0'; /* all but the newline */
	write_text(temp_path(temp, "a.jsonl"), text);
	result = read_only(temp->path);
	assert_int_equal(result.lines, 12);
	assert_int_equal(result.bad_lines, 0);
	text[length - 20] = '\0';
	write_text(temp_path(temp, "a.jsonl"), text);
	result = read_only(temp->path);
	assert_int_equal(result.lines, 11);
	assert_int_equal(result.bad_lines, 1);
	free(text);
}

static void truncated_gzip_gives_what_is_there(void **state)
{
	struct temp *temp = *state;
	const char *path = temp_path(temp, "a.jsonl.gz");
	struct output *output = open_output("json", path, NULL);
	struct recording_result result;

	feed_all(output); /* of which the first line was flushed */
	result = read_only(path);
	assert_true(result.lines >= 1);
	assert_int_equal(result.bad_lines, 0);
	assert_int_equal(output_close(output), 0);
	assert_int_equal(truncate(path, 300), 0);
	result = read_only(path);
	assert_true(result.lines + result.bad_lines >= 1);
	assert_true(result.lines < 10);
}

static void damaged_gzip_is_an_error(void **state)
{
	static const struct recording_reader nothing;
	struct temp *temp = *state;
	struct recording_result result;
	int fd;

	write_all(temp, "a.jsonl.gz");
	fd = open(temp_path(temp, "a.jsonl.gz"), O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 400), 8);
	close(fd);
	assert_int_equal(recording_read(temp->path, &nothing, &result), -EBADMSG);
}

static void unreadable_file_is_an_error(void **state)
{
	static const struct recording_reader nothing;
	struct temp *temp = *state;
	struct recording_result result;

	assert_int_equal(recording_read(temp_path(temp, "none"), &nothing, &result), -ENOENT);
	assert_int_equal(recording_read(temp->directory, &nothing, &result), -EISDIR);
}

static void read_string(struct temp *temp, const char *text, uint64_t lines, uint64_t bad,
			uint64_t unknown)
{
	struct recording_result result;

	write_text(temp_path(temp, "a.jsonl"), text);
	result = read_only(temp->path);
	if (result.lines != lines || result.bad_lines != bad || result.unknown_lines != unknown)
		fail_msg("%d lines, %d bad, %d unknown in %s", (int)result.lines,
			 (int)result.bad_lines, (int)result.unknown_lines, text);
}

static void later_versions_can_be_read(void **state)
{
	struct temp *temp = *state;

	read_string(temp, EXIT_LINE "{\"type\":\"weather\",\"rain\":true}\n\n \r\n" EXIT_LINE, 2, 0,
		    1);
	read_string(temp, "{\"type\":\"exit\"," LINE_START ",\"pid\":7,\"status\":0,\"new\":[1]}",
		    1, 0, 0);
	/* causes, kinds of frames and targets that are not known yet */
	read_string(temp,
		    "{\"type\":\"blocked\"," LINE_START ",\"pid\":7,\"tid\":7,\"slices\":["
		    "{\"cause\":\"moon\",\"ns\":1,\"target\":{\"kind\":\"star\"},"
		    "\"stack\":[{\"fn\":\"f\",\"kind\":\"lisp\"}]}]}",
		    1, 0, 0);
}

static void what_is_no_record_is_counted(void **state)
{
	static const char *const lines[] = {
		"not json",
		"[]",
		"7",
		"{}",
		"{\"type\":7}",
		"{\"type\":\"exit\"}",
		"{\"type\":\"exit\"," LINE_START ",\"pid\":-7,\"status\":0}",
		"{\"type\":\"exit\"," LINE_START ",\"pid\":99999999999,\"status\":0}",
		"{\"type\":\"exit\"," LINE_START ",\"pid\":\"7\",\"status\":0}",
		"{\"type\":\"exit\"," LINE_START ",\"pid\":7.5,\"status\":0}",
		"{\"type\":\"exit\"," LINE_START ",\"pid\":7,\"status\":0}x",
		"{\"type\":\"exit\",\"time\":\"now\",\"mono_ns\":1,\"pid\":7,\"status\":0}",
		"{\"type\":\"exit\",\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1e3,\"pid\":7,"
		"\"status\":0}",
		"{\"type\":\"start\"," LINE_START ",\"scope\":{\"pids\":[0]}}",
		"{\"type\":\"start\"," LINE_START ",\"features\":{\"a\":1}}",
		"{\"type\":\"start\"," LINE_START ",\"scope\":[]}",
		"{\"type\":\"loop\"," LINE_START ",\"pid\":7}",
		"{\"type\":\"summary\"," LINE_START ",\"duration_ns\":1}",
		"{\"type\":\"summary\"," LINE_START ",\"duration_ns\":1,\"loops\":[[]]}",
		"{\"type\":\"summary\"," LINE_START ",\"duration_ns\":1,\"loops\":[],"
		"\"lost\":{\"a\":-1}}",
		"{\"type\":\"stall\"," LINE_START
		",\"turn\":\"1-1\",\"ongoing\":0,\"pid\":7,\"tid\":7,"
		"\"duration_ns\":1,\"cause\":\"cpu\",\"slices\":[]}",
		"{\"type\":\"stall\"," LINE_START ",\"turn\":\"1-1\",\"ongoing\":false,\"pid\":7,"
		"\"tid\":7,\"duration_ns\":1,\"cause\":\"cpu\"}",
		"{\"type\":\"stall\"," LINE_START ",\"turn\":\"123456789012345678901234567890-"
		"1234567890\",\"ongoing\":false,\"pid\":7,\"tid\":7,\"duration_ns\":1,"
		"\"cause\":\"cpu\",\"slices\":[]}",
		"{\"type\":\"blocked\"," LINE_START ",\"pid\":7,\"tid\":7,\"slices\":[{}]}",
		"{\"type\":\"blocked\"," LINE_START ",\"pid\":7,\"tid\":7,\"slices\":[7]}",
		"{\"type\":\"blocked\"," LINE_START ",\"pid\":7,\"tid\":7,\"slices\":["
		"{\"cause\":\"cpu\",\"ns\":1,\"stack\":[7,{\"fn\":7}]}]}",
		"{\"type\":\"blocked\"," LINE_START ",\"pid\":7,\"tid\":7,\"slices\":["
		"{\"cause\":\"lock\",\"ns\":1,\"target\":{\"kind\":\"futex\",\"addr\":\"0xg\"}}]}",
		"{\"type\":\"blocked\"," LINE_START ",\"pid\":7,\"tid\":7,\"slices\":["
		"{\"cause\":\"gil\",\"ns\":1,\"holder\":{}}]}",
	};
	struct temp *temp = *state;
	char text[1024];

	for (size_t i = 0; i < NR(lines); i++) {
		snprintf(text, sizeof(text), "%s\n%s", lines[i], EXIT_LINE);
		read_string(temp, text, 1, 1, 0);
	}
}

static void nul_bytes_do_not_hide_lines(void **state)
{
	static const char text[] = "ab\0cd\n" EXIT_LINE "\0\0\0";
	struct temp *temp = *state;
	FILE *file = fopen(temp_path(temp, "a.jsonl"), "w");
	struct recording_result result;

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, sizeof(text) - 1, file), sizeof(text) - 1);
	fclose(file);
	result = read_only(temp->path);
	assert_int_equal(result.lines, 1);
	assert_int_equal(result.bad_lines, 2);
}

/* Lines longer than what is read of a line, before, between and after good ones. */
static void too_long_lines_are_skipped(void **state)
{
	const size_t lengths[] = { 4u << 20, (4u << 20) - 1, 9u << 20, 100 };
	struct temp *temp = *state;
	FILE *file = fopen(temp_path(temp, "a.jsonl"), "w");
	char *line = malloc(10u << 20);
	struct recording_result result;

	assert_non_null(file);
	assert_non_null(line);
	memset(line, ' ', 10u << 20);
	for (size_t i = 0; i < NR(lengths); i++) {
		line[0] = '"'; /* never closed */
		assert_int_equal(fwrite(line, 1, lengths[i], file), lengths[i]);
		fputs("\n" EXIT_LINE, file);
	}
	fclose(file);
	free(line);
	result = read_only(temp->path);
	assert_int_equal(result.lines, NR(lengths));
	assert_int_equal(result.bad_lines, NR(lengths));
}

static void count_exit(void *context, const struct exit_record *record)
{
	(void)record;
	++*(int *)context;
}

static bool had_two(void *context)
{
	return *(int *)context == 2;
}

static void reading_stops_when_asked(void **state)
{
	struct temp *temp = *state;
	int exits = 0;
	const struct recording_reader reader = { .context = &exits,
						 .exit = count_exit,
						 .enough = had_two };
	struct recording_result result;

	write_text(temp_path(temp, "a.jsonl"), EXIT_LINE EXIT_LINE EXIT_LINE EXIT_LINE);
	assert_int_equal(recording_read(temp->path, &reader, &result), 0);
	assert_int_equal(exits, 2);
	assert_int_equal(result.lines, 2);
}

/*
 * Damaged recordings, by a fixed sequence of damages: whatever is read of one
 * must be fit for every format (sanitizers and the formats' own checks judge).
 */
static void damaged_recordings_do_no_harm(void **state)
{
	static const char *const formats[][2] = { { "text", "a.txt" },
						  { "folded", "a.folded" },
						  { "json", "b.jsonl" } };
	struct temp *temp = *state;
	uint64_t random = 12345;
	size_t length;
	char *whole;

	write_all(temp, "a.jsonl");
	whole = read_text(temp_path(temp, "a.jsonl"));
	length = strlen(whole);
	for (int round = 0; round < 60; round++) {
		char *text = strdup(whole);

		for (int i = 0; i < 40; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			text[(random >> 20) % length] = "0123456789-\"{}[],:\\\n \x80"
							"aetf"[(random >> 50) % 25];
		}
		write_text(temp_path(temp, "a.jsonl"), text);
		free(text);
		for (size_t i = 0; i < NR(formats); i++) {
			struct output *output =
				open_output(formats[i][0], temp_path(temp, formats[i][1]), NULL);
			const struct recording_reader reader = reader_to(output);
			struct recording_result result;

			assert_int_equal(
				recording_read(temp_path(temp, "a.jsonl"), &reader, &result), 0);
			assert_int_equal(output_close(output), 0);
		}
		/* What was made of it is a recording without a flaw. */
		assert_int_equal(read_only(temp_path(temp, "b.jsonl")).bad_lines, 0);
	}
	free(whole);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(copy_is_identical),
		TEST(time_is_kept),
		TEST(a_status_need_not_be_known),
		TEST(every_format_reads_as_if_live),
		TEST(truncated_last_line_is_counted),
		TEST(truncated_gzip_gives_what_is_there),
		TEST(damaged_gzip_is_an_error),
		TEST(unreadable_file_is_an_error),
		TEST(later_versions_can_be_read),
		TEST(what_is_no_record_is_counted),
		TEST(nul_bytes_do_not_hide_lines),
		TEST(too_long_lines_are_skipped),
		TEST(reading_stops_when_asked),
		TEST(damaged_recordings_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
