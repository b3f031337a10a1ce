// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of `blockprof [watch]`: what each option sets, and what is said of wrong ones. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/strings.h"
#include "cli/options.h"
#include "output/ignore.h"
#include "stall/engine.h"
#include "stall/loops/filter.h"

#define MS 1000000ull
#define S  1000000000ull

#define ARGS_MAX 128

struct parsed {
	struct watch_options options;
	char *argv[ARGS_MAX];
	int argc;
	int result;
	char said[2048]; /* on standard error */
};

static void run(struct parsed *parsed)
{
	int saved = dup(STDERR_FILENO), said = memfd_create("stderr", MFD_CLOEXEC);
	ssize_t nr;

	assert_true(saved >= 0 && said >= 0);
	dup2(said, STDERR_FILENO);
	parsed->result = watch_options_parse(&parsed->options, parsed->argc, parsed->argv);
	dup2(saved, STDERR_FILENO);
	close(saved);
	nr = pread(said, parsed->said, sizeof(parsed->said) - 1, 0);
	assert_true(nr >= 0);
	parsed->said[nr] = 0;
	close(said);
}

/* Arguments, ended by NULL. */
static void parse(struct parsed *parsed, ...)
{
	va_list args;
	char *arg;

	memset(parsed, 0, sizeof(*parsed));
	parsed->argv[parsed->argc++] = "blockprof";
	va_start(args, parsed);
	while ((arg = va_arg(args, char *))) {
		assert_true(parsed->argc < ARGS_MAX - 1);
		parsed->argv[parsed->argc++] = arg;
	}
	va_end(args);
	run(parsed);
}

static void done(struct parsed *parsed)
{
	watch_options_free(&parsed->options);
}

#define GOOD(parsed, ...)                                \
	do {                                             \
		parse(parsed, ##__VA_ARGS__, NULL);      \
		assert_int_equal((parsed)->result, 0);   \
		assert_string_equal((parsed)->said, ""); \
	} while (0)

/* Wrong usage: one line that has this text in it. */
#define WRONG(text, ...)                                                    \
	do {                                                                \
		struct parsed refused;                                      \
                                                                            \
		parse(&refused, __VA_ARGS__, NULL);                         \
		assert_int_equal(refused.result, -EINVAL);                  \
		assert_true(starts_with(refused.said, "blockprof: "));      \
		assert_ptr_equal(strchr(refused.said, '\n'),                \
				 refused.said + strlen(refused.said) - 1);  \
		if (!strstr(refused.said, text))                            \
			fail_msg("'%s' is not in: %s", text, refused.said); \
		done(&refused);                                             \
	} while (0)

static void test_defaults(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed);
	assert_int_equal(parsed.options.scope.nr_pids, 0);
	assert_null(parsed.options.command);
	assert_int_equal(parsed.options.scope.threshold_ns, 100 * MS);
	assert_int_equal(parsed.options.scope.duration_ns, 0);
	assert_false(parsed.options.scope.follow || parsed.options.scope.all_threads ||
		     parsed.options.fail || parsed.options.usage.help ||
		     parsed.options.usage.version);
	assert_false(parsed.options.output.stalls_only || parsed.options.output.all_threads ||
		     parsed.options.output.unfold);
	assert_true(parsed.options.output.live);
	assert_int_equal(parsed.options.scope.nr_overrides, 0);
	assert_int_equal(parsed.options.usage.verbosity, 0);
	assert_int_equal(parsed.options.outputs.nr, 1);
	assert_string_equal(parsed.options.outputs.v[0].path, "-");
	assert_string_equal(parsed.options.outputs.v[0].format->name, "text");
	done(&parsed);
}

static void test_flags(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "-f", "--stalls-only", "--width", "800", "--max-size", "2G", "--all-threads",
	     "--fail", "--match", "a|b", "--on-stall", "cat", "-q", "-q");
	assert_true(parsed.options.scope.follow);
	assert_true(parsed.options.output.stalls_only);
	assert_int_equal(parsed.options.output.picture_width, 800);
	assert_true(parsed.options.max_bytes == 2ull << 30);
	assert_true(parsed.options.scope.all_threads);
	assert_true(parsed.options.output.all_threads);
	assert_true(parsed.options.fail);
	assert_non_null(parsed.options.choice.match);
	assert_ptr_equal(parsed.options.output.match, parsed.options.choice.match);
	assert_string_equal(parsed.options.on_stall, "cat");
	assert_int_equal(parsed.options.usage.verbosity, -2);
	assert_false(parsed.options.output.unfold);
	done(&parsed);

	GOOD(&parsed, "--follow", "-vv");
	assert_true(parsed.options.scope.follow);
	assert_int_equal(parsed.options.usage.verbosity, 2);
	assert_true(parsed.options.output.unfold);
	done(&parsed);

	GOOD(&parsed, "--quiet", "--verbose", "-fv");
	assert_true(parsed.options.scope.follow);
	assert_int_equal(parsed.options.usage.verbosity, 1);
	done(&parsed);
}

/* Neither asks for anything else to make sense. */
static void test_help_and_version(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "-h", "-p", "none");
	assert_true(parsed.options.usage.help);
	done(&parsed);
	GOOD(&parsed, "--help");
	assert_true(parsed.options.usage.help);
	done(&parsed);
	GOOD(&parsed, "-V");
	assert_true(parsed.options.usage.version);
	done(&parsed);
	GOOD(&parsed, "--version", "nonsense");
	assert_true(parsed.options.usage.version);
	done(&parsed);
}

static void test_help_names_every_option(void **state)
{
	static const char *const options[] = {
		"-p, --pid",	  "-f, --follow",    "-t, --threshold", "-d, --duration",
		"-o, --output",	  "-F, --format",    "--stalls-only",	"--all-threads",
		"--loop TID:fd",  "--loop TID:none", "--fail",		"-q, --quiet",
		"--width PIXELS", "--max-size SIZE", "-v, --verbose",	"-V, --version",
		"-h, --help",	  "-- COMMAND",
	};
	int saved = dup(STDOUT_FILENO), said = memfd_create("stdout", MFD_CLOEXEC);
	static char text[8192];
	struct parsed parsed;
	ssize_t nr;

	(void)state;
	GOOD(&parsed, "--help");
	fflush(stdout);
	dup2(said, STDOUT_FILENO);
	watch_options_answer(&parsed.options);
	done(&parsed);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	nr = pread(said, text, sizeof(text) - 1, 0);
	close(said);
	assert_true(nr > 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!strstr(text, options[i]))
			fail_msg("--help lacks '%s'", options[i]);
	assert_null(strchr(text, '%'));
}

static void test_pids(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "-p", "1,22,333", "--pid=4444", "-p22", "--pid", "5");
	assert_int_equal(parsed.options.scope.nr_pids, 5); /* 22 once */
	assert_int_equal(parsed.options.scope.pids[0], 1);
	assert_int_equal(parsed.options.scope.pids[1], 22);
	assert_int_equal(parsed.options.scope.pids[2], 333);
	assert_int_equal(parsed.options.scope.pids[3], 4444);
	assert_int_equal(parsed.options.scope.pids[4], 5);
	done(&parsed);
	GOOD(&parsed, "-p", "2147483647");
	assert_int_equal(parsed.options.scope.pids[0], INT_MAX);
	done(&parsed);
}

/* There is no limit like perf's or bcc's 30. */
static void test_many_pids(void **state)
{
	char list[4096] = "", *end = list, single[50][16];
	struct parsed parsed;

	(void)state;
	for (int pid = 1; pid <= 500; pid++)
		end += sprintf(end, "%s%d", pid > 1 ? "," : "", pid);
	GOOD(&parsed, "-p", list);
	assert_int_equal(parsed.options.scope.nr_pids, 500);
	for (int i = 0; i < 500; i++)
		assert_int_equal(parsed.options.scope.pids[i], i + 1);
	done(&parsed);

	memset(&parsed, 0, sizeof(parsed));
	parsed.argv[parsed.argc++] = "blockprof";
	for (int i = 0; i < 50; i++) {
		sprintf(single[i], "%d", 1000 + i);
		parsed.argv[parsed.argc++] = "-p";
		parsed.argv[parsed.argc++] = single[i];
	}
	run(&parsed);
	assert_int_equal(parsed.result, 0);
	assert_int_equal(parsed.options.scope.nr_pids, 50);
	assert_int_equal(parsed.options.scope.pids[49], 1049);
	done(&parsed);
}

static void test_wrong_pids(void **state)
{
	static const char *const wrong[] = { "",     "0",    "-1",
					     "abc",  "1x",   "1,",
					     ",1",   "1,,2", "1 2",
					     " 1",   "+1",   "2147483648",
					     "0x10", "1.5",  "99999999999999999999",
					     "1;2",  "self" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		WRONG("that is no process id", "-p", wrong[i]);
	/* what a target's name may bring along does not reach the terminal */
	WRONG("\\x1b", "-p", "\x1b[31m1");
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t threshold_ns, duration_ns;
	} times[] = {
		{ "5", 5 * MS, 5 * S },		  { "100ms", 100 * MS, 100 * MS },
		{ "1.5s", 1500 * MS, 1500 * MS }, { "500us", MS / 2, MS / 2 },
		{ "100us", MS / 10, MS / 10 },	  { "0.5", MS / 2, S / 2 },
		{ "1h", 3600 * S, 3600 * S },	  { "2m", 120 * S, 120 * S },
		{ "200000ns", MS / 5, MS / 5 },
	};
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		GOOD(&parsed, "-t", times[i].text, "-d", times[i].text);
		assert_int_equal(parsed.options.scope.threshold_ns, times[i].threshold_ns);
		assert_int_equal(parsed.options.scope.duration_ns, times[i].duration_ns);
		done(&parsed);
	}
	GOOD(&parsed, "--threshold=3ms", "--duration", "1ns");
	assert_int_equal(parsed.options.scope.threshold_ns, 3 * MS);
	assert_int_equal(parsed.options.scope.duration_ns, 1);
	done(&parsed);
}

static void test_wrong_times(void **state)
{
	static const char *const none[] = { "",	   "abc",   "5x",   "ms", "-5",
					    "1e3", "1.5.5", "5 ms", "1s2" };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		WRONG("as threshold: that is no time", "-t", none[i]);
		WRONG("as duration: that is no time", "-d", none[i]);
	}
	WRONG("give 100us to 1h", "-t", "0");
	WRONG("give 100us to 1h", "-t", "99us");
	WRONG("give 100us to 1h", "-t", "61m");
	WRONG("give 100us to 1h", "-t", "99999999999999999999h");
	WRONG("out of range", "-d", "0");
	WRONG("out of range", "-d", "9999999h");
	WRONG("out of range", "-d", "99999999999999999999");
}

static void test_loops(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "--loop", "12:fd=5", "--loop=13:none", "--loop", "14:fd=0");
	assert_int_equal(parsed.options.scope.nr_overrides, 3);
	assert_int_equal(parsed.options.scope.overrides[0].tid, 12);
	assert_int_equal(parsed.options.scope.overrides[0].fd, 5);
	assert_int_equal(parsed.options.scope.overrides[1].tid, 13);
	assert_int_equal(parsed.options.scope.overrides[1].fd, -1);
	assert_int_equal(parsed.options.scope.overrides[2].tid, 14);
	assert_int_equal(parsed.options.scope.overrides[2].fd, 0);
	done(&parsed);
}

static void test_wrong_loops(void **state)
{
	static const char *const wrong[] = { "",
					     "12",
					     "12:",
					     ":none",
					     "12:fd",
					     "12:fd=",
					     "12:fd=x",
					     "12:fd=-1",
					     "0:none",
					     "-1:none",
					     "x:none",
					     "12:nonee",
					     "12:None",
					     "12:fd=1:none",
					     "12:fd=2147483648",
					     "2147483648:none",
					     "12 :none" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		WRONG("write TID:fd=N or TID:none", "--loop", wrong[i]);
}

static void test_filters(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "-c", "^nginx$", "--comm=a|b", "-u", "web", "--unit", "db.service",
	     "--cgroup", "/a");
	assert_string_equal(filter_text(parsed.options.scope.filter, FILTER_COMM, 0), "^nginx$");
	assert_string_equal(filter_text(parsed.options.scope.filter, FILTER_COMM, 1), "a|b");
	assert_string_equal(filter_text(parsed.options.scope.filter, FILTER_UNIT, 0), "web");
	assert_string_equal(filter_text(parsed.options.scope.filter, FILTER_UNIT, 1), "db.service");
	assert_string_equal(filter_text(parsed.options.scope.filter, FILTER_CGROUP, 0), "/a");
	done(&parsed);
	GOOD(&parsed, "-p", "1");
	assert_true(filter_is_empty(parsed.options.scope.filter));
	done(&parsed);
	WRONG("cannot use --comm '('", "-c", "(");
	WRONG("cannot use --unit 'a/b': a unit's name has no slash", "-u", "a/b");
	WRONG("cannot use --cgroup '': it is empty", "--cgroup", "");
	WRONG("without -p and COMMAND", "-c", "x", "-p", "1");
	WRONG("without -p and COMMAND", "-u", "x", "--", "true");
	WRONG("without -p and COMMAND", "--cgroup", "/x", "-p", "1");
	WRONG("-c needs a value", "-c");
}

static void test_command(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "-t", "5", "--", "python3", "-c", "pass", "--", "-p", "7");
	assert_non_null(parsed.options.command);
	assert_ptr_equal(parsed.options.command, parsed.argv + 4);
	assert_string_equal(parsed.options.command[0], "python3");
	assert_string_equal(parsed.options.command[1], "-c"); /* its options are its own */
	assert_null(parsed.options.command[6]);
	assert_true(parsed.options.scope.follow);
	assert_int_equal(parsed.options.scope.nr_pids, 0);
	done(&parsed);

	GOOD(&parsed, "--", "-x");
	assert_string_equal(parsed.options.command[0], "-x");
	done(&parsed);
	GOOD(&parsed, "--", "--");
	assert_string_equal(parsed.options.command[0], "--");
	done(&parsed);
}

static void test_wrong_command(void **state)
{
	(void)state;
	WRONG("blockprof -- python3", "python3", "-c", "pass");
	WRONG("blockprof -- top", "-t", "5", "top");
	WRONG("no COMMAND is after --", "--");
	WRONG("no COMMAND is after --", "-p", "1", "--");
	WRONG("do not go together", "-p", "1", "--", "true");
	/* here -- is the file's name */
	WRONG("blockprof -- true", "-F", "json", "-o", "--", "true");
}

static void test_outputs(void **state)
{
	struct parsed parsed;

	(void)state;
	GOOD(&parsed, "-o", "a.jsonl", "-o", "b", "-F", "folded", "--output=-", "-o",
	     "c.folded.gz");
	assert_int_equal(parsed.options.outputs.nr, 4);
	assert_string_equal(parsed.options.outputs.v[0].format->name, "json");
	assert_string_equal(parsed.options.outputs.v[1].path, "b");
	assert_string_equal(parsed.options.outputs.v[1].format->name, "folded");
	assert_string_equal(parsed.options.outputs.v[2].format->name, "text");
	assert_string_equal(parsed.options.outputs.v[3].format->name, "folded");
	done(&parsed);

	GOOD(&parsed, "--format", "json");
	assert_int_equal(parsed.options.outputs.nr, 1);
	assert_string_equal(parsed.options.outputs.v[0].path, "-");
	assert_string_equal(parsed.options.outputs.v[0].format->name, "json");
	done(&parsed);

	WRONG("cannot use -F 'xml'", "-F", "xml");
	WRONG("two -o name it", "-o", "a.jsonl", "-o", "a.jsonl");
	WRONG("no format has this suffix", "-o", "a.unknown");
}

static void test_wrong_options(void **state)
{
	(void)state;
	WRONG("unknown option -x", "-x");
	WRONG("unknown option -x", "--fail", "-qx");
	WRONG("wrong option --no-such-thing", "--no-such-thing");
	WRONG("wrong option --fail=yes", "--fail=yes");
	WRONG("wrong option --follow=yes", "--follow=yes");
	WRONG("wrong option --fo", "--fo"); /* --follow or --format */
	WRONG("-p needs a value", "-p");
	WRONG("--threshold needs a value", "--threshold");
	WRONG("--loop needs a value", "--loop");
}

static void test_choice(void **state)
{
	char path[] = "/tmp/blockprof-test-XXXXXX";
	static const char rules[] = "# known\nfn:^a$\n";
	struct parsed parsed;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, rules, sizeof(rules) - 1), sizeof(rules) - 1);
	GOOD(&parsed, "-p", "1");
	assert_null(parsed.options.choice.ignore);
	assert_false(parsed.options.choice.no_advice);
	done(&parsed);
	GOOD(&parsed, "--ignore", "x", "--ignore", "file:y", "--ignore-file", path, "--no-advice");
	assert_string_equal(ignore_unused(parsed.options.choice.ignore, 0), "x");
	assert_string_equal(ignore_unused(parsed.options.choice.ignore, 1), "file:y");
	assert_string_equal(ignore_unused(parsed.options.choice.ignore, 2), "fn:^a$");
	assert_null(ignore_unused(parsed.options.choice.ignore, 3));
	assert_true(parsed.options.choice.no_advice);
	done(&parsed);
	GOOD(&parsed, "--no-advice", "--advice");
	assert_false(parsed.options.choice.no_advice);
	done(&parsed);
	WRONG("at offset 3", "--match", "a(b");
	WRONG("at offset 1", "-c", "(");
	WRONG("at offset 1", "--ignore", "fn:(");
	WRONG("it is empty", "--ignore", "");
	WRONG("it is empty", "--ignore", "cause:");
	assert_int_equal(write(fd, "[\n", 2), 2);
	WRONG("line 3 of /tmp/blockprof-test", "--ignore-file", path);
	close(fd);
	unlink(path);
	parse(&parsed, "--ignore-file", path, NULL);
	assert_int_equal(parsed.result, -ENOENT);
	assert_non_null(strstr(parsed.said, "cannot read the rules"));
	done(&parsed);
}

/* Nothing of one call is left for the next. */
static void test_again(void **state)
{
	struct parsed parsed;

	(void)state;
	WRONG("unknown option -x", "-fx", "-p", "1");
	GOOD(&parsed, "-p", "1");
	assert_int_equal(parsed.options.scope.nr_pids, 1);
	assert_false(parsed.options.scope.follow);
	done(&parsed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_help_names_every_option),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_many_pids),
		cmocka_unit_test(test_wrong_pids),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_wrong_times),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_wrong_loops),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_wrong_command),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
