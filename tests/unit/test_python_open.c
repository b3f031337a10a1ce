// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding the interpreter, its version, its GIL; processes that have none. */
#include "python/target.h"

#include <limits.h>
#include <sys/uio.h>
#include <time.h>

#include "proc/process.h"
#include "runtime/python/interpreter.h"
#include "symbol/child/symbolizer.h"

static uint64_t word_of(struct target *target, uint64_t addr, size_t size)
{
	uint64_t value = 0;
	struct iovec local = { &value, size }, remote = { (void *)(uintptr_t)addr, size };

	assert_int_equal(process_vm_readv(target->pid, &local, 1, &remote, 1, 0), size);
	return value;
}

/* What "python --version" says. */
static void version_by_itself(const char *interpreter, char *version, size_t size)
{
	struct target *target =
		target_run((char *[]){ (char *)interpreter, "-c",
				       "import platform; print(platform.python_version())", NULL });

	snprintf(version, size, "%s", target_line(target)->text);
	target_stop(NULL);
}

static void version_and_layout(void **state)
{
	char interpreter[512], version[64];
	struct target *target;
	struct bp_python layout;
	uint64_t interp;

	target = target_start(*state, "late.py");
	target_line(target);
	target_stop(NULL);
	target_find(*state, interpreter, sizeof(interpreter));
	version_by_itself(interpreter, version, sizeof(version));

	target = target_start(*state, "late.py");
	target_line(target);
	target_open(target);
	assert_string_equal(python_version(target->python), version);
	memset(&layout, 0xff, sizeof(layout));
	assert_int_equal(python_layout(target->python, &layout), 0);
	assert_int_equal(layout.version >> 8, 3);
	if (*(char *)*state)
		assert_int_equal(layout.version & 0xff, strtoul(*state + 2, NULL, 10));
	assert_int_equal(layout.current_tasks, 0);
	interp = word_of(target, layout.interp_head_addr, 8);
	assert_true(word_of(target, interp + layout.interp_threads_head, 8));
}

/* An executable of another name that has no symbols but _PyRuntime. */
static void version_by_structures(void **state)
{
	struct target *target = target_start(*state, "late.py");
	struct py_place places[PY_PLACES_MAX];
	const struct memory memory = { process_memory(), target->pid };
	struct bp_python layout;

	target_wait_ready(target);
	assert_true(py_find(target_symbols(target), &memory, places, PY_PLACES_MAX) >= 1);
	places[0].version_addr = 0;
	places[0].major = places[0].minor = -1;
	assert_int_equal(py_open_place(&target->python, &memory, &places[0]), 0);
	assert_int_equal(python_layout(target->python, &layout), 0);
	if (*(char *)*state)
		assert_int_equal(layout.version & 0xff, strtoul(*state + 2, NULL, 10));
	assert_true(layout.gil_addr);
}

static void asyncio_comes_later(void **state)
{
	struct target *target = target_start(*state, "late.py");
	struct bp_python layout;

	target_wait_ready(target);
	target_open(target);
	assert_int_equal(python_layout(target->python, &layout), 0);
	assert_int_equal(layout.current_tasks, 0);
	target_go_on(target);
	target_wait_ready(target);
	assert_int_equal(python_layout(target->python, &layout), 0);
	assert_int_equal(layout.current_tasks, target_number(target, "tasks", NULL, 1));
}

/* What was said arrives before the one who said it has the GIL again. */
static bool gil_becomes(struct target *target, const struct bp_python *layout, uint64_t locked)
{
	const struct timespec a_while = { .tv_nsec = 1000000 };

	for (int tries = 0; tries < 5000; tries++) {
		if (word_of(target, layout->gil_addr + layout->gil_locked, 4) == locked)
			return true;
		nanosleep(&a_while, NULL);
	}
	return false;
}

/* Free while the only thread waits for input, held by it while it computes. */
static void gil_is_held(void **state)
{
	struct target *target = target_start(*state, "late.py");
	struct bp_python layout;
	uint64_t holder;
	int held = 0;

	target_wait_ready(target);
	target_open(target);
	assert_int_equal(python_layout(target->python, &layout), 0);
	assert_true(layout.gil_addr);
	assert_true(layout.gil_bytes > layout.gil_locked);
	assert_true(gil_becomes(target, &layout, 0));

	target_go_on(target);
	target_wait_ready(target);
	target_go_on(target);
	target_wait_ready(target);
	assert_true(gil_becomes(target, &layout, 1));
	for (int i = 0; i < 1000; i++)
		held += word_of(target, layout.gil_addr + layout.gil_locked, 4) == 1;
	assert_in_range(held, 990, 1000);
	holder = word_of(target, layout.gil_addr + layout.gil_last_holder, 8);
	assert_int_equal(word_of(target, holder + layout.tstate_thread_id, 8),
			 target_number(target, "main", NULL, 1));
}

static void subinterpreters(void **state)
{
	struct target *target = target_start(*state, "subinterpreters.py");
	struct bp_python_frame frames[16];
	struct python_name name;

	target_wait_ready(target);
	target_open(target);
	assert_true(python_frames(target->python, target_thread(target, "main"), frames, 16) >= 4);
	assert_int_equal(python_frame_name(target->python, &frames[0], &name), 0);
	assert_string_equal(name.fn, "block");
	assert_true(python_frames(target->python, target_number(target, "inside", NULL, 1), frames,
				  16) >= 2);
	assert_int_equal(python_frame_name(target->python, &frames[0], &name), 0);
	assert_string_equal(name.fn, "sleeps_inside");
	assert_int_equal(name.line, 4);
}

static bool libpython_of(const char *version, char *path, size_t size)
{
	char interpreter[512];
	char *bin;

	if (!target_find(version, interpreter, sizeof(interpreter)))
		return false;
	bin = strstr(interpreter, "/bin/");
	*bin = '\0';
	snprintf(path, size, "%s/lib/libpython%s.so.1.0", interpreter, version);
	return access(path, R_OK) == 0;
}

/* A library that never becomes an interpreter stands beside the one that is. */
static void foreign_library(void **state)
{
	char library[600], script[512];
	struct target *target;

	(void)state;
	if (!libpython_of("3.12", library, sizeof(library)) || access("/usr/bin/python3", X_OK))
		skip();
	target_script("foreign.py", script, sizeof(script));
	target = target_run((char *[]){ "/usr/bin/python3", script, library, NULL });
	target_wait_ready(target);
	target_open(target);
	assert_int_not_equal(strncmp(python_version(target->python), "3.12", 4), 0);
}

static void not_started(void **state)
{
	char library[600], preload[700];
	struct target *target;

	(void)state;
	if (!libpython_of("3.12", library, sizeof(library)))
		skip();
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", library);
	target = target_run(
		(char *[]){ "/usr/bin/env", preload, "/bin/sh", "-c", "echo up; read line", NULL });
	target_line(target);
	assert_int_equal(target_try(target), -EAGAIN);
	assert_null(target->python);
}

/* Ends symbolizers until no other one is started for some time. */
static void use_up(struct symbols *symbols)
{
	for (uint64_t round = 0; round < 20; round++) {
		pid_t children[8];
		struct symbol found;

		if (process_children(getpid(), children, 8) == 1) {
			kill(children[0], SIGKILL);
			while (process_kind(children[0], NULL) == PROCESS_NORMAL)
				usleep(1000);
		}
		symbols_user(symbols, getpid(), (uint64_t)(uintptr_t)use_up + round, 0, &found);
	}
}

/* Its file is looked into nowhere else: what is known is its name. */
static void without_symbolizer(void **state)
{
	char interpreter[512], name[PATH_MAX];
	struct symbols *symbols;
	struct target *target;

	(void)state;
	if (!target_find("", interpreter, sizeof(interpreter)) || !realpath(interpreter, name))
		skip();
	assert_int_equal(symbols_new(&symbols, symbolizer_main, process_memory()), 0);
	use_up(symbols);
	target = target_start("", "late.py");
	target->symbols = symbols;
	target_wait_ready(target);
	assert_int_equal(target_try(target), -EBUSY);
	assert_non_null(target->python);
	assert_string_equal(python_version(target->python), strstr(name, "3."));
}

static void no_python(void **state)
{
	struct target *target =
		target_run((char *[]){ "/bin/sh", "-c", "echo up; read line", NULL });
	struct memory memory = { process_memory(), target->pid };
	struct python *python = (struct python *)1;

	(void)state;
	target_line(target);
	assert_int_equal(python_open(&python, &memory, target_symbols(target)), -ENOENT);
	assert_null(python);
	/* A kernel thread, or whatever process 2 is, and a process that is none. */
	memory.pid = 2;
	assert_int_not_equal(python_open(&python, &memory, target_symbols(target)), 0);
	assert_null(python);
	memory.pid = INT32_MAX;
	assert_int_not_equal(python_open(&python, &memory, target_symbols(target)), 0);
	assert_null(python);
}

/* Wherever its memory stops coming in time, another try is wanted, and nothing is believed. */
static void memory_that_is_late(void **state)
{
	struct target *target = target_start(*state, "late.py");
	struct symbols *symbols = target_symbols(target);
	struct bp_python_frame frames[16];
	struct bp_python layout;
	struct budget_memory budget;
	struct memory memory;
	uint64_t reads = 0, pthread;
	int err;

	target_wait_ready(target);
	target_go_on(target);
	target_wait_ready(target);
	pthread = target_number(target, "main", NULL, 1);
	do {
		const struct memory below = { process_memory(), target->pid };

		memory = memory_in_time(&budget, below, reads++);
		err = python_open(&target->python, &memory, symbols);
		assert_true(err == 0 || err == -EBUSY || err == -EAGAIN);
		assert_true(reads > 1 || err == -EBUSY);
		assert_true(!err == !!target->python);
		assert_true(!err || budget.source.late);
	} while (err);
	assert_true(reads > 10);
	budget.left = 0;
	assert_int_equal(python_frames(target->python, pthread, frames, 16), -ETIMEDOUT);
	assert_int_equal(python_layout(target->python, &layout), -ETIMEDOUT);
	assert_int_equal(python_gil_holder(target->python), 0);
	budget.left = UINT64_MAX;
	assert_true(python_frames(target->python, pthread, frames, 16) > 0);
}

static void too_old(void **state)
{
	static const char *const versions[] = { "2.7", "3.6", "3.7" };
	char interpreter[512];
	int tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct target *target;

		if (!target_find(versions[i], interpreter, sizeof(interpreter))) {
			print_message("CPython %s is not installed\n", versions[i]);
			continue;
		}
		target = target_run((char *[]){ interpreter, "-c",
						"import sys, time; sys.stdout.write('up\\n');"
						"sys.stdout.flush(); time.sleep(3600)",
						NULL });
		target_line(target);
		assert_int_equal(target_try(target), -ENOTSUP);
		assert_non_null(target->python);
		assert_string_equal(python_version(target->python), versions[i]);
		target_stop(NULL);
		tried++;
	}
	if (!tried)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(version_and_layout),
		EACH_PYTHON(version_by_structures),
		EACH_PYTHON(asyncio_comes_later),
		EACH_PYTHON(gil_is_held),
		EACH_PYTHON(subinterpreters),
		EACH_PYTHON(memory_that_is_late),
		cmocka_unit_test_teardown(foreign_library, target_stop),
		cmocka_unit_test_teardown(not_started, target_stop),
		cmocka_unit_test_teardown(without_symbolizer, target_stop),
		cmocka_unit_test_teardown(no_python, target_stop),
		cmocka_unit_test_teardown(too_old, target_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
