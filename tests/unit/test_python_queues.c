// SPDX-License-Identifier: GPL-2.0-or-later
/* What an asyncio loop has still to do, against what the target says of itself. */
#include "python/target.h"
#include "runtime/python/queues.h"

#define SECOND 1000000000ull
#define MAX    64

static struct target *queues_start(void **state)
{
	struct target *target = target_start(*state, "queues.py");

	target_wait_ready(target);
	target_open(target);
	return target;
}

static void ready_callbacks_are_counted(void **state)
{
	struct target *target = queues_start(state);
	uint64_t busy = target_number(target, "loop", "busy", 2);
	int64_t nr = -1;

	assert_int_equal(python_loop_ready(target->python, busy, &nr), 0);
	assert_int_equal(nr, 5);
	assert_int_equal(
		python_loop_ready(target->python, target_number(target, "loop", "idle", 2), &nr),
		0);
	assert_int_equal(nr, 0);
	/* what is no loop */
	assert_true(python_loop_ready(target->python, busy + 8, &nr) < 0);
	assert_true(python_loop_ready(target->python, 8, &nr) < 0);
}

static void timers_are_known(void **state)
{
	struct target *target = queues_start(state);
	uint64_t busy = target_number(target, "loop", "busy", 2), seen = 0, due_ns[MAX];
	uint64_t now_ns = target_number(target, "loop", "busy", 3);

	assert_int_equal(python_loop_timers(target->python, busy, due_ns, MAX), 8);
	for (int i = 0; i < 8; i++) {
		uint64_t number = (due_ns[i] - now_ns) / SECOND - 100;

		assert_true(number < 10);
		assert_true(due_ns[i] - now_ns - (100 + number) * SECOND < SECOND / 2);
		seen |= 1ull << number;
	}
	assert_int_equal(seen, 0x3ff & ~(1ull << 3) & ~(1ull << 8));
	/* no more than there is room for */
	assert_int_equal(python_loop_timers(target->python, busy, due_ns, 2), 2);
	assert_int_equal(python_loop_timers(target->python, busy, due_ns, 0), 0);
	assert_int_equal(python_loop_timers(target->python,
					    target_number(target, "loop", "full", 2), due_ns, MAX),
			 MAX);
	assert_int_equal(python_loop_timers(target->python,
					    target_number(target, "loop", "idle", 2), due_ns, MAX),
			 0);
	assert_true(python_loop_timers(target->python, busy + 8, due_ns, MAX) < 0);
	assert_true(python_loop_timers(target->python, 8, due_ns, MAX) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(ready_callbacks_are_counted),
		EACH_PYTHON(timers_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
