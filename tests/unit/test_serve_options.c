// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of `blockprof serve`, together with the file of options. */
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "cli/serve_options.h"
#include "output/ignore.h"

#define ARGS_MAX 16

static char said[4096]; /* on standard error, by the parse before */

/* Arguments, ended by NULL; serve_options_free() what comes of them. */
static int parse(struct serve_options *options, ...)
{
	static char *argv[ARGS_MAX];
	int saved = dup(STDERR_FILENO), file = memfd_create("stderr", MFD_CLOEXEC), argc = 0, err;
	va_list args;
	ssize_t nr;

	argv[argc++] = (char *)"serve";
	va_start(args, options);
	while ((argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);
	assert_true(saved >= 0 && file >= 0);
	dup2(file, STDERR_FILENO);
	err = serve_options_parse(options, argc, argv);
	dup2(saved, STDERR_FILENO);
	close(saved);
	nr = pread(file, said, sizeof(said) - 1, 0);
	assert_true(nr >= 0);
	said[nr] = 0;
	close(file);
	return err;
}

static void what_holds_without_options(void **state)
{
	struct serve_options options;

	(void)state;
	unsetenv("STATE_DIRECTORY");
	assert_int_equal(parse(&options, NULL), 0);
	assert_string_equal(options.state_dir, "/var/lib/blockprof");
	assert_int_equal(options.keep_bytes, 256 << 20);
	assert_int_equal(options.scope.threshold_ns, 100 * MS);
	serve_options_free(&options);

	setenv("STATE_DIRECTORY", "/srv/state", 1);
	assert_int_equal(parse(&options, NULL), 0);
	assert_string_equal(options.state_dir, "/srv/state");
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--state-dir", "/x", NULL), 0);
	assert_string_equal(options.state_dir, "/x");
	serve_options_free(&options);
	unsetenv("STATE_DIRECTORY");
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes; /* 0: refused */
	} cases[] = {
		{ "500M", 500ull << 20 },
		{ "2G", 2ull << 30 },
		{ "1024K", 1 << 20 },
		{ "1T", 1ull << 40 },
		{ "7", 7 << 20 },
		{ "1", 1 << 20 },
		{ "1023K", 0 },
		{ "0", 0 },
		{ "", 0 },
		{ "M", 0 },
		{ "1MB", 0 },
		{ "1m", 0 },
		{ "-1M", 0 },
		{ "1.5G", 0 },
		{ "99999999999999999999", 0 },
		{ "99999999999999T", 0 },
		{ " 1M", 0 },
		{ "5 M", 0 },
	};

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		struct serve_options options;
		int err = parse(&options, "--keep", cases[i].text, NULL);

		assert_int_equal(err, cases[i].bytes ? 0 : -EINVAL);
		if (!err)
			assert_int_equal(options.keep_bytes, cases[i].bytes);
		else
			assert_non_null(strstr(said, "as a size to keep"));
		serve_options_free(&options);
	}
}

static void the_file_comes_first_and_the_command_line_has_the_last_word(void **state)
{
	const char *path = temp_path(*state, "a.txt");
	struct serve_options options;

	write_text(path, "BLOCKPROF_OPTIONS=\"-t 50ms -v --state-dir '/a b' --stalls-only\"\n");
	assert_int_equal(parse(&options, "--defaults", path, "-v", "--keep", "3M", NULL), 0);
	assert_int_equal(options.scope.threshold_ns, 50 * MS);
	assert_int_equal(options.usage.verbosity, 2);
	assert_string_equal(options.state_dir, "/a b");
	assert_int_equal(options.keep_bytes, 3 << 20);
	assert_true(options.stalls_only);
	serve_options_free(&options);
	assert_int_equal(parse(&options, "-t", "70ms", "--defaults", path, NULL), 0);
	assert_int_equal(options.scope.threshold_ns, 70 * MS);
	serve_options_free(&options);
}

static void choices_of_the_file_are_not_doubled(void **state)
{
	const char *path = temp_path(*state, "a.txt");
	struct serve_options options;

	write_text(path, "BLOCKPROF_OPTIONS=\"--ignore fn:one --no-advice\"\n");
	assert_int_equal(parse(&options, "--defaults", path, "--ignore", "two", "--advice", NULL),
			 0);
	assert_string_equal(ignore_unused(options.choice.ignore, 0), "fn:one");
	assert_string_equal(ignore_unused(options.choice.ignore, 1), "two");
	assert_null(ignore_unused(options.choice.ignore, 2));
	assert_false(options.choice.no_advice);
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--defaults", path, NULL), 0);
	assert_true(options.choice.no_advice);
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--match", "a(b", NULL), -EINVAL);
	assert_non_null(strstr(said, "at offset 3"));
	serve_options_free(&options);
}

static void wrong_use_is_reported(void **state)
{
	const char *path = temp_path(*state, "a.txt");
	struct serve_options options;

	assert_int_equal(parse(&options, "-p", "1", NULL), -EINVAL);
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--listen-on", "127.0.0.1:1", NULL), -EINVAL);
	serve_options_free(&options);
	assert_int_equal(parse(&options, "x", NULL), -EINVAL);
	assert_non_null(strstr(said, "cannot use 'x': serve takes options only"));
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--state-dir", "here", NULL), -EINVAL);
	assert_non_null(strstr(said, "'here'"));
	serve_options_free(&options);
	write_text(path, "BLOCKPROF_OPTIONS=\"-t 50ms\n");
	assert_int_equal(parse(&options, "--defaults", path, NULL), -EINVAL);
	assert_non_null(strstr(said, "line 1"));
	serve_options_free(&options);
	write_text(path, "BLOCKPROF_OPTIONS=\"--nonsense\"\n");
	assert_int_equal(parse(&options, "--defaults", path, NULL), -EINVAL);
	assert_non_null(strstr(said, "--nonsense"));
	assert_non_null(strstr(said, path));
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--defaults", "/dev/null/x", NULL), -ENOTDIR);
	serve_options_free(&options);
}

static void where_http_is_answered(void **state)
{
	struct serve_options options;

	(void)state;
	assert_int_equal(parse(&options, NULL), 0);
	assert_null(options.listen);
	assert_int_equal(options.nr_hosts, 0);
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--listen", "[::1]:80", "--allow-host", "a.example",
			       "--allow-host", "b.example", NULL),
			 0);
	assert_string_equal(options.listen, "[::1]:80");
	assert_int_equal(options.nr_hosts, 2);
	assert_string_equal(options.hosts[1], "b.example");
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--listen", "80", NULL), -EINVAL);
	assert_non_null(strstr(said, "ADDR:PORT"));
	serve_options_free(&options);
	assert_int_equal(parse(&options, "--allow-host", "a.example:80", NULL), -EINVAL);
	serve_options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_holds_without_options),
		cmocka_unit_test(where_http_is_answered),
		cmocka_unit_test(sizes),
		cmocka_unit_test_setup_teardown(
			the_file_comes_first_and_the_command_line_has_the_last_word, temp_setup,
			temp_teardown),
		cmocka_unit_test_setup_teardown(choices_of_the_file_are_not_doubled, temp_setup,
						temp_teardown),
		cmocka_unit_test_setup_teardown(wrong_use_is_reported, temp_setup, temp_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
