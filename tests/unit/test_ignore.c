// SPDX-License-Identifier: GPL-2.0-or-later
/* --ignore: which words of a stall a rule is tried on, files of rules, and what outputs make of it. */
#include "output/ignore.h"
#include "output/outputs.h"
#include "records.h"

#include <errno.h>

static struct ignore *rules(const char *first, const char *second)
{
	const char *const texts[] = { first, second };
	char reason[PATTERN_REASON_BYTES];
	struct ignore *ignore;

	assert_int_equal(ignore_new(&ignore), 0);
	for (size_t i = 0; i < NR(texts) && texts[i]; i++)
		if (ignore_add(ignore, texts[i], reason))
			fail_msg("'%s': %s", texts[i], reason);
	return ignore;
}

static bool ignores(const char *rule, struct stall_record stall)
{
	struct ignore *ignore = rules(rule, NULL);
	bool ignored = ignore_stall(ignore, &stall);

	assert_int_equal(!ignore_unused(ignore, 0), ignored);
	ignore_free(ignore);
	slices_free(&stall.slices);
	return ignored;
}

/* The place is execute() of /srv/app/db.py, which waits for PostgreSQL on 127.0.0.1:5432. */
static void test_words(void **state)
{
	static const char *const fit[] = {
		"^execute$",	   "fn:execute",     "/app/db",	    "file:db\\.py$",
		"127\\.0\\.0\\.1", "target::5432$",  "^postgres$",  "target:^postgres",
		"^socket$",	   "cause:^socket$", "fn:^(?i)EXE",
	};
	static const char *const others[] = {
		"fetch_rates", /* a frame, but not the place */
		"recvfrom",	  "41234", /* our own end */
		"rates-3",	  "fn:db\\.py",	 "fn:socket",	  "file:execute", "target:execute",
		"cause:postgres", "cause:sleep", "cause: socket", "Fn:execute",
	};

	(void)state;
	for (size_t i = 0; i < NR(fit); i++)
		if (!ignores(fit[i], socket_stall()))
			fail_msg("'%s' does not fit", fit[i]);
	for (size_t i = 0; i < NR(others); i++)
		if (ignores(others[i], socket_stall()))
			fail_msg("'%s' fits", others[i]);
}

/* The place of native code has no file, and is known by its module. */
static void test_module(void **state)
{
	static const struct frame frames[] = { NATIVE("PQexec", "/usr/lib/libpq.so.5") };
	struct stall_record stall = { AT(1), .id = thread_main(), .cause = CAUSE_SOCKET };
	struct slice slice = { .cause = CAUSE_SOCKET, .ns = S, .stack = make_stack(frames, 1) };

	(void)state;
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	assert_true(ignores("file:libpq", stall));
	/* nothing is known of it but the cause */
	stall.slices = (struct slices){ 0 };
	assert_true(ignores("cause:socket", stall));
	assert_false(ignores("libpq", stall));
}

/* Who waits for a CPU has no stack, and stands where it ran. */
static void test_place_of_another_cause(void **state)
{
	struct stall_record stall = socket_stall();
	struct slice waits = { .cause = CAUSE_RUNQUEUE, .ns = S, .count = 1 };

	(void)state;
	stall.cause = CAUSE_RUNQUEUE;
	assert_int_equal(slices_add(&stall.slices, &waits), 0);
	slices_sort(&stall.slices);
	assert_true(ignores("fn:^execute$", stall));
}

static void test_counts(void **state)
{
	struct ignore *ignore = rules("cause:socket", "fn:execute");
	struct stall_record stall = socket_stall(), lasts = sleep_stall(true, S);
	struct name_count *counts;
	char reason[PATTERN_REASON_BYTES];
	size_t nr;

	(void)state;
	assert_int_equal(ignore_add(ignore, "do_io", reason), 0);
	assert_int_equal(ignore_add(ignore, "cause:socket", reason), 0); /* known */
	assert_true(ignore_stall(ignore, &stall));
	assert_true(ignore_stall(ignore, &stall));
	assert_true(ignore_stall(ignore, &lasts));
	assert_int_equal(ignore_take_counts(ignore, &counts, &nr), 0);
	assert_int_equal(nr, 1); /* the first rule that fits; one that lasts is not counted */
	assert_string_equal(counts[0].name, "cause:socket");
	assert_int_equal(counts[0].count, 2);
	free(counts);
	assert_int_equal(ignore_take_counts(ignore, &counts, &nr), 0);
	assert_int_equal(nr, 0);
	free(counts);
	assert_string_equal(ignore_unused(ignore, 0), "fn:execute");
	assert_null(ignore_unused(ignore, 1));
	assert_null(ignore_unused(NULL, 0));
	assert_false(ignore_stall(NULL, &stall));
	slices_free(&stall.slices);
	slices_free(&lasts.slices);
	ignore_free(ignore);
}

static void test_wrong(void **state)
{
	static const char *const wrong[] = {
		"", "fn:", "file:", "target:", "cause:", "fn:(", "[a"
	};
	struct ignore *ignore = rules(NULL, NULL);
	char reason[PATTERN_REASON_BYTES];

	(void)state;
	for (size_t i = 0; i < NR(wrong); i++) {
		reason[0] = '\0';
		assert_int_equal(ignore_add(ignore, wrong[i], reason), -EINVAL);
		assert_true(reason[0]);
	}
	assert_null(ignore_unused(ignore, 0));
	ignore_free(ignore);
}

/* -- files -- */

static void test_file(void **state)
{
	const char *path = temp_path(*state, "a.txt");
	static const char *const expected[] = { "fn:^a$", "b c", "d[#]e", "f#g", "last" };
	struct ignore *ignore = rules(NULL, NULL);
	struct ignore_error error;

	write_text(
		path,
		"# all of it\n\n  \t\r\nfn:^a$\r\n  b c\t# known\n#\nd[#]e\nf#g #\nfn:^a$\nlast");
	assert_int_equal(ignore_add_file(ignore, path, &error), 0);
	for (size_t i = 0; i < NR(expected); i++)
		assert_string_equal(ignore_unused(ignore, i), expected[i]);
	assert_null(ignore_unused(ignore, NR(expected)));
	ignore_free(ignore);
}

static void test_wrong_files(void **state)
{
	static const char zero[] = "good\nb\0d\n";
	const char *path = temp_path(*state, "a.txt");
	struct ignore *ignore = rules(NULL, NULL);
	struct ignore_error error;
	FILE *file;

	write_text(path, "good\n\nfn:a(b # x\n");
	assert_int_equal(ignore_add_file(ignore, path, &error), -EINVAL);
	assert_int_equal(error.line, 3);
	assert_string_equal(error.text, "fn:a(b");
	assert_non_null(strstr(error.reason, "at offset 3"));

	file = fopen(path, "w");
	assert_int_equal(fwrite(zero, 1, sizeof(zero) - 1, file), sizeof(zero) - 1);
	fclose(file);
	assert_int_equal(ignore_add_file(ignore, path, &error), -EINVAL);
	assert_int_equal(error.line, 2);

	assert_int_equal(ignore_add_file(ignore, "/no/such/file", &error), -ENOENT);
	assert_int_equal(ignore_add_file(ignore, "/", &error), -EISDIR);

	/* one line without an end, as a device or a wrong file has it */
	file = fopen(path, "w");
	assert_int_equal(ftruncate(fileno(file), IGNORE_FILE_BYTES_MAX + 1), 0);
	fclose(file);
	assert_int_equal(ignore_add_file(ignore, path, &error), -EINVAL);
	ignore_free(ignore);
}

/* -- outputs -- */

static void feed(struct outputs *outputs, struct stall_record stall, bool through)
{
	assert_int_equal(outputs_stall(outputs, &stall), through);
	slices_free(&stall.slices);
}

/* One that sleeps, and then is blocked by something else for longer: the final verdict counts. */
static void test_lasting(void **state)
{
	const char *path = temp_path(*state, "a.jsonl");
	struct output *output = open_output("json", path, NULL);
	struct ignore *ignore = rules("cause:socket", NULL);
	struct outputs outputs = { .v = &output, .nr = 1, .ignore = ignore };
	struct stall_record lasts = sleep_stall(true, S), ends = socket_stall();
	struct withdrawn_record withdrawn = stall_withdrawn(&lasts, DISCARD_LEFT);
	struct name_count before[] = { { "cause:socket", 3 }, { "other", 1 } };
	struct summary_record summary = { AT(9), .ignored = before, .nr_ignored = NR(before) };
	const char *found;
	char *text;

	strcpy(lasts.turn, "4242-5");
	strcpy(ends.turn, "4242-5");
	feed(&outputs, lasts, true);
	assert_int_equal(outputs.nr_lasting, 1);
	feed(&outputs, ends, false);
	assert_int_equal(outputs.nr_lasting, 0);
	/* another one is found to be none by the engine, or ends as it began */
	feed(&outputs, sleep_stall(true, S), true);
	feed(&outputs, sleep_stall(true, 2 * S), true);
	assert_int_equal(outputs.nr_lasting, 1);
	strcpy(withdrawn.turn, "4242-18");
	outputs_withdrawn(&outputs, &withdrawn);
	assert_int_equal(outputs.nr_lasting, 0);
	feed(&outputs, sleep_stall(true, S), true);
	feed(&outputs, sleep_stall(false, 2 * S), true);
	assert_int_equal(outputs.nr_lasting, 0);
	/* ignored while it lasts, but not in the end */
	ends = socket_stall();
	ends.ongoing = true;
	feed(&outputs, ends, false);
	outputs_summary(&outputs, &summary);
	assert_int_equal(output_close(output), 0);
	ignore_free(ignore);

	text = read_text(path);
	found = strstr(text, "\"reason\":\"ignored\"");
	assert_non_null(found);
	assert_null(strstr(found + 1, "\"reason\":\"ignored\""));
	assert_non_null(strstr(text, "\"ignored\":{\"cause:socket\":4,\"other\":1}"));
	assert_null(strstr(text, "recvfrom"));
	free(text);
}

/* More that last at a time than are remembered: of those only the end is reported. */
static void test_many_lasting(void **state)
{
	struct ignore *ignore = rules("no such place", NULL);
	struct outputs outputs = { .ignore = ignore };

	(void)state;
	for (int i = 0; i < OUTPUTS_LASTING + 3; i++) {
		struct stall_record stall = sleep_stall(true, S);

		stall.id.tid = 5000 + i;
		feed(&outputs, stall, i < OUTPUTS_LASTING);
	}
	feed(&outputs, sleep_stall(false, S), true);
	ignore_free(ignore);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_module),
		cmocka_unit_test(test_place_of_another_cause),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test_setup_teardown(test_file, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_wrong_files, temp_setup, temp_teardown),
		cmocka_unit_test_setup_teardown(test_lasting, temp_setup, temp_teardown),
		cmocka_unit_test(test_many_lasting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
