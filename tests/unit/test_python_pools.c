// SPDX-License-Identifier: GPL-2.0-or-later
/* Pools of threads and tasks, against what the target says of itself. */
#include "python/target.h"
#include "runtime/python/pools.h"

#define WORKERS 32

static struct target *pools_start(void **state)
{
	struct target *target = target_start(*state, "pools.py");

	target_wait_ready(target);
	target_open(target);
	return target;
}

static void assert_pool(struct target *target, const char *name)
{
	uint64_t pool = target_number(target, "pool", name, 2), nr = 0, nr_busy = 0;
	struct python_worker workers[WORKERS];
	int nr_workers = python_workers(target->python, workers, WORKERS);

	assert_true(nr_workers > 0);
	for (int i = 0; i < nr_workers; i++) {
		nr += workers[i].pool == pool;
		nr_busy += workers[i].pool == pool && workers[i].busy;
	}
	assert_int_equal(nr, target_number(target, "pool", name, 3));
	assert_int_equal(nr_busy, target_number(target, "pool", name, 4));
}

static void workers_are_known(void **state)
{
	struct target *target = pools_start(state);
	struct python_worker workers[2];

	assert_pool(target, "full");
	assert_pool(target, "partly");
	assert_pool(target, "closing");
	/* no more than there is room for */
	assert_int_equal(python_workers(target->python, workers, 2), 2);
	assert_int_equal(python_workers(target->python, workers, 0), 0);
}

static void queues_are_known(void **state)
{
	struct target *target = pools_start(state);
	uint64_t full = target_number(target, "pool", "full", 2), items[8], nr;

	assert_int_equal(python_pool_queue(target->python, full, items, 8, &nr), 5);
	assert_int_equal(nr, 5);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < i; j++)
			assert_true(items[i] && items[i] != items[j]);
	assert_int_equal(python_pool_queue(target->python, full, items, 2, &nr), 2);
	assert_int_equal(nr, 5);
	assert_int_equal(python_pool_queue(target->python,
					   target_number(target, "pool", "partly", 2), items, 8,
					   &nr),
			 0);
	assert_int_equal(nr, 0);
	/* what tells workers to end is no work */
	assert_int_equal(python_pool_queue(target->python,
					   target_number(target, "pool", "closing", 2), items, 8,
					   &nr),
			 0);
	assert_int_equal(nr, 0);
	/* what is no queue */
	assert_true(python_pool_queue(target->python, full + 8, items, 8, &nr) < 0);
	assert_true(python_pool_queue(target->python, 8, items, 8, &nr) < 0);
}

static void tasks_are_counted(void **state)
{
	struct target *target = pools_start(state);
	uint64_t nr;

	assert_int_equal(python_tasks_count(target->python, &nr), 0);
	assert_int_equal(nr, target_number(target, "tasks", "all", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(workers_are_known),
		EACH_PYTHON(queues_are_known),
		EACH_PYTHON(tasks_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
