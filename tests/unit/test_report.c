// SPDX-License-Identifier: GPL-2.0-or-later
/* `blockprof report`: options, exit status, messages. */
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "cli/message.h"
#include "cli/report.h"

/* Standard output and error of one call; the caller's to free. */
struct said {
	int status;
	char *out;
	char *err;
};

static int redirect(int fd, const char *path)
{
	int kept = dup(fd), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(kept >= 0 && file >= 0);
	assert_true(dup2(file, fd) >= 0);
	close(file);
	return kept;
}

static void restore(int fd, int kept)
{
	assert_true(dup2(kept, fd) >= 0);
	close(kept);
}

/* arguments: ended by NULL. stdout_path NULL: a file, which is read then. */
static struct said report(struct temp *temp, const char *stdout_path, const char *const *arguments)
{
	char *argv[16] = { (char *)"report" };
	struct said said = { 0 };
	int argc = 1, kept_out, kept_err;

	for (; *arguments; arguments++)
		argv[argc++] = (char *)*arguments;
	fflush(stdout);
	kept_out = redirect(STDOUT_FILENO, stdout_path ? stdout_path : temp_path(temp, "stdout"));
	kept_err = redirect(STDERR_FILENO, temp_path(temp, "stderr"));
	said.status = cmd_report(argc, argv);
	fflush(stdout);
	restore(STDOUT_FILENO, kept_out);
	restore(STDERR_FILENO, kept_err);
	message_set_level(MESSAGE_NOTE);
	said.out = stdout_path ? strdup("") : read_text(temp_path(temp, "stdout"));
	said.err = read_text(temp_path(temp, "stderr"));
	return said;
}

#define REPORT(temp, ...) report(temp, NULL, (const char *const[]){ __VA_ARGS__, NULL })

static void said_free(struct said *said)
{
	free(said->out);
	free(said->err);
}

/* A call that fails says so in one line. */
static void assert_fails(struct said said, int status, const char *why)
{
	assert_int_equal(said.status, status);
	assert_string_equal(said.out, "");
	assert_int_equal(strncmp(said.err, "blockprof: ", 11), 0);
	assert_ptr_equal(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
	if (!strstr(said.err, why))
		fail_msg("'%s' is not in: %s", why, said.err);
	said_free(&said);
}

/* The path of a recording in the directory of the test. */
static char *recording(struct temp *temp, const char *name)
{
	char *path = strdup(temp_path(temp, name));
	struct output *output = open_output("json", path, NULL);

	feed_all(output);
	assert_int_equal(output_close(output), 0);
	return path;
}

static void text_goes_to_stdout(void **state)
{
	char *path = recording(*state, "a.jsonl");
	struct said said = REPORT(*state, path);

	assert_int_equal(said.status, 0);
	assert_string_equal(said.err, "");
	assert_non_null(strstr(said.out, "352 ms in execute (app/db.py:41): socket"));
	said_free(&said);
	free(path);
}

static void formats_follow_their_outputs(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl.gz"), *text;
	char *folded = strdup(temp_path(temp, "a.folded"));
	char *text_path = strdup(temp_path(temp, "b.jsonl")); /* despite its name */
	struct said said = REPORT(temp, "-F", "json", "-o", folded, "--output", text_path,
				  "--format=text", path);

	assert_int_equal(said.status, 0);
	assert_string_equal(said.err, "");
	text = read_text(path);
	assert_string_equal(said.out, text);
	free(text);
	text = read_text(folded);
	assert_non_null(strstr(text, ";[sleep] 5077000\n"));
	free(text);
	text = read_text(text_path);
	assert_int_equal(strncmp(text, "recorded ", 9), 0);
	free(text);
	said_free(&said);
	said = REPORT(temp, "--stalls-only", "-F", "folded", path);
	assert_non_null(strstr(said.out, ";[sleep] 5000000\n"));
	said_free(&said);
	said = REPORT(temp, "--width", "321", "-F", "svg", path);
	assert_non_null(strstr(said.out, " viewBox=\"0 0 321 "));
	said_free(&said);
	said = REPORT(temp, "-F", "folded", "-o", "-", path);
	assert_non_null(strstr(said.out, ";[sleep] 5077000\n"));
	said_free(&said);
	free(path);
	free(folded);
	free(text_path);
}

static void recordings_are_read_in_turn(void **state)
{
	char *path = recording(*state, "a.jsonl");
	struct said said = REPORT(*state, "-F", "folded", path, path);

	/* Twice the same time. */
	assert_int_equal(said.status, 0);
	assert_non_null(strstr(said.out, ";[sleep] 10154000\n"));
	said_free(&said);
	said = REPORT(*state, path, "/nonexistent.jsonl");
	assert_fails(said, 1, "cannot read /nonexistent.jsonl: No such file");
	free(path);
}

static void wrong_usage_is_2(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl");

	assert_fails(report(temp, NULL, (const char *const[]){ NULL }), 2, "no recording is given");
	assert_fails(REPORT(temp, "-x", path), 2, "unknown option -x");
	assert_fails(REPORT(temp, "--nonsense", path), 2, "--nonsense");
	assert_fails(REPORT(temp, "--stalls-only=7", path), 2, "--stalls-only=7");
	assert_fails(REPORT(temp, "--width", "299", path), 2, "from 300 to 20000");
	assert_fails(REPORT(temp, "--width", "wide", path), 2, "--width 'wide'");
	assert_fails(REPORT(temp, path, "-o"), 2, "-o needs a value");
	assert_fails(REPORT(temp, "-F", "xml", path), 2, "cannot use -F 'xml'");
	assert_fails(REPORT(temp, "-o", "x.unknown", path), 2, "x.unknown");
	assert_fails(REPORT(temp, "-o", "-", "-o", "-", path), 2, "twice");
	/* A recording that is to be read is not overwritten. */
	assert_fails(REPORT(temp, "-o", path, path), 2, "write elsewhere");
	assert_true(access(path, F_OK) == 0);
	free(path);
}

static void what_is_no_recording_is_1(void **state)
{
	struct temp *temp = *state;
	char *path = strdup(temp_path(temp, "a.jsonl")), *kept = recording(temp, "b.jsonl");
	char *text;

	write_text(path, "");
	assert_fails(REPORT(temp, path), 1, "it holds no records");
	write_text(path, "\x89PNG\n\x1a\n");
	assert_fails(REPORT(temp, path), 1, "it holds no records");
	assert_fails(REPORT(temp, temp->directory), 1, "Is a directory");
	/* An output that is there stays as it was when there is nothing to read. */
	assert_fails(REPORT(temp, "-o", kept, "/nonexistent.jsonl"), 1, "No such file");
	text = read_text(kept);
	assert_true(strlen(text) > 0);
	free(text);
	free(path);
	free(kept);
}

static void bad_lines_are_reported(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl");
	FILE *file = fopen(path, "a");
	struct said said;

	fputs("{\"type\":\"aurora\"}\n{\"type\":\"stall\",\"ti", file);
	fclose(file);
	said = REPORT(temp, "-F", "folded", path);
	assert_int_equal(said.status, 0);
	assert_non_null(strstr(said.err, "left out 1 line that is cut or damaged"));
	assert_non_null(strstr(
		said.err, "left out 1 line of a type that a dump or a later blockprof writes"));
	assert_true(strlen(said.out) > 0);
	said_free(&said);
	said = REPORT(temp, "-q", "-F", "folded", path);
	assert_string_equal(said.err, "");
	said_free(&said);
	free(path);
}

static void unwritable_output_is_1(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl");

	assert_fails(REPORT(temp, "-o", "/nonexistent/x.folded", path), 1,
		     "cannot write /nonexistent/x.folded: No such file or directory; ");
	assert_fails(report(temp, "/dev/full", (const char *const[]){ path, NULL }), 1,
		     "cannot write standard output: No space left on device; ");
	assert_fails(REPORT(temp, "-o", "/dev/full", "-F", "json", path), 1,
		     "cannot write /dev/full: No space left on device; ");
	free(path);
}

/* blockprof report FILE | head */
static void reader_that_had_enough_is_no_error(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl");
	char *argv[] = { (char *)"report", path, NULL };
	int ends[2], kept_out = dup(STDOUT_FILENO), kept_err, status;
	char *text;

	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	fflush(stdout);
	kept_err = redirect(STDERR_FILENO, temp_path(temp, "stderr"));
	assert_true(dup2(ends[1], STDOUT_FILENO) >= 0);
	close(ends[1]);
	status = cmd_report(2, argv);
	restore(STDOUT_FILENO, kept_out);
	restore(STDERR_FILENO, kept_err);
	assert_int_equal(status, 0);
	text = read_text(temp_path(temp, "stderr"));
	assert_string_equal(text, "");
	free(text);
	free(path);
}

static void help_is_given(void **state)
{
	struct said said = REPORT(*state, "--help");
	char names[OUTPUT_NAMES_BYTES];

	assert_int_equal(said.status, 0);
	assert_string_equal(said.err, "");
	assert_int_equal(strncmp(said.out, "usage: blockprof report ", 24), 0);
	assert_non_null(strstr(said.out, output_format_names(false, names)));
	said_free(&said);
}

static void standard_input_can_be_read(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl.gz");
	int kept = dup(STDIN_FILENO), file = open(path, O_RDONLY);
	struct said said;

	assert_true(kept >= 0 && file >= 0);
	assert_true(dup2(file, STDIN_FILENO) >= 0);
	close(file);
	said = REPORT(temp, "-F", "folded", "-");
	restore(STDIN_FILENO, kept);
	assert_int_equal(said.status, 0);
	assert_non_null(strstr(said.out, ";[sleep] 5077000\n"));
	said_free(&said);
	free(path);
}

static void redacted_is_a_recording(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl"), *other = strdup(temp_path(temp, "b.jsonl"));
	struct said said = REPORT(temp, "--redact", path);

	assert_int_equal(said.status, 0);
	assert_string_equal(said.err, "");
	assert_null(strstr(said.out, "5432"));
	assert_null(strstr(said.out, "rates-3"));
	assert_non_null(strstr(said.out, "\"postgres\""));
	write_text(other, said.out);
	said_free(&said);
	/* it can be reported on, and is the same but for what is hidden */
	said = REPORT(temp, other);
	assert_int_equal(said.status, 0);
	assert_string_equal(said.err, "");
	assert_non_null(strstr(said.out, "352 ms in execute (app/db.py:41): socket"));
	said_free(&said);
	/* rules are tried on what is there, not on what is written */
	said = REPORT(temp, "--redact", "--ignore", "target:5432", path);
	assert_null(strstr(said.out, "\"4242-17\""));
	assert_null(strstr(said.out, "target:"));
	said_free(&said);
	assert_fails(REPORT(temp, "--redact", "-F", "text", path), 2, "cannot redact text: ");
	assert_fails(REPORT(temp, "--redact", "-o", "x.folded", path), 2, "cannot redact folded: ");
	free(path);
	free(other);
}

static void a_part_is_reported(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl");
	struct said said = REPORT(temp, "-F", "folded", "--stalls-only", "--since",
				  "2024-05-01T12:00:14Z", path);

	/* the sleep is over at 13 s; the last stall has begun at 20 s */
	assert_int_equal(said.status, 0);
	assert_null(strstr(said.out, ";[sleep]"));
	assert_non_null(strstr(said.out, ";[gil]"));
	assert_non_null(strstr(said.err, "turns, idle time and percentiles are not"));
	said_free(&said);
	said = REPORT(temp, "-F", "folded", "--stalls-only", "--until", "-10s", path);
	assert_non_null(strstr(said.out, ";[sleep]"));
	assert_null(strstr(said.out, ";[gil]"));
	said_free(&said);
	said = REPORT(temp, "--loops", "^nothing$", "-F", "folded", path);
	assert_string_equal(said.out, "");
	said_free(&said);
	said = REPORT(temp, "--without", "do_io", "--without", "nobody", path);
	assert_null(strstr(said.out, "5.0 s in do_io"));
	assert_non_null(strstr(said.out, "352 ms in execute"));
	assert_non_null(strstr(said.err, "1 of 3 stalls would have been none, and 5.0 s less"));
	assert_non_null(strstr(said.err, "not known: how long each turn under 100 ms was"));
	assert_non_null(strstr(said.err, "--without 'nobody' matched nothing"));
	said_free(&said);
	assert_fails(REPORT(temp, "--since", "noon", path), 2, "cannot use --since 'noon'");
	assert_fails(REPORT(temp, "--loops", "(", path), 2, "cannot use --loops '('");
	assert_fails(REPORT(temp, "--without", "fn:", path), 2, "cannot use --without 'fn:'");
	assert_fails(REPORT(temp, "--since", "-5m", "-"), 1, "standard input");
	free(path);
}

static void recordings_are_compared(void **state)
{
	struct temp *temp = *state;
	char *path = recording(temp, "a.jsonl"), *other = strdup(temp_path(temp, "b.jsonl"));
	struct said said = REPORT(temp, "-F", "json", "--without", "do_io", path);

	write_text(other, said.out);
	said_free(&said);
	said = REPORT(temp, "--diff", path, other);
	assert_int_equal(said.status, 0);
	assert_string_equal(said.err, "");
	assert_non_null(strstr(said.out, "\ngone      do_io (bad.py): sleep, "));
	assert_non_null(strstr(said.out, "too short to tell from chance"));
	said_free(&said);
	said = REPORT(temp, "--diff", other, "-F", "folded", path);
	assert_non_null(strstr(said.out, "do_io (bad.py);clock_nanosleep;hrtimer_nanosleep_[k];"
					 "[sleep] 0 "));
	said_free(&said);
	said = REPORT(temp, "--diff", path, "--without", "do_io", "-F", "json", path);
	assert_null(strstr(said.out, "\"change\":\"gone\""));
	said_free(&said);
	assert_fails(REPORT(temp, "--diff", path), 2, "no recording is given");
	assert_fails(REPORT(temp, "--diff", "/nonexistent.jsonl", path), 1, "/nonexistent.jsonl");
	assert_fails(REPORT(temp, "--diff", path, "-o", path, "-F", "json", other), 2,
		     "write elsewhere");
	assert_fails(REPORT(temp, "--diff", path, "--redact", other), 2, "cannot redact");
	assert_fails(REPORT(temp, "--diff", path, "--match", "a", other), 2, "cannot compare");
	free(path);
	free(other);
}

/* The same loop's number on two machines. */
static void hosts_are_told_apart(void **state)
{
	struct temp *temp = *state;
	char *path = strdup(temp_path(temp, "a.jsonl")),
	     *other = strdup(temp_path(temp, "b.jsonl"));
	const char *const paths[] = { path, other };
	const char *const hosts[] = { "web1", "web2" }, *const names[] = { "python3", "node" };
	struct said said;

	for (size_t i = 0; i < 2; i++) {
		struct output *output = open_output("json", paths[i], NULL);
		struct start_record start = { AT(0), .host = hosts[i], .threshold_ns = 100 * MS };
		struct stall_record stall = sleep_stall(i == 0, 5 * S);
		struct exit_record exited = { AT(23), .pid = 4242 };

		strcpy(stall.id.comm, names[i]);
		output_start(output, &start);
		/* the first one never ends: the second is not its end */
		feed_stall(output, stall);
		output_exit(output, &exited);
		assert_int_equal(output_close(output), 0);
	}
	said = REPORT(temp, "-F", "folded", path, other);
	assert_int_equal(strncmp(said.out, "web1;python3[4242];python3[4242];Task-7;", 40), 0);
	assert_non_null(strstr(said.out, "\nweb2;node[4242];node[4242];Task-7;"));
	said_free(&said);
	said = REPORT(temp, "-F", "speedscope", path, other);
	assert_non_null(strstr(said.out, "\"web1 python3[4242] asyncio\""));
	assert_non_null(strstr(said.out, "\"web2 node[4242] asyncio\""));
	said_free(&said);
	/* of one machine it says no more than who was watched */
	said = REPORT(temp, "-F", "folded", other, other);
	assert_int_equal(strncmp(said.out, "node[4242];node[4242];", 22), 0);
	assert_non_null(strstr(said.out, " 10000000\n"));
	said_free(&said);
	said = REPORT(temp, path, other);
	assert_non_null(strstr(said.out, "python3[4242] ended"));
	assert_non_null(strstr(said.out, "node[4242] ended"));
	said_free(&said);
	free(path);
	free(other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_goes_to_stdout),
		TEST(formats_follow_their_outputs),
		TEST(recordings_are_read_in_turn),
		TEST(wrong_usage_is_2),
		TEST(what_is_no_recording_is_1),
		TEST(bad_lines_are_reported),
		TEST(unwritable_output_is_1),
		TEST(reader_that_had_enough_is_no_error),
		TEST(help_is_given),
		TEST(standard_input_can_be_read),
		TEST(redacted_is_a_recording),
		TEST(a_part_is_reported),
		TEST(recordings_are_compared),
		TEST(hosts_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
