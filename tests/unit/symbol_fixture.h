/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbol_fixture.h - a symbolizer, and programs for it to name, for the tests of symbol.h. */
#ifndef BLOCKPROF_TESTS_UNIT_SYMBOL_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_SYMBOL_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/process.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"
#include "tests/unit/symbol_program.h"

#define ADDR(x) ((uint64_t)(uintptr_t)(x))

static inline int symbols_setup(void **state)
{
	struct symbols *symbols;

	if (symbols_new(&symbols, symbolizer_main, process_memory()))
		return -1;
	*state = symbols;
	return 0;
}

static inline int symbols_teardown(void **state)
{
	symbols_free(*state);
	return 0;
}

#define WITH_SYMBOLS(test) cmocka_unit_test_setup_teardown(test, symbols_setup, symbols_teardown)
#define WITH_PROGRAM(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

static __attribute__((noinline, unused)) void
assert_counts(const struct symbols *symbols, uint64_t restarts, uint64_t refused, uint64_t failed)
{
	struct symbols_counts counts;

	symbols_counts(symbols, &counts);
	assert_int_equal(counts.child_restarts, restarts);
	assert_int_equal(counts.files_refused, refused);
	assert_int_equal(counts.lookups_failed, failed);
	assert_int_equal(counts.maps_cut, 0);
}

static inline struct symbol lookup(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return)
{
	struct symbol found;

	assert_int_equal(symbols_user(symbols, pid, addr, is_return, &found), 0);
	assert_non_null(found.fn);
	return found;
}

static __attribute__((noinline, unused)) int local_function(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static inline void assert_works(struct symbols *symbols)
{
	assert_string_equal(lookup(symbols, getpid(), ADDR(local_function), 0).fn,
			    "local_function");
}

static inline void end_process(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* Starts the program and reads where its functions are. */
static inline pid_t start_program(const char *path, uint64_t *hidden, uint64_t *shown)
{
	unsigned long long addrs[2];
	int ends[2];
	FILE *file;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execl(path, path, NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	close(ends[1]);
	file = fdopen(ends[0], "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%llx %llx", &addrs[0], &addrs[1]), 2);
	fclose(file);
	*hidden = addrs[0];
	*shown = addrs[1];
	return pid;
}

struct fixture {
	struct program program;
	struct symbols *symbols;
};

static inline int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture && program_new(&fixture->program) &&
			       program_compile(&fixture->program, fixture->program.path, "-g0") &&
			       symbols_new(&fixture->symbols, symbolizer_main, process_memory()) ==
				       0
		       ? 0
		       : -1;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	symbols_free(fixture->symbols);
	program_remove(&fixture->program);
	free(fixture);
	return 0;
}

/* Of those that live: one that got stuck may take a moment to end. */
static inline pid_t only_child(void)
{
	pid_t children[8], only = 0;

	for (int tries = 0; tries < 1000; tries++) {
		size_t nr = process_children(getpid(), children, 8), alive = 0;

		for (size_t i = 0; i < nr && i < 8; i++) {
			if (process_kind(children[i], NULL) != PROCESS_NORMAL)
				continue;
			only = children[i];
			alive++;
		}
		if (alive == 1)
			return only;
		usleep(10 * 1000);
	}
	fail_msg("not one child");
	return 0;
}

static inline void write_bytes(const char *path, const void *bytes, size_t nr)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, nr), nr);
	close(fd);
}

#endif
