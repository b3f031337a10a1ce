/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - the interpreters that are installed, and Python programs run by them for a test to look at. */
#ifndef BLOCKPROF_TESTS_UNIT_PYTHON_TARGET_H
#define BLOCKPROF_TESTS_UNIT_PYTHON_TARGET_H

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/python/python.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

#define REPORT_LINES_MAX 4096
#define FIELDS_MAX	 6

/* One test for each version that can be read, and the system's own interpreter. */
#define EACH_PYTHON(test)                                                   \
	{ #test " 3.8", test, NULL, target_stop, (void *)"3.8" },           \
		{ #test " 3.9", test, NULL, target_stop, (void *)"3.9" },   \
		{ #test " 3.10", test, NULL, target_stop, (void *)"3.10" }, \
		{ #test " 3.11", test, NULL, target_stop, (void *)"3.11" }, \
		{ #test " 3.12", test, NULL, target_stop, (void *)"3.12" }, \
		{ #test " 3.13", test, NULL, target_stop, (void *)"3.13" }, \
		{ #test " 3.14", test, NULL, target_stop, (void *)"3.14" }, \
		{ #test " 3.15", test, NULL, target_stop, (void *)"3.15" }, \
	{                                                                   \
#test " of the system", test, NULL, target_stop, (void *)"" \
	}

struct target {
	pid_t pid;
	FILE *in; /* what it reads */
	FILE *out; /* what it says */
	struct python *python;
	struct symbols *symbols; /* ask target_symbols() */
	size_t nr;
	struct report {
		char *text;
		char *fields[FIELDS_MAX];
	} lines[REPORT_LINES_MAX];
};

/* The test that runs has one target, which ends with it also when it fails. */
static struct target target_now;

static inline int target_stop(void **state)
{
	struct target *target = &target_now;

	(void)state;
	python_close(target->python);
	symbols_free(target->symbols);
	if (target->pid > 0) {
		kill(target->pid, SIGKILL);
		waitpid(target->pid, NULL, 0);
	}
	if (target->in)
		fclose(target->in);
	if (target->out)
		fclose(target->out);
	for (size_t i = 0; i < target->nr; i++)
		free(target->lines[i].text);
	memset(target, 0, sizeof(*target));
	return 0;
}

/* Where scripts/setup-pythons puts those that the system does not have. */
#define TARGET_SID "/var/cache/blockprof-tests/bin"

/* A version that pyenv has, or else /usr/bin or sid; "" is the system's. False: it is not installed. */
static inline bool target_find(const char *version, char *path, size_t size)
{
	const char *root = getenv("PYENV_ROOT"), *home = getenv("HOME");
	char pattern[512];
	glob_t found;

	if (!*version) {
		snprintf(path, size, "/usr/bin/python3");
		return access(path, X_OK) == 0;
	}
	snprintf(pattern, sizeof(pattern), "%s%s/versions/%s.*/bin/python%s",
		 root ? root : (home ? home : ""), root ? "" : "/.pyenv", version, version);
	if (glob(pattern, 0, NULL, &found) == 0) {
		snprintf(path, size, "%s", found.gl_pathv[0]);
		globfree(&found);
		return true;
	}
	snprintf(path, size, "/usr/bin/python%s", version);
	if (access(path, X_OK) == 0)
		return true;
	snprintf(path, size, TARGET_SID "/python%s", version);
	return geteuid() == 0 && access(path, X_OK) == 0;
}

/* Directory of the scripts: beside this file. */
static inline void target_script(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%.*s/%s", (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__, name);
}

static inline struct target *target_run(char *const argv[])
{
	struct target *target = &target_now;
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	target->pid = fork();
	assert_true(target->pid >= 0);
	if (target->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
		setenv("PYTHONIOENCODING", "utf-8", 1);
		unsetenv("PYTHONASYNCIODEBUG");
		unsetenv("ASAN_OPTIONS");
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	target->in = fdopen(in[1], "w");
	target->out = fdopen(out[0], "r");
	assert_non_null(target->in);
	assert_non_null(target->out);
	return target;
}

/* Starts a script with an interpreter; skips the test when that is not installed. */
static inline struct target *target_start(const char *version, const char *script)
{
	char interpreter[512], path[512];

	if (!target_find(version, interpreter, sizeof(interpreter))) {
		print_message("CPython %s is not installed\n",
			      *version ? version : "of the system");
		skip();
	}
	target_script(script, path, sizeof(path));
	return target_run((char *[]){ interpreter, path, NULL });
}

/* The next line it says, split into fields; NULL after "ready". Fails when it ends instead. */
static inline struct report *target_line(struct target *target)
{
	struct report *line = &target->lines[target->nr];
	char *text = NULL, *rest;
	size_t size = 0;
	ssize_t length = getline(&text, &size, target->out);

	if (length < 0) {
		free(text);
		fail_msg("the target ended");
	}
	text[length - 1] = '\0';
	if (strcmp(text, "ready") == 0) {
		free(text);
		return NULL;
	}
	assert_true(target->nr < REPORT_LINES_MAX);
	line->text = text;
	rest = text;
	for (int i = 0; i < FIELDS_MAX; i++)
		line->fields[i] = rest ? strsep(&rest, "\t") : "";
	target->nr++;
	return line;
}

static inline void target_wait_ready(struct target *target)
{
	while (target_line(target))
		;
}

static inline void target_go_on(struct target *target)
{
	fputc('\n', target->in);
	fflush(target->in);
}

static inline struct symbols *target_symbols(struct target *target)
{
	if (!target->symbols)
		assert_int_equal(symbols_new(&target->symbols, symbolizer_main, process_memory()),
				 0);
	return target->symbols;
}

static inline int target_try(struct target *target)
{
	const struct memory memory = { process_memory(), target->pid };

	return python_open(&target->python, &memory, target_symbols(target));
}

static inline struct python *target_open(struct target *target)
{
	assert_int_equal(target_try(target), 0);
	assert_non_null(target->python);
	return target->python;
}

/* The line that begins with these fields; name NULL: any. */
static inline struct report *target_find_line(struct target *target, const char *kind,
					      const char *name)
{
	for (size_t i = 0; i < target->nr; i++) {
		struct report *line = &target->lines[i];

		if (strcmp(line->fields[0], kind) == 0 &&
		    (!name || strcmp(line->fields[1], name) == 0))
			return line;
	}
	return NULL;
}

static inline uint64_t target_number(struct target *target, const char *kind, const char *name,
				     int field)
{
	struct report *line = target_find_line(target, kind, name);

	if (!line)
		fail_msg("the target did not say %s %s", kind, name ? name : "");
	return strtoull(line->fields[field], NULL, 0);
}

static inline uint64_t target_thread(struct target *target, const char *name)
{
	return target_number(target, "thread", name, 2);
}

#endif
