// SPDX-License-Identifier: GPL-2.0-or-later
/* Who held a turn up, in the words of the html page. */
#include "records.h"

#include "output/html_words.h"

static const struct frame in_flush[] = {
	{ .fn = "flush", .file = "/app/wal.py", .line = 12, .kind = FRAME_PYTHON },
};

/* Done by pid. */
static struct culprit does(pid_t pid, enum cause cause, uint64_t ns, struct stack *stack)
{
	return (struct culprit){
		.kind = CULPRIT_OWNER,
		.pid = pid,
		.tid = pid,
		.comm = "db",
		.ns = ns,
		.seen = ns > 0,
		.cause = cause,
		.stack = stack,
	};
}

static void assert_said(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void a_link_has_all_who_were_in_it(void **state)
{
	struct culprit runners[] = {
		{ .kind = CULPRIT_RUNNER, .pid = 1, .comm = "cc1", .ns = 60 * MS },
		{ .kind = CULPRIT_RUNNER, .pid = 2, .comm = "ld", .ns = 40 * MS },
	};
	const struct culprits link = { runners, NR(runners) };

	(void)state;
	assert_said(html_link(&link), "meanwhile ran cc1[1] 60%, ld[2] 40%");
	assert_null(html_link_behind(&link));
}

static void a_link_leaves_out_those_behind_it(void **state)
{
	struct culprit last = does(3, CAUSE_SLEEP, 10 * MS, NULL);
	struct culprit first[] = { does(1, CAUSE_CPU, 10 * MS, NULL),
				   does(2, CAUSE_LOCK, 90 * MS, NULL) };
	const struct culprits link = { first, NR(first) };

	(void)state;
	first[1].culprits = (struct culprits){ &last, 1 };
	assert_said(html_link(&link), "held by db[1], which was on a CPU (10 ms), held by db[2], "
				      "which waited for a lock");
	assert_ptr_equal(html_link_behind(&link), &first[1].culprits);
}

static void the_culprit_is_the_last_of_the_chain_and_where_it_was(void **state)
{
	struct stack *stack = make_stack(in_flush, NR(in_flush));
	struct culprit last[] = {
		does(3, CAUSE_CPU, 0, NULL), /* that it holds the lock, and not what it does */
		does(3, CAUSE_RUNQUEUE, 70 * MS, NULL),
		does(3, CAUSE_CPU, 20 * MS, stack),
	};
	struct culprit first = does(1, CAUSE_LOCK, 90 * MS, NULL);
	const struct slice slice = { .cause = CAUSE_LOCK, .culprits = { &first, 1 } };

	(void)state;
	assert_said(html_culprit(&slice), "db[1]");
	first.culprits = (struct culprits){ last, NR(last) };
	assert_said(html_culprit(&slice), "db[3] in flush (app/wal.py:12)");
	last[2].idle = true;
	assert_said(html_culprit(&slice), "db[3]");
	stack_put(stack);
}

static void a_quota_is_told_with_its_cgroup(void **state)
{
	struct culprit cgroup = {
		.kind = CULPRIT_CGROUP,
		.cgroup = (char *)"/app.slice",
		.quota_ns = 5 * MS,
		.period_ns = 100 * MS,
	};
	const struct slice slice = { .cause = CAUSE_THROTTLED, .culprits = { &cgroup, 1 } };

	(void)state;
	assert_said(html_culprit(&slice), "cgroup /app.slice: 5 ms of each 100 ms");
}

static void who_holds_the_gil_is_no_target(void **state)
{
	struct stack *stack = make_stack(in_flush, NR(in_flush));
	struct slice slice = {
		.cause = CAUSE_GIL,
		.target = { .kind = TARGET_FUTEX, .addr = 0x1000 },
		.holder = { .pid = 1, .tid = 2, .comm = "python3", .stack = stack },
	};

	(void)state;
	assert_said(html_target(&slice), "the GIL");
	assert_said(html_culprit(&slice), "python3[1/2] in flush (app/wal.py:12)");
	slice.holder.collects = true;
	assert_said(html_target(&slice), "the GIL, for a garbage collection");
	stack_put(stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_has_all_who_were_in_it),
		cmocka_unit_test(a_link_leaves_out_those_behind_it),
		cmocka_unit_test(the_culprit_is_the_last_of_the_chain_and_where_it_was),
		cmocka_unit_test(a_quota_is_told_with_its_cgroup),
		cmocka_unit_test(who_holds_the_gil_is_no_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
