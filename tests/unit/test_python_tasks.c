// SPDX-License-Identifier: GPL-2.0-or-later
/* All tasks of an interpreter, against what the program says of them; and of hostile ones. */
#include "python/target.h"

#include "runtime/python/interpreter.h"
#include "runtime/python/tasks.h"
#include "runtime/python/threads.h"

#define WORKLOAD    "../../workloads/tasks.py"
#define TASKS_MAX   20000
#define CHAIN_BYTES 16384
#define ROUNDS	    60

struct seen {
	size_t nr;
	struct {
		char name[64];
		const char *state;
		char *chain;
		char awaits[PYTHON_AWAITS_BYTES + 16];
		uint64_t pthread;
	} v[TASKS_MAX];
};

static struct seen seen;

static const char *state_name(enum python_task_state state)
{
	static const char *const names[] = { "pending", "ready", "running", "done", "cancelled" };

	return names[state];
}

static void see(void *context, const struct python_task_info *task)
{
	struct seen *all = context;
	char chain[CHAIN_BYTES] = "";
	size_t used = 0;

	assert_true(all->nr < TASKS_MAX);
	assert_true(*task->name); /* all of the workload have one, also while they come and go */
	snprintf(all->v[all->nr].name, sizeof(all->v[0].name), "%s", task->name);
	all->v[all->nr].state = state_name(task->state);
	for (unsigned int i = 0; i < task->nr; i++)
		used += (size_t)snprintf(chain + used, sizeof(chain) - used, "%s%s@%s:%u",
					 i ? ">" : "", task->chain[i].fn, task->chain[i].file,
					 task->chain[i].line);
	assert_true(used < sizeof(chain));
	all->v[all->nr].chain = strdup(chain);
	snprintf(all->v[all->nr].awaits, sizeof(all->v[0].awaits), "%s%s%s",
		 task->awaits.kind ? task->awaits.kind : "-", *task->awaits.name ? " " : "",
		 task->awaits.name);
	if (task->awaits.kind && !strcmp(task->awaits.kind, "sleep"))
		assert_true(task->awaits.seconds == 3600 || task->awaits.seconds == 3600.5);
	all->v[all->nr].pthread = task->pthread;
	all->nr++;
}

static void forget(void)
{
	while (seen.nr)
		free(seen.v[--seen.nr].chain);
}

static struct target *start(void **state, const char *mode, const char *count)
{
	char interpreter[512], path[512];
	struct target *target;

	forget(); /* of a test that failed */
	if (!target_find(*state, interpreter, sizeof(interpreter)))
		skip();
	target_script(WORKLOAD, path, sizeof(path));
	target = target_run((char *[]){ interpreter, path, (char *)mode, (char *)count, NULL });
	target_wait_ready(target);
	usleep(100000); /* it is about to read, and its tasks about to start */
	target_open(target);
	return target;
}

/* Threads of which the workload names one with each task. */
static size_t pthreads_of(struct target *target, uint64_t *pthreads, size_t max)
{
	size_t nr = 0;

	for (size_t i = 0; i < target->nr && nr < max; i++)
		pthreads[nr++] = strtoull(target->lines[i].fields[5], NULL, 0);
	return nr;
}

static bool is_seen(const char *name)
{
	for (size_t i = 0; i < seen.nr; i++)
		if (!strcmp(seen.v[i].name, name))
			return true;
	return false;
}

static void check_task(const struct report *line)
{
	bool is_cut = strstr(line->fields[3], "recursive") != NULL;

	for (size_t i = 0; i < seen.nr; i++) {
		if (strcmp(seen.v[i].name, line->fields[1]) != 0)
			continue;
		assert_string_equal(seen.v[i].state, line->fields[2]);
		if (is_cut)
			assert_memory_equal(seen.v[i].chain, line->fields[3], 1000);
		else
			assert_string_equal(seen.v[i].chain, line->fields[3]);
		if (strcmp(line->fields[4], "?") != 0)
			assert_string_equal(seen.v[i].awaits, line->fields[4]);
		assert_int_equal(seen.v[i].pthread, strtoull(line->fields[5], NULL, 0));
		return;
	}
	fail_msg("no task %s", line->fields[1]);
}

static void as_the_program_sees_them(void **state)
{
	struct target *target = start(state, "kinds", NULL);
	struct python_tasks_counts counts;
	uint64_t pthreads[64];
	size_t nr = pthreads_of(target, pthreads, 64);

	assert_int_equal(python_tasks(target->python, pthreads, nr, see, &seen, &counts), 0);
	for (size_t i = 0; i < target->nr; i++)
		check_task(&target->lines[i]);
	assert_int_equal(counts.reported, target->nr);
	assert_int_equal(seen.nr, target->nr);
	assert_int_equal(counts.unsteady + counts.unreadable + counts.left_out, 0);
	assert_true(seen.nr >= 25);
	forget();
}

static void a_great_many(void **state)
{
	struct target *target = start(state, "many", "10000");
	struct python_tasks_counts counts;
	size_t workers = 0;

	assert_int_equal(python_tasks(target->python, NULL, 0, see, &seen, &counts), 0);
	assert_int_equal(counts.reported + counts.unsteady, 10000);
	for (size_t i = 0; i < seen.nr; i++)
		workers += !strncmp(seen.v[i].chain, "worker@", 7) &&
			   strstr(seen.v[i].chain, ">fetch@") && !strcmp(seen.v[i].awaits, "event");
	assert_int_equal(workers, 10000);
	forget();
}

/* A chain of the workload's own coroutines has its calls in order, whatever happens meanwhile. */
static bool is_possible(const char *chain)
{
	const char *at = chain;
	int shorts = 0;

	if (!strncmp(chain, "churn@", 6) || !strncmp(chain, "worker@", 7))
		return true;
	if (strncmp(chain, "short_lived@", 12) != 0)
		return false;
	while ((at = strchr(at, '>')) != NULL) {
		at++;
		if (!strncmp(at, "short@", 6))
			shorts++;
		else if (strncmp(at, "sleep@", 6) != 0 && strncmp(at, "__sleep0@", 9) != 0)
			return false;
	}
	return shorts <= 5;
}

static void while_they_come_and_go(void **state)
{
	struct target *target = start(state, "churn", NULL);

	for (int round = 0; round < ROUNDS; round++) {
		struct python_tasks_counts counts;
		size_t steady = 0;
		int err = python_tasks(target->python, NULL, 0, see, &seen, &counts);

		for (size_t i = 0; i < seen.nr; i++) {
			bool running = !strcmp(seen.v[i].state, "running");

			if (!strncmp(seen.v[i].name, "steady-", 7)) {
				assert_string_equal(seen.v[i].state, "pending");
				assert_non_null(strstr(seen.v[i].chain, ">fetch@"));
				assert_string_equal(seen.v[i].awaits, "event");
				steady++;
			} else if (seen.v[i].chain[0] && !running) {
				if (!is_possible(seen.v[i].chain))
					fail_msg("no such chain: %s", seen.v[i].chain);
			}
		}
		if (!err)
			assert_int_equal(steady, 50);
		forget();
	}
}

static void ignore(void *context, const struct python_task_info *task)
{
	size_t *length = context;

	*length += strlen(task->name) + strlen(task->awaits.name) + strlen(task->awaits.type);
	for (unsigned int i = 0; i < task->nr; i++)
		*length += strlen(task->chain[i].fn) + strlen(task->chain[i].file);
}

/* A reader that spoils what another one gives. */
struct spoiler {
	struct memory memory;
	long one_in;
};

static int spoiling_read(void *context, uint64_t addr, void *buf, size_t size)
{
	struct spoiler *spoiler = context;
	int err = memory_read(&spoiler->memory, addr, buf, size);
	/* pages are read whole: a spoilt word for each so many */
	size_t words = size / 8, nr = words / 512 + (random() % spoiler->one_in == 0);

	for (size_t i = 0; i < nr && words && !err && spoiler->one_in < 1000; i++) {
		uint64_t from = (size_t)random() % words, word;

		memcpy(&word, (char *)buf + from * 8, 8);
		switch (random() % 4) {
		case 0:
			word = (uint64_t)random() << 32 ^ (uint64_t)random();
			break;
		case 1:
			word += (uint64_t)(random() % 5 - 2) * 8;
			break;
		case 2:
			word = (uint64_t)random() % 70000;
			break;
		}
		memcpy((char *)buf + (size_t)random() % words * 8, &word, 8);
	}
	return err ? err : random() % (spoiler->one_in * 20) ? 0 : -EFAULT;
}

static void spoilt_memory(void **state)
{
	struct target *target = start(state, "kinds", NULL);
	struct spoiler spoiler = { .memory = target->python->memory };
	struct python_tasks_counts counts;
	uint64_t pthreads[4];
	size_t nr = pthreads_of(target, pthreads, 4), length = 0;
	uint64_t reported = 0;

	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		struct memory honest = target->python->memory;
		struct made_memory made;

		spoiler.one_in = 1 + random() % 40;
		target->python->memory = memory_made(&made, spoiling_read, &spoiler);
		target->python->memory.pid = honest.pid; /* where _asyncio is mapped */
		python_tasks(target->python, pthreads, nr, ignore, &length, &counts);
		target->python->memory = honest;
		reported += counts.reported;
		assert_true(counts.reported <= PYTHON_TASKS_MAX);
	}
	assert_true(reported > 0);
}

static void endless_memory(void **state)
{
	uint64_t seed, threads[] = { 0x7f0000001000, 0x10 };

	(void)state;
	for (unsigned int minor = PY_MINOR_MIN; minor <= PY_MINOR_MAX; minor++) {
		for (seed = 1; seed <= 3; seed++) {
			struct made_memory made;
			struct memory memory = memory_made(&made, endless_read, &seed);
			struct python *python = py_new(&memory);
			struct python_tasks_counts counts;
			size_t length = 0;

			assert_non_null(python);
			python->runtime = 0x400000 + seed * 8;
			python->layout = *py_layout_of(minor);
			python_tasks(python, threads, 2, ignore, &length, &counts);
			python_close(python);
		}
	}
}

/* Wherever memory stops coming in time: all tasks, each whole, or it is said that they are not. */
static void memory_that_is_late(void **state)
{
	struct target *target = start(state, "kinds", NULL);
	struct memory honest = target->python->memory;
	struct python_tasks_counts counts;
	struct budget_memory budget;
	uint64_t pthreads[64], left = 0;
	size_t nr = pthreads_of(target, pthreads, 64);
	int err;

	do {
		forget();
		target->python->memory = memory_in_time(&budget, honest, left);
		err = python_tasks(target->python, pthreads, nr, see, &seen, &counts);
		target->python->memory = honest;
		assert_true(err == 0 || err == -ETIMEDOUT);
		assert_int_equal(counts.reported, seen.nr);
		if (err)
			assert_int_equal(counts.reported, 0);
		else
			assert_int_equal(counts.reported + counts.unsteady, target->nr);
		for (size_t i = 0; i < target->nr; i++)
			if (is_seen(target->lines[i].fields[1]))
				check_task(&target->lines[i]);
		left += left < 50 ? 1 : 23;
	} while (budget.source.late);
	assert_int_equal(counts.unsteady, 0);
	assert_true(left > 100);
	forget();
}

static void without_asyncio(void **state)
{
	struct target *target = target_start(*state, "late.py");
	struct python_tasks_counts counts;
	size_t length = 0;

	target_wait_ready(target);
	target_open(target);
	assert_int_equal(python_tasks(target->python, NULL, 0, ignore, &length, &counts), -ENOENT);
	assert_int_equal(counts.reported, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(as_the_program_sees_them), EACH_PYTHON(a_great_many),
		EACH_PYTHON(while_they_come_and_go),   EACH_PYTHON(spoilt_memory),
		EACH_PYTHON(without_asyncio),	       EACH_PYTHON(memory_that_is_late),
		cmocka_unit_test(endless_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
