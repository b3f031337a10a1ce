// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process runs, and its epoll instances: this program looks at itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <search.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/epoll.h"
#include "runtime/native.h"
#include "runtime/program.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

#define LISTED 64

/* what epoll_wait() calls where it is no system call of its own */
#ifdef SYS_epoll_wait
#define EPOLL_CALL SYS_epoll_wait
#else
#define EPOLL_CALL SYS_epoll_pwait
#endif

/* A function that a runtime is known by. */
int uv_run(void);
__attribute__((noinline)) int uv_run(void)
{
	return getpid();
}

static const struct program_functions functions = { .names = { "uv_run", "ev_run" }, .nr = 2 };

static int setup(void **state)
{
	struct symbols *symbols;

	if (symbols_new(&symbols, symbolizer_main, process_memory()))
		return -1;
	*state = symbols;
	return 0;
}

static int teardown(void **state)
{
	symbols_free(*state);
	return 0;
}

static void test_what_it_is(void **state)
{
	const struct memory own = { process_memory(), getpid() };
	static const char *const names[] = { "nginx", "test_program", NULL };
	static const char *const others[] = { "test_progra", "test_program2", NULL };
	struct program *program;
	const char *path;

	assert_int_equal(program_new(&program, &own, *state, &functions), 0);
	assert_true(program_is(program, names));
	assert_false(program_is(program, others));
	assert_true(uv_run() > 0 && program_defines(program, "uv_run"));
	assert_false(program_defines(program, "ev_run"));
	assert_false(program_defines(program, "getpid")); /* not one of the table */
	path = program_library(program, "libcmocka");
	assert_true(path && path[0] == '/');
	assert_null(program_library(program, "test_program"));
	assert_null(program_library(program, "no-such-library"));
	program_free(program);
}

static void test_nothing_known(void **state)
{
	const struct memory none = { process_memory(), 1 << 23 };
	static const char *const names[] = { "", "x", NULL };
	struct program *program;
	char word[8];

	assert_int_equal(program_new(&program, &none, *state, &functions), -ESRCH);
	assert_false(program_is(NULL, names));
	assert_false(program_defines(NULL, "uv_run"));
	assert_null(program_library(NULL, ""));
	assert_null(program_caller(NULL, 8));
	assert_int_equal(program_word(NULL, "x", word, sizeof(word)), -ENOENT);
}

struct sleeper {
	int fd; /* what it waits on; an epoll instance, or a pipe */
	bool epoll;
	pid_t tid;
};

static void *sleep_there(void *context)
{
	struct sleeper *sleeper = context;
	struct pollfd polled = { .fd = sleeper->fd, .events = POLLIN };
	struct epoll_event event;

	__atomic_store_n(&sleeper->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (sleeper->epoll)
		epoll_wait(sleeper->fd, &event, 1, -1);
	else
		poll(&polled, 1, -1);
	return NULL;
}

/* Its user stack pointer once it is blocked in this call. */
static uint64_t stack_of(const struct sleeper *sleeper, long call)
{
	unsigned long long words[8];
	char path[64], text[256];
	long nr;

	for (int i = 0; i < 1000; i++, usleep(1000)) {
		pid_t tid = __atomic_load_n(&sleeper->tid, __ATOMIC_ACQUIRE);
		FILE *file;
		bool got;

		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
		file = tid ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		got = fgets(text, sizeof(text), file) &&
		      sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx", &nr, &words[0],
			     &words[1], &words[2], &words[3], &words[4], &words[5], &words[6]) == 8;
		fclose(file);
		if (got && nr == call)
			return words[6];
	}
	return 0;
}

/* The C library's poll() is called by this program. */
static void test_caller(void **state)
{
	const struct memory own = { process_memory(), getpid() };
#ifndef SYS_poll
	(void)state;
	skip();
#else
	struct program *program;
	struct sleeper sleeper = { 0 };
	const char *caller;
	pthread_t thread;
	int ends[2];
	uint64_t sp;

	assert_int_equal(pipe(ends), 0);
	sleeper.fd = ends[0];
	assert_int_equal(pthread_create(&thread, NULL, sleep_there, &sleeper), 0);
	sp = stack_of(&sleeper, SYS_poll);
	if (!sp)
		skip();
	assert_int_equal(program_new(&program, &own, *state, &functions), 0);
	caller = program_caller(program, sp);
	assert_non_null(caller);
	assert_string_equal(caller, "");
	assert_null(program_caller(program, 0));
	assert_null(program_caller(program, sp + 1));
	assert_null(program_caller(program, 4096));
	program_free(program);
	close(ends[1]);
	pthread_join(thread, NULL);
	close(ends[0]);
#endif
}

static uint64_t in_libc;

static int compare(const void *left, const void *right)
{
	(void)left, (void)right;
	in_libc = (uint64_t)(uintptr_t)__builtin_return_address(0);
	return 0;
}

static __attribute__((noinline)) uint64_t called_here(void)
{
	return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

/* getaddrinfo() has kilobytes on the stack between its poll() and its caller. */
static void test_deep_caller(void **state)
{
	const struct memory own = { process_memory(), getpid() };
	uint64_t stack[1024] = { 0 };
	struct program *program;
	const char *caller;
	size_t nr = 1;
	int word = 0;

	assert_non_null(lfind(&word, &word, &nr, sizeof(word), compare));
	assert_int_equal(program_new(&program, &own, *state, &functions), 0);
	stack[500] = called_here();
	assert_null(program_caller(program, (uint64_t)(uintptr_t)stack));
	stack[2] = in_libc;
	caller = program_caller(program, (uint64_t)(uintptr_t)stack);
	assert_non_null(caller);
	assert_string_equal(caller, "");
	program_free(program);
}

/* What a runtime may be known by; it does not return, and calls itself as a nested loop would. */
void runs_to_stay(struct sleeper *sleeper, int nested);
__attribute__((noinline)) void runs_to_stay(struct sleeper *sleeper, int nested)
{
	if (nested)
		runs_to_stay(sleeper, nested - 1);
	else
		sleep_there(sleeper);
	__asm__ volatile("");
}

/* Called by it, so further in. */
void runs_within(struct sleeper *sleeper);
__attribute__((noinline)) void runs_within(struct sleeper *sleeper)
{
	runs_to_stay(sleeper, 1);
	__asm__ volatile("");
}

static void *run_nested(void *sleeper)
{
	runs_within(sleeper);
	return NULL;
}

static void test_calls(void **state)
{
	const struct memory own = { process_memory(), getpid() };
	static const char *const stay[] = { "runs_to_sta", "runs_to_stay", NULL };
	static const char *const both[] = { "runs_within", "runs_to_stay", NULL };
	static const char *const libraries[] = { "libc", NULL };
	const struct program_functions_in in = { .functions = stay, .executable = true };
	const struct program_functions_in outer = { .functions = both, .executable = true };
	const struct program_functions_in elsewhere = { .functions = stay, .libraries = libraries };
#ifndef SYS_poll
	(void)state, (void)own, (void)in, (void)outer, (void)elsewhere;
	skip();
#else
	struct sleeper sleeper = { 0 };
	struct program *program;
	pthread_t thread;
	int ends[2], calls[8];
	uint64_t sp;

	assert_int_equal(pipe(ends), 0);
	sleeper.fd = ends[0];
	assert_int_equal(pthread_create(&thread, NULL, run_nested, &sleeper), 0);
	sp = stack_of(&sleeper, SYS_poll);
	if (!sp)
		skip();
	assert_int_equal(program_new(&program, &own, *state, &functions), 0);
	assert_int_equal(program_calls(program, sp, &in, calls, 8), 2);
	assert_int_equal(calls[0], 1); /* a name is meant as a whole */
	assert_int_equal(program_calls(program, sp, &in, calls, 1), 1);
	assert_int_equal(program_calls(program, sp, &outer, calls, 8), 3);
	assert_int_equal(calls[0], 1);
	assert_int_equal(calls[1], 1);
	assert_int_equal(calls[2], 0);
	assert_int_equal(program_calls(program, sp, &elsewhere, calls, 8), 0);
	assert_int_equal(program_calls(program, 0, &in, calls, 8), 0);
	assert_int_equal(program_calls(program, sp + 1, &in, calls, 8), 0);
	assert_int_equal(program_calls(NULL, sp, &in, calls, 8), 0);
	/* there is an end to it */
	for (int i = 0; i < 1000; i++)
		program_calls(program, sp, &elsewhere, calls, 8);
	assert_int_equal(program_calls(program, sp, &in, calls, 8), 0);
	program_free(program);
	close(ends[1]);
	pthread_join(thread, NULL);
	close(ends[0]);
#endif
}

static const struct epoll *find(const struct epoll *list, int nr, int fd)
{
	for (int i = 0; i < nr; i++)
		if (list[i].fd == fd)
			return &list[i];
	return NULL;
}

/* One with nothing in it is no loop's; one that another thread waits on is not ours. */
static void test_epoll(void **state)
{
	const struct memory own = { process_memory(), getpid() };
	const struct memory nobody = { process_memory(), 1 << 23 };
	int empty = epoll_create1(0), both = epoll_create1(0), theirs = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	struct sleeper sleeper = { .fd = theirs, .epoll = true };
	const struct moment moment = { .pid = getpid(), .tid = getpid(), .memory = own };
	const struct moment other = { .pid = getpid(), .tid = getpid() + 1, .memory = own };
	struct epoll_waiter waiters[EPOLL_WAITERS_MAX];
	struct epoll list[LISTED];
	int ends[2], sockets[2], nr;
	pthread_t thread;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	assert_int_equal(epoll_ctl(theirs, EPOLL_CTL_ADD, ends[0], &event), 0);
	assert_int_equal(epoll_ctl(both, EPOLL_CTL_ADD, ends[0], &event), 0);
	assert_int_equal(epoll_ctl(both, EPOLL_CTL_ADD, sockets[0], &event), 0);
	assert_int_equal(pthread_create(&thread, NULL, sleep_there, &sleeper), 0);
	if (!stack_of(&sleeper, EPOLL_CALL))
		skip();

	nr = epoll_list(&own, list, LISTED);
	assert_in_range(nr, 2, LISTED);
	assert_null(find(list, nr, empty));
	assert_non_null(find(list, nr, both));
	assert_int_equal(find(list, nr, both)->watched, 2);
	assert_int_equal(find(list, nr, both)->sockets, 1);
	assert_int_equal(find(list, nr, theirs)->sockets, 0);
	assert_int_equal(epoll_list(&own, list, 1), 1);
	assert_true(epoll_others_wait(&own, getpid(), theirs));
	assert_false(epoll_others_wait(&own, sleeper.tid, theirs));
	assert_int_equal(epoll_waiters(&own, waiters), 1);
	assert_int_equal(waiters[0].tid, sleeper.tid);
	assert_int_equal(waiters[0].fd, theirs);
	assert_false(epoll_others_wait(&own, getpid(), both));
	/* the main thread's: the lowest that is not another thread's */
	assert_int_equal(native_main_epoll(&moment), both);
	assert_int_equal(native_main_epoll(&other), -1);
	assert_true(epoll_list(&nobody, list, LISTED) < 0);

	assert_int_equal(write(ends[1], "x", 1), 1);
	pthread_join(thread, NULL);
	close(empty);
	close(both);
	close(theirs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_it_is),	TEST(test_nothing_known), TEST(test_caller),
		TEST(test_deep_caller), TEST(test_calls),	  TEST(test_epoll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
