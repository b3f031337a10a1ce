/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * native_fixture.h - a compiled program that a test plays: its files, what it calls, its
 * epoll instances; and how runtimes are asked about its threads.
 */
#ifndef BLOCKPROF_TESTS_UNIT_NATIVE_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_NATIVE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "fake_python.h"
#include "proc/epoll.h"
#include "runtime/borrowers.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"
#include "symbol/on_stack.h"

#define PID (1 << 23) /* none that runs */
#define SP  0x7ffc00001000

/* -- the program -- */

struct program {
	const char *exe;
	const char *defines;
	bool asked; /* what it defines */
	const char *libraries[4];
	const char *caller; /* of the call that its threads sleep in */
	const char *stack[4]; /* functions on it, innermost first */
};

int program_new(struct program **out, const struct memory *memory, struct symbols *symbols,
		const struct program_functions *names)
{
	(void)out, (void)memory, (void)symbols, (void)names;
	return -ENOENT;
}

void program_free(struct program *program)
{
	(void)program;
}

bool program_is(const struct program *program, const char *const *names)
{
	for (; program && *names; names++)
		if (!strcmp(program->exe, *names))
			return true;
	return false;
}

bool program_defines(struct program *program, const char *function)
{
	program->asked = true;
	return program->defines && !strcmp(program->defines, function);
}

const char *program_library(const struct program *program, const char *prefix)
{
	for (size_t i = 0; program && i < 4 && program->libraries[i]; i++)
		if (!strncmp(program->libraries[i], prefix, strlen(prefix)))
			return program->libraries[i];
	return NULL;
}

void program_hold(struct program *program, bool held)
{
	(void)program;
	(void)held;
}

const char *program_caller(struct program *program, uint64_t sp)
{
	return program && sp ? program->caller : NULL;
}

size_t program_calls(struct program *program, uint64_t sp, const struct program_functions_in *in,
		     int *calls, size_t max)
{
	size_t nr = 0;

	for (size_t i = 0; sp && i < 4 && program->stack[i]; i++)
		for (int k = 0; in->functions[k] && nr < max; k++)
			if (!strcmp(in->functions[k], program->stack[i]))
				calls[nr++] = k;
	return nr;
}

int program_word(struct program *program, const char *text, char *word, size_t size)
{
	(void)program, (void)text, (void)word, (void)size;
	return -ENOENT;
}

int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr)
{
	(void)symbols, (void)pid, (void)sp, (void)parts, (void)nr;
	return -ENOENT;
}

/* -- its epoll instances -- */

static int nr_epolls;
static bool others_wait, inherited;

int epoll_list(const struct memory *target, struct epoll *list, size_t max)
{
	(void)target;
	for (int i = 0; i < nr_epolls && i < (int)max; i++)
		list[i] = (struct epoll){ .fd = 5 + i, .watched = 1 };
	return nr_epolls < (int)max ? nr_epolls : (int)max;
}

bool epoll_has(const struct memory *target, int epoll_fd, int fd)
{
	(void)target, (void)epoll_fd, (void)fd;
	return false;
}

bool epoll_is(pid_t pid, int fd)
{
	(void)pid, (void)fd;
	return false;
}

bool epoll_others_wait(const struct memory *target, pid_t tid, int fd)
{
	(void)target, (void)tid, (void)fd;
	return others_wait;
}

bool epoll_is_inherited(const struct memory *target, int fd)
{
	(void)target, (void)fd;
	return inherited;
}

static inline int setup(void **state)
{
	(void)state;
	nr_epolls = 0;
	others_wait = inherited = false;
	return 0;
}

/* -- asking -- */

static unsigned int parks; /* which futexes are to be shown: enum bp_parks */

static inline struct recognised ask(struct program *program, struct moment moment)
{
	struct pool pool = { 0 };
	struct recognised recognised;

	moment.pid = PID;
	moment.tid = moment.tid ? moment.tid : PID;
	moment.program = program;
	moment.pool = &pool;
	if (!moment.comm)
		moment.comm = "a thread";
	runtime_recognise(&moment, &recognised);
	parks = pool.parks;
	return recognised;
}

/* It begins to sleep in such a wait, for the count-th time. */
static inline struct recognised ask_waiting(struct program *program, unsigned int wait_class,
					    unsigned int count, const char *comm)
{
	const struct bp_candidate candidate = {
		.wait_class = wait_class, .wait_id = 5, .sp = SP, .count = count
	};

	return ask(program, (struct moment){ .candidate = &candidate, .comm = comm });
}

/* It is found blocked in another call. */
static inline struct recognised ask_blocked(struct program *program, int call)
{
	const struct bp_block block = { .syscall = call, .sp = SP };

	return ask(program, (struct moment){ .block = &block });
}

/* It is found polling. */
static inline struct recognised ask_polling(struct program *program)
{
	const struct bp_block block = {
		.syscall = 7, .wait_class = BP_WAIT_POLL, .wait_id = SP, .sp = SP
	};

	return ask(program, (struct moment){ .block = &block });
}

static inline const char *name(struct recognised recognised)
{
	return recognised.runtime ? recognised.runtime->name : "none";
}

#define TEST(test) cmocka_unit_test_setup(test, setup)

#endif
