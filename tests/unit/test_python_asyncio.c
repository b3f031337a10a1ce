// SPDX-License-Identifier: GPL-2.0-or-later
/* Loops, tasks and names asked for, against what the target says of itself. */
#include "python/target.h"

#include <ctype.h>
#include <sys/uio.h>

#define NAME_BYTES 256

static struct target *loops_start(void **state)
{
	struct target *target = target_start(*state, "loops.py");

	target_wait_ready(target);
	target_open(target);
	return target;
}

/* What the thread's loop is said to be; checked for what is true of all loops. */
static struct python_loop loop_of(struct target *target, const char *name)
{
	struct bp_python_frame frames[BP_PYTHON_FRAMES];
	uint64_t fsbase = target_thread(target, name);
	struct python_loop loop, judged;
	int nr;

	assert_int_equal(python_thread_loop(target->python, fsbase, &loop), 0);
	nr = python_frames(target->python, fsbase, frames, BP_PYTHON_FRAMES);
	assert_true(nr > 0);
	assert_int_equal(python_frames_loop(target->python, frames, (size_t)nr, &judged), 0);
	assert_int_equal(judged.run_onces, loop.run_onces);
	assert_int_equal(judged.in_own_select, loop.in_own_select);
	assert_int_equal(judged.loop_object, 0);
	assert_int_equal(judged.epoll_fd, -1);
	return loop;
}

static void check_blocked(struct target *target, const char *name)
{
	char **fields = target_find_line(target, "task", name)->fields;
	struct python_loop loop = loop_of(target, name);
	char task[NAME_BYTES], coro[NAME_BYTES];
	const char *expected = fields[3];

	assert_int_equal(loop.run_onces, 1);
	assert_false(loop.in_own_select);
	assert_int_equal(loop.loop_object, target_number(target, "loop", name, 2));
	assert_int_equal(loop.epoll_fd, target_number(target, "loop", name, 3));
	assert_int_equal(loop.task, target_number(target, "task", name, 2));
	assert_int_equal(
		python_task(target->python, loop.task, task, sizeof(task), coro, sizeof(coro)), 0);
	if (strcmp(expected, "?") == 0) {
		assert_int_equal(strncmp(task, "Task-", 5), 0);
		assert_true(isdigit((unsigned char)task[5]));
	} else {
		assert_int_equal(strncmp(task, expected, NAME_BYTES - 1), 0);
		assert_int_equal(strlen(task),
				 strlen(expected) < NAME_BYTES ? strlen(expected) : NAME_BYTES - 1);
	}
	/* Before 3.11 frames have plain names, coroutines always qualified ones. */
	assert_string_equal(coro, fields[4]);
}

static void tasks_are_known(void **state)
{
	struct target *target = loops_start(state);
	size_t nr = 0;

	for (size_t i = 0; i < target->nr; i++) {
		if (strcmp(target->lines[i].fields[0], "task") == 0) {
			check_blocked(target, target->lines[i].fields[1]);
			nr++;
		}
	}
	assert_true(nr >= 12);
}

/* From the innermost coroutine outwards, whatever that has called: as for a greenlet's thread. */
static void frames_of_a_task(void **state)
{
	static const char *const names[] = { "innermost", "middle", "outermost" };
	struct target *target = loops_start(state);
	struct bp_python_frame frames[BP_PYTHON_FRAMES];
	uint64_t task = target_number(target, "task", "chain", 2);
	struct python_loop loop;
	struct python_name name;
	int nr = python_task_frames(target->python, task, frames, BP_PYTHON_FRAMES);

	assert_true(nr > 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(python_frame_name(target->python, &frames[i], &name), 0);
		assert_string_equal(name.fn, names[i]);
	}
	assert_int_equal(python_frames_loop(target->python, frames, (size_t)nr, &loop), 0);
	assert_int_equal(loop.run_onces, 1);
	assert_int_equal(python_task_frames(target->python, task, frames, 2), 2);
	/* what is no task has none */
	assert_true(python_task_frames(target->python, task + 16, frames, BP_PYTHON_FRAMES) < 0);
}

/* Where a thread's loop is takes a word or two of each of many objects, most of which lie side by side. */
static void a_look_asks_little(void **state)
{
	enum { ASKS = 10000 };
	struct target *target = target_start(*state, "loops.py");
	struct memory below = { process_memory(), target->pid };
	struct budget_memory budget;
	const struct memory memory = memory_in_time(&budget, below, ASKS);
	struct python_loop loop;
	uint64_t fsbase;

	target_wait_ready(target);
	assert_int_equal(python_open(&target->python, &memory, target_symbols(target)), 0);
	fsbase = target_thread(target, "chain");
	/* types and functions are known then */
	assert_int_equal(python_thread_loop(target->python, fsbase, &loop), 0);
	budget.left = ASKS;
	assert_int_equal(python_thread_loop(target->python, fsbase, &loop), 0);
	print_message("by %d questions\n", (int)(ASKS - budget.left));
	assert_int_equal(loop.task, target_number(target, "task", "chain", 2));
	assert_true(ASKS - budget.left < 80);
}

static void copy_snippet(struct target *target, struct bp_snippet *snippet, uint64_t addr)
{
	struct iovec local = { snippet->bytes, sizeof(snippet->bytes) };
	struct iovec remote = { (void *)(uintptr_t)addr, sizeof(snippet->bytes) };

	assert_true(process_vm_readv(target->pid, &local, 1, &remote, 1, 0) > 0);
	snippet->addr = addr;
}

static uint64_t snippet_word(const struct bp_snippet *snippet, unsigned int at)
{
	uint64_t word;

	assert_true(at + sizeof(word) <= sizeof(snippet->bytes));
	memcpy(&word, snippet->bytes + at, sizeof(word));
	return word;
}

/* As the kernel side copies them, and then the memory of the task is something else. */
static void tasks_are_known_later(void **state)
{
	static const char *const names[] = { "clocked", "unnamed", "subclass" };
	struct target *target = loops_start(state);
	char task[2][NAME_BYTES], coro[2][NAME_BYTES];
	struct bp_python layout;

	assert_int_equal(python_layout(target->python, &layout), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t addr = target_number(target, "task", names[i], 2);
		struct bp_task copied = { 0 };
		unsigned char zeros[BP_SNIPPET_BYTES] = { 0 };
		struct iovec local = { zeros, layout.task_name + 8 };
		struct iovec remote = { (void *)(uintptr_t)addr, layout.task_name + 8 };

		assert_int_equal(
			python_task(target->python, addr, task[0], NAME_BYTES, coro[0], NAME_BYTES),
			0);
		copy_snippet(target, &copied.task, addr);
		copy_snippet(target, &copied.name, snippet_word(&copied.task, layout.task_name));
		copy_snippet(target, &copied.coro, snippet_word(&copied.task, layout.task_coro));
		copy_snippet(target, &copied.coro_name,
			     snippet_word(&copied.coro, layout.coro_qualname));
		assert_int_equal(process_vm_writev(target->pid, &local, 1, &remote, 1, 0),
				 local.iov_len);
		assert_true(python_task(target->python, addr, task[1], NAME_BYTES, coro[1],
					NAME_BYTES) < 0);
		assert_int_equal(python_task_copied(target->python, &copied, task[1], NAME_BYTES,
						    coro[1], NAME_BYTES),
				 0);
		assert_string_equal(task[1], task[0]);
		assert_string_equal(coro[1], coro[0]);
	}
}

static void names_are_cut_between_characters(void **state)
{
	struct target *target = loops_start(state);
	uint64_t task = target_number(target, "task", "method", 2);
	const char *name = target_find_line(target, "task", "method")->fields[3];
	char cut[64], coro[64];

	for (size_t size = 1; size <= strlen(name) + 1; size++) {
		size_t length;

		assert_int_equal(python_task(target->python, task, cut, size, coro, size), 0);
		length = strlen(cut);
		assert_true(length < size && length + 4 >= size);
		assert_memory_equal(cut, name, length);
		assert_true((name[length] & 0xc0) != 0x80);
	}
}

static void turn_start_is_in_time(void **state)
{
	struct target *target = loops_start(state);
	struct python_loop loop = loop_of(target, "clocked");
	uint64_t before = 0, after = 0;

	for (size_t i = 0; i < target->nr; i++) {
		char **fields = target->lines[i].fields;

		if (strcmp(fields[0], "clock") || strcmp(fields[1], "clocked"))
			continue;
		*(strcmp(fields[2], "before") ? &after : &before) = strtoull(fields[3], NULL, 10);
	}
	assert_true(before && after);
	/* A float has some 50 ns of error after half a year; asyncio adds the clock's resolution. */
	assert_in_range(loop.turn_start_ns, before - 1000, after + 1000);
}

static void idle_loops(void **state)
{
	static const char *const names[] = { "idle", "counting", "wrapping", "poll" };
	struct target *target = loops_start(state);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct python_loop loop = loop_of(target, names[i]);

		assert_int_equal(loop.run_onces, 1);
		assert_true(loop.in_own_select);
		assert_int_equal(loop.turn_start_ns, 0);
		assert_int_equal(loop.task, 0);
		assert_int_equal(loop.loop_object, target_number(target, "loop", names[i], 2));
		if (strcmp(names[i], "poll"))
			assert_int_equal(loop.epoll_fd, target_number(target, "loop", names[i], 3));
		else
			assert_int_equal(loop.epoll_fd, -1);
	}
}

/* The outer loop blocks in the inner one's wait. */
static void nested_loops(void **state)
{
	struct target *target = loops_start(state);
	struct python_loop loop = loop_of(target, "nested");

	assert_int_equal(loop.run_onces, 2);
	assert_false(loop.in_own_select);
	assert_int_equal(loop.loop_object, target_number(target, "loop", "nested", 2));
	assert_int_equal(loop.epoll_fd, target_number(target, "loop", "nested", 3));
	assert_true(loop.task);
	assert_true(loop.turn_start_ns);
}

static void neither_task_nor_wait(void **state)
{
	struct target *target = loops_start(state);
	struct python_loop loop = loop_of(target, "callback");
	char name[NAME_BYTES], coro[NAME_BYTES];

	assert_int_equal(loop.run_onces, 1);
	assert_false(loop.in_own_select);
	assert_int_equal(loop.task, 0);
	assert_true(loop.turn_start_ns);

	/* Its select() is one, but what it calls is not. */
	loop = loop_of(target, "blocking_select");
	assert_int_equal(loop.run_onces, 1);
	assert_false(loop.in_own_select);

	loop = loop_of(target, "no_loop");
	assert_int_equal(loop.run_onces, 0);
	assert_false(loop.in_own_select);
	assert_int_equal(loop.loop_object, 0);
	assert_int_equal(loop.epoll_fd, -1);
	assert_int_equal(python_thread_loop(target->python, 4096, &loop), -ESRCH);

	/* A loop, an address in nothing, and one in the middle of a task are no tasks. */
	assert_true(python_task(target->python, target_number(target, "loop", "idle", 2), name,
				sizeof(name), coro, sizeof(coro)) < 0);
	assert_true(python_task(target->python, 8, name, sizeof(name), coro, sizeof(coro)) < 0);
	assert_true(python_task(target->python, target_number(target, "task", "method", 2) + 8,
				name, sizeof(name), coro, sizeof(coro)) < 0);
}

/* What asyncio says of itself, whatever frames show. */
static void running_loops(void **state)
{
	static const char *const running[] = { "idle", "clocked", "callback", "handmade",
					       "nested" };
	static const char *const none[] = { "ended", "no_loop" };
	struct target *target = loops_start(state);
	struct python_loop loop;

	for (size_t i = 0; i < sizeof(running) / sizeof(running[0]); i++) {
		loop = loop_of(target, running[i]);
		assert_true(loop.said);
		assert_false(loop.left);
		assert_true(loop.whole);
		assert_int_equal(loop.ghosts, 0);
		assert_int_equal(loop.guest, !strcmp(running[i], "handmade"));
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		loop = loop_of(target, none[i]);
		assert_false(loop.said);
		assert_true(loop.left);
	}
	loop = loop_of(target, "handmade");
	assert_int_equal(loop.run_onces, 0);
	assert_int_equal(loop.loop_object, target_number(target, "loop", "handmade", 2));
	assert_int_equal(loop.epoll_fd, target_number(target, "loop", "handmade", 3));
	/* one that says that it runs elsewhere */
	loop = loop_of(target, "other_thread");
	assert_false(loop.said);
	assert_false(loop.left);
	assert_int_equal(loop.loop_object, 0);
}

static void tasks_know_their_thread(void **state)
{
	struct target *target = loops_start(state);
	uint64_t task = target_number(target, "task", "method", 2);

	assert_true(python_task_is_on(target->python, task, target_thread(target, "method")));
	assert_false(python_task_is_on(target->python, task, target_thread(target, "clocked")));
	assert_false(python_task_is_on(target->python, 8, target_thread(target, "method")));
}

static void hosts(void **state)
{
	struct target *target = loops_start(state);
	char host[NAME_BYTES];

	assert_int_equal(python_getaddrinfo_host(target->python,
						 target_thread(target, "resolve_text"), host,
						 sizeof(host)),
			 0);
	assert_string_equal(host, "db.example.org");
	assert_int_equal(python_getaddrinfo_host(target->python,
						 target_thread(target, "resolve_bytes"), host,
						 sizeof(host)),
			 0);
	assert_string_equal(host, "bytes.example");
	assert_int_equal(python_getaddrinfo_host(target->python,
						 target_thread(target, "resolve_wide"), host,
						 sizeof(host)),
			 0);
	assert_string_equal(host, "b\u00fccher.example");
	assert_int_equal(python_getaddrinfo_host(target->python,
						 target_thread(target, "resolve_text"), host, 4),
			 0);
	assert_string_equal(host, "db.");
	assert_int_equal(python_getaddrinfo_host(target->python,
						 target_thread(target, "resolve_none"), host,
						 sizeof(host)),
			 -ENOENT);
	assert_int_equal(python_getaddrinfo_host(target->python, target_thread(target, "no_loop"),
						 host, sizeof(host)),
			 -ENOENT);
	assert_int_equal(python_getaddrinfo_host(target->python, 4096, host, sizeof(host)),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(tasks_are_known),
		EACH_PYTHON(a_look_asks_little),
		EACH_PYTHON(frames_of_a_task),
		EACH_PYTHON(tasks_are_known_later),
		EACH_PYTHON(names_are_cut_between_characters),
		EACH_PYTHON(turn_start_is_in_time),
		EACH_PYTHON(idle_loops),
		EACH_PYTHON(nested_loops),
		EACH_PYTHON(neither_task_nor_wait),
		EACH_PYTHON(running_loops),
		EACH_PYTHON(tasks_know_their_thread),
		EACH_PYTHON(hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
