// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps: the order of what is in them, as text and as JSON Lines. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "output/output.h"

#define TEXT_BYTES (1 << 20)

static struct stack *stack_of(const char *fn, const char *file, unsigned int line)
{
	const struct frame frames[] = {
		{ .kind = FRAME_PYTHON, .fn = fn, .file = file, .line = line },
		{ .kind = FRAME_PYTHON, .fn = "main", .file = "/app/main.py", .line = 7 },
	};
	struct stack *stack = stack_new(frames, 2, false);

	assert_non_null(stack);
	return stack;
}

static struct dump_thread thread(pid_t tid, enum thread_state state, const char *runtime)
{
	struct dump_thread thread = {
		.id = { .pid = 40, .tid = tid, .comm = "worker" },
		.state = state,
		.since_known = true,
		.slice = { .cause = CAUSE_SLEEP, .ns = 2000000000 },
	};

	thread.id.runtime = runtime ? strdup(runtime) : NULL;
	thread.slice.syscall = strdup("clock_nanosleep");
	thread.slice.stack = stack_of("nap", "/app/nap.py", 3);
	return thread;
}

static struct dump_task task(const char *name, enum task_state state, const char *awaits)
{
	return (struct dump_task){
		.name = strdup(name),
		.state = state,
		.tid = 40,
		.chain = stack_of("fetch", "/app/db.py", 12),
		.awaits = awaits,
	};
}

/* Room for so many of each. */
static struct dump_record dump_new_record(void)
{
	return (struct dump_record){
		.mono_ns = 5,
		.time_ns = 1700000000000000000,
		.pid = 40,
		.comm = "server",
		.interpreter = strdup("CPython 3.11.7"),
		.threads = calloc(64, sizeof(struct dump_thread)),
		.tasks = calloc(64, sizeof(struct dump_task)),
	};
}

/* What a format writes of it; the caller's. */
static char *written(const struct dump_record *dump, const char *format, bool unfold)
{
	char path[] = "/tmp/blockprof-test-XXXXXX", *text = calloc(1, TEXT_BYTES);
	const struct output_options options = { .unfold = unfold, .columns = 80 };
	struct output *output;
	int fd = mkstemp(path);

	assert_non_null(text);
	assert_true(fd >= 0);
	assert_int_equal(output_open(&output, output_format_by_name(format), path, &options), 0);
	output_dump(output, dump);
	assert_int_equal(output_close(output), 0);
	assert_true(read(fd, text, TEXT_BYTES - 1) >= 0);
	close(fd);
	unlink(path);
	return text;
}

static void the_busy_come_first(void **state)
{
	static const pid_t order[] = { 46, 44, 43, 42, 45, 40, 41 };
	struct dump_record dump = dump_new_record();

	(void)state;
	dump.threads[dump.nr_threads++] = thread(41, THREAD_IDLE, "asyncio");
	dump.threads[dump.nr_threads++] = thread(40, THREAD_IDLE, "asyncio");
	dump.threads[dump.nr_threads++] = thread(45, THREAD_BLOCKED, NULL);
	dump.threads[dump.nr_threads++] = thread(42, THREAD_BLOCKED, NULL);
	dump.threads[dump.nr_threads++] = thread(43, THREAD_BLOCKED, "asyncio");
	dump.threads[dump.nr_threads++] = thread(44, THREAD_RUNNING, "asyncio");
	dump.threads[dump.nr_threads++] = thread(46, THREAD_STOPPED, "asyncio");
	dump.tasks[dump.nr_tasks++] = task("Task-10", TASK_PENDING, "lock");
	dump.tasks[dump.nr_tasks++] = task("Task-9", TASK_PENDING, "lock");
	dump.tasks[dump.nr_tasks++] = task("zz", TASK_RUNNING, NULL);
	dump.tasks[dump.nr_tasks++] = task("Task-9b", TASK_PENDING, "lock");
	dump_sort(&dump);
	for (size_t i = 0; i < dump.nr_threads; i++)
		assert_int_equal(dump.threads[i].id.tid, order[i]);
	assert_string_equal(dump.tasks[0].name, "zz");
	assert_string_equal(dump.tasks[1].name, "Task-9");
	assert_string_equal(dump.tasks[2].name, "Task-9b");
	assert_string_equal(dump.tasks[3].name, "Task-10");
	dump_free(&dump);
}

static void what_is_alike_is_shown_as_one(void **state)
{
	struct dump_record dump = dump_new_record();
	char *text, name[16];

	(void)state;
	for (int i = 0; i < 10; i++) {
		dump.threads[dump.nr_threads++] = thread(50 + i, THREAD_BLOCKED, NULL);
		snprintf(name, sizeof(name), "Task-%d", i);
		dump.tasks[dump.nr_tasks++] = task(name, TASK_PENDING, "lock");
	}
	dump.threads[4].slice.ns = 3000000000;
	dump.tasks[dump.nr_tasks++] = task("other", TASK_PENDING, "event");
	dump.tasks[dump.nr_tasks++] = task("asks", TASK_PENDING, "task");
	dump.tasks[dump.nr_tasks - 1].awaits_name = strdup("other");
	dump.tasks[dump.nr_tasks++] = task("sleeps", TASK_PENDING, "sleep");
	dump.tasks[dump.nr_tasks - 1].sleep_ns = 30000000000;
	dump.lost[dump.nr_lost++] = (struct name_count){ "tasks_unsteady", 3 };
	text = written(&dump, "text", false);
	assert_non_null(strstr(text, "server[40], CPython 3.11.7: 10 threads, 13 tasks\n"));
	assert_non_null(strstr(text, "  10 threads worker[40]  blocked for 3.0 s  sleep\n"));
	assert_null(strstr(text, "[40/51]"));
	assert_non_null(strstr(text, "  10 tasks  pending, await lock  (Task-0, Task-1, Task-2 and "
				     "7 more)\n"));
	assert_non_null(strstr(text, "  task other  pending, awaits event\n"));
	assert_non_null(strstr(text, "  task asks  pending, awaits task other\n"));
	assert_non_null(strstr(text, "  task sleeps  pending, awaits sleep 30.0 s\n"));
	assert_non_null(strstr(text, "  3 tasks changed each time they were read\n"));
	free(text);
	text = written(&dump, "text", true);
	assert_non_null(strstr(text, "worker[40/59]  blocked"));
	assert_non_null(strstr(text, "  task Task-9  pending, awaits lock\n"));
	free(text);
	dump_free(&dump);
}

/* Whatever names hold: lines fit, and nothing reaches the terminal that it would act on. */
static void names_do_no_harm(void **state)
{
	struct dump_record dump = dump_new_record();
	char *text, *line, *rest, name[400];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	memcpy(name, "\x1b[31m\n;\xff", 8);
	name[sizeof(name) - 1] = '\0';
	dump.threads[dump.nr_threads++] = thread(51, THREAD_BLOCKED, name);
	memcpy(dump.threads[0].id.comm, "\x1b[2J\r\n", 7);
	dump.threads[0].slice.task_name = strdup(name);
	dump.tasks[dump.nr_tasks++] = task(name, TASK_PENDING, "task");
	dump.tasks[0].awaits_name = strdup(name);
	text = written(&dump, "text", false);
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\r'));
	rest = text;
	while ((line = strsep(&rest, "\n")))
		assert_true(strlen(line) <= 80);
	free(text);
	text = written(&dump, "json", false);
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
	free(text);
	dump_free(&dump);
}

static void an_object_a_line(void **state)
{
	static const char *const types[] = { "dump", "thread", "task" };
	struct dump_record dump = dump_new_record();
	json_t *objects[3], *chain;
	char *text, *line, *rest;
	size_t nr = 0;

	(void)state;
	dump.threads[dump.nr_threads++] = thread(51, THREAD_BLOCKED, "asyncio");
	dump.threads[0].moved = true;
	dump.tasks[dump.nr_tasks++] = task("t", TASK_PENDING, "sleep");
	dump.tasks[0].sleep_ns = 30;
	text = written(&dump, "json", false);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(nr < 3);
		objects[nr] = json_loads(line, 0, NULL);
		assert_non_null(objects[nr]);
		assert_string_equal(json_string_value(json_object_get(objects[nr], "type")),
				    types[nr]);
		assert_int_equal(json_integer_value(json_object_get(objects[nr], "mono_ns")), 5);
		assert_int_equal(json_integer_value(json_object_get(objects[nr], "pid")), 40);
		nr++;
	}
	assert_int_equal(nr, 3);
	assert_int_equal(json_integer_value(json_object_get(objects[0], "threads")), 1);
	assert_int_equal(json_integer_value(json_object_get(objects[0], "tasks")), 1);
	assert_string_equal(json_string_value(json_object_get(objects[1], "state")), "blocked");
	assert_int_equal(json_integer_value(json_object_get(objects[1], "ns")), 2000000000);
	assert_true(json_is_true(json_object_get(objects[1], "moved")));
	assert_int_equal(json_array_size(json_object_get(objects[1], "stack")), 2);
	chain = json_object_get(objects[2], "chain");
	assert_string_equal(json_string_value(json_object_get(json_array_get(chain, 0), "fn")),
			    "main");
	assert_string_equal(json_string_value(json_object_get(json_array_get(chain, 1), "fn")),
			    "fetch");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(objects[2], "awaits"),
							    "sleep_ns")),
			 30);
	for (size_t i = 0; i < nr; i++)
		json_decref(objects[i]);
	free(text);
	dump_free(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_busy_come_first),
		cmocka_unit_test(what_is_alike_is_shown_as_one),
		cmocka_unit_test(names_do_no_harm),
		cmocka_unit_test(an_object_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
