// SPDX-License-Identifier: GPL-2.0-or-later
/* Notes as sentences, as JSON, and back. */
#include "text/note_words.h"
#include "recording/recording.h"
#include "records.h"

static struct note_record pool_note(void)
{
	return (struct note_record){
		AT(1),
		.kind = NOTE_POOL_BUSY,
		.pid = 4242,
		.comm = "python3",
		.duration_ns = 1200 * MS,
		.workers = 9,
		.waiting = 1,
		.nr_calls = 4,
		.calls = {
			{ .fn = "fetch", .file = "/app/db.py", .line = 12, .workers = 4 },
			{ .fn = "getaddrinfo", .file = "/lib/socket.py", .line = 955,
			  .host = "db.example", .workers = 2 },
			{ .fn = "no_file", .workers = 1 },
			{ .fn = "one_more", .workers = 1 },
		},
	};
}

static struct note_record tasks_note(void)
{
	return (struct note_record){
		AT(2),
		.kind = NOTE_TASKS_GROW,
		.pid = 7,
		.comm = "a\033[31m\nb",
		.duration_ns = 30 * S,
		.from = 0,
		.to = 600,
	};
}

static void assert_words(const struct note_record *note, const char *expected)
{
	char *words = note_words(note);

	assert_non_null(words);
	assert_string_equal(words, expected);
	free(words);
}

static void as_sentences(void **state)
{
	struct note_record pool = pool_note(), tasks = tasks_note();

	(void)state;
	assert_words(&pool, "work for a thread pool of python3[4242] has waited for 1.2 s: all 9 "
			    "workers are busy, 1 more call waits: 4 in fetch (db.py:12), 2 in "
			    "getaddrinfo (socket.py:955) that looks up db.example, 1 in no_file, "
			    "2 elsewhere");
	pool.nr_calls = 0;
	pool.waiting = 2;
	assert_words(&pool, "work for a thread pool of python3[4242] has waited for 1.2 s: all 9 "
			    "workers are busy, 2 more calls wait");
	pool = (struct note_record){
		AT(1),
		.kind = NOTE_POOL_BUSY,
		.pid = 7,
		.comm = "node",
		.duration_ns = 1200 * MS,
		.pool = "libuv",
		.workers = 4,
		.nr_calls = 2,
		.calls = { { .fn = "openat", .file = "/a/fifo", .workers = 3 },
			   { .fn = "getaddrinfo", .host = "db.example", .workers = 1 } }
	};
	assert_words(&pool,
		     "all 4 workers of libuv in node[7] have been busy for 1.2 s: 3 in openat "
		     "(fifo), 1 in getaddrinfo that looks up db.example");
	assert_words(&tasks,
		     "the tasks of a\\x1b[31m\\x0ab[7] keep growing: from 0 to 600 in 30.0 s");
	strcpy(tasks.comm, "node");
	tasks.kind = NOTE_THREADS_GROW;
	assert_words(&tasks, "the threads of node[7] keep growing: from 0 to 600 in 30.0 s");
}

struct got {
	struct note_record expected[2];
	size_t nr;
};

static void assert_same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void on_note(void *context, const struct note_record *note)
{
	struct got *got = context;
	const struct note_record *expected = &got->expected[got->nr++];

	assert_true(got->nr <= 2);
	assert_int_equal(note->kind, expected->kind);
	assert_int_equal(note->mono_ns, expected->mono_ns);
	assert_int_equal(note->time_ns, expected->time_ns);
	assert_int_equal(note->pid, expected->pid);
	assert_string_equal(note->comm, expected->comm);
	assert_int_equal(note->duration_ns, expected->duration_ns);
	assert_int_equal(note->workers, expected->workers);
	assert_int_equal(note->waiting, expected->waiting);
	assert_int_equal(note->from, expected->from);
	assert_int_equal(note->to, expected->to);
	assert_int_equal(note->nr_calls, expected->nr_calls);
	for (size_t i = 0; i < note->nr_calls; i++) {
		assert_same_text(note->calls[i].fn, expected->calls[i].fn);
		assert_same_text(note->calls[i].file, expected->calls[i].file);
		assert_same_text(note->calls[i].host, expected->calls[i].host);
		assert_int_equal(note->calls[i].line, expected->calls[i].line);
		assert_int_equal(note->calls[i].workers, expected->calls[i].workers);
	}
}

static void as_json_and_back(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	struct got got = { .expected = { pool_note(), tasks_note() } };
	const struct recording_reader reader = { .context = &got, .note = on_note };
	struct recording_result result;

	output_note(output, &got.expected[0]);
	output_note(output, &got.expected[1]);
	assert_int_equal(output_close(output), 0);
	assert_int_equal(recording_read(path, &reader, &result), 0);
	assert_int_equal(got.nr, 2);
	assert_int_equal(result.lines, 2);
}

static void damaged(void **state)
{
	static const char text[] =
		"{\"type\":\"note\",\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1,\"note\":\"of_"
		"a_later_version\",\"pid\":1}\n"
		"{\"type\":\"note\",\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1,\"note\":7,"
		"\"pid\":1}\n"
		"{\"type\":\"note\",\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1,\"pid\":1}\n"
		"{\"type\":\"note\",\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1,\"note\":"
		"\"pool_busy\",\"pid\":1,\"calls\":3}\n"
		"{\"type\":\"note\",\"time\":\"2024-05-01T12:00:00Z\",\"mono_ns\":1,\"note\":"
		"\"pool_busy\",\"pid\":1,\"calls\":[{"
		"\"line\":-1}]}\n";
	const char *path = temp_path(*state, "a.jsonl");
	struct got got = { 0 };
	const struct recording_reader reader = { .context = &got, .note = on_note };
	struct recording_result result;

	write_text(path, text);
	assert_int_equal(recording_read(path, &reader, &result), 0);
	assert_int_equal(got.nr, 0);
	assert_int_equal(result.unknown_lines, 1);
	assert_int_equal(result.bad_lines, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_sentences),
		cmocka_unit_test_setup_teardown(as_json_and_back, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(damaged, temp_setup, temp_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
