// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns of an asyncio loop: whose they are and when they began, as its interpreter shows. */
#include "engine_fixture.h"

static const struct fake_code codes[] = { { 0x3000, { "work", "/app/work.py", 5 } }, { 0 } };
static struct python python;

static struct test *start_asyncio(void **state)
{
	struct test *test;

	python = (struct python){
		.codes = codes,
		.thread_loop = { .run_onces = 1,
				 .in_own_select = true,
				 .loop_object = 0xabc0,
				 .epoll_fd = 5 },
		.frames_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = -1 },
	};
	fake_python = &python;
	fake_python_err = 0;
	test = start(state);
	send_candidate(test, 1);
	fake_python_err = -ENOENT;
	assert_int_equal(test->loops, 1);
	assert_string_equal(test->runtime, "asyncio");
	assert_string_equal(test->loop.runtime_version, "3.11.7");
	assert_int_equal(test->probe.slot[SLOT].loop_object, 0xabc0);
	assert_int_equal(test->probe.python.version, 0x30b);
	python.frames_loop = (struct python_loop){ .run_onces = 1, .epoll_fd = -1 };
	now_ns += 500 * MS;
	return test;
}

static struct bp_slice python_slice(uint64_t seq, int syscall, uint64_t ns)
{
	struct bp_slice slice = slice_of(seq, syscall, ns, 0x1000);

	slice.capture.stack.python_nr = 1;
	slice.capture.stack.python[0].code = 0x3000;
	return slice;
}

static void test_task(void **state)
{
	struct test *test = start_asyncio(state);
	struct bp_slice slice = python_slice(7, SYS_clock_nanosleep, 150 * MS);
	char version[32];

	slice.capture.stack.task = 12;
	slice.capture.task.task.addr = 12;
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_string_equal(test->stalls[0].slices.v[0].task_name, "Task-12");
	assert_string_equal(test->stalls[0].slices.v[0].task_coro, "coro_12");
	assert_string_equal(engine_interpreter(test->engine, getpid(), version, sizeof(version)),
			    "CPython 3.11.7");
	assert_false(engine_unreadable(test->engine, getpid()));
}

/* The loop was made anew, asyncio.run() again: what looked like a turn was its wait. */
static void test_wait_moved(void **state)
{
	struct test *test = start_asyncio(state);
	struct bp_slice slice;

	python.frames_loop.in_own_select = true;
	slice = python_slice(7, SYS_epoll_wait, 300 * MS);
	slice.capture.block.wait_class = BP_WAIT_EPOLL;
	slice.capture.block.wait_id = 11;
	send_used(test, &slice);
	send_turn(test, 7, 300 * MS, (struct bp_ledger){ .blocked_ns = 300 * MS });
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->probe.slot[SLOT].wait_id, 11);
	/* nothing of that turn any more, all of the next */
	python.frames_loop.in_own_select = false;
	send_slice(test, 7, SYS_fsync, 200 * MS, 0x1000);
	slice = python_slice(8, SYS_fsync, 150 * MS);
	send_used(test, &slice);
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	engine_finish(test->engine);
	assert_int_equal(test->nr_blocked, 0);
}

/* asyncio.run() returned: what the program does then is no turn, what it did before is. */
static void test_left(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	struct bp_slice slice;

	now_ns = began_ns + 130 * MS;
	slice = python_slice(7, SYS_fsync, 120 * MS);
	slice.turn_start_ns = began_ns;
	send_used(test, &slice);
	engine_run(test->engine);
	now_ns = began_ns + 5 * S;
	python.frames_loop.run_onces = 0;
	slice = python_slice(7, SYS_clock_nanosleep, 4 * S);
	slice.turn_start_ns = began_ns;
	send_used(test, &slice);
	test->probe.slot[SLOT].turn.cpu_ns = 700 * MS; /* has gone on since */
	send_turn(test, 7, 5 * S, (struct bp_ledger){ .blocked_ns = 5 * S });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].duration_ns, 130 * MS);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 120 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 10 * MS);
	assert_slice(&test->stalls[0].slices, CAUSE_FILE, 120 * MS, 1);
	assert_int_equal(test->stalls[0].cause, CAUSE_FILE);
}

/* It ended without another wait: up to where it was seen in its loop. */
static void test_turn_cut_by_the_end(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	struct bp_slice slice;
	struct bp_turn turn;

	now_ns = began_ns + 150 * MS;
	slice = python_slice(7, SYS_fsync, 150 * MS);
	send_used(test, &slice);
	now_ns = began_ns + 900 * MS;
	turn = turn_of(7, 900 * MS,
		       (struct bp_ledger){ .blocked_ns = 150 * MS, .cpu_ns = 750 * MS });
	turn.delayed_events = -1;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 0);
	/* nothing was seen of this one */
	turn.turn_seq = 8;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
}

/* Waits that did not sleep were not seen: the loop's own note says when its turn began. */
static void begin_unseen(struct test *test, uint64_t began_ns)
{
	test->probe.waits_always = false;
	set_blocked(test, 7, began_ns, began_ns + 300 * MS);
	test->probe.slice[SLOT].capture.stack.python_nr = 1;
	test->probe.slice[SLOT].capture.stack.python[0].code = 0x3000;
	now_ns = began_ns + 310 * MS;
	python.thread_loop = (struct python_loop){ .run_onces = 1, .epoll_fd = 5 };
}

static void test_start_is_later(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;

	begin_unseen(test, began_ns);
	python.thread_loop.turn_start_ns = began_ns + 250 * MS;
	engine_run(test->engine);
	assert_true(test->probe.waits);
	assert_int_equal(test->nr_stalls, 0); /* 60 ms */
	now_ns = began_ns + 400 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].mono_ns, began_ns + 250 * MS);
	assert_int_equal(test->stalls[0].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 100 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 50 * MS);
	/* and so it ends */
	test->probe.slot[SLOT].in_turn = 0;
	test->probe.slot[SLOT].state = BP_WAITING;
	send_turn(test, 7, 400 * MS,
		  (struct bp_ledger){
			  .cpu_ns = 280 * MS, .runqueue_ns = 20 * MS, .blocked_ns = 100 * MS });
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[1].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[1].ledger.cpu_ns, 30 * MS);
	assert_int_equal(test->stalls[1].ledger.runqueue_ns, 20 * MS);
	assert_int_equal(test->stalls[1].ledger.blocked_ns, 100 * MS);
}

/* The note is the target's memory: a time that has not come makes no turn of 584 years. */
static void test_start_in_the_future(void **state)
{
	static const uint64_t later[] = { 1, 50 * MS, 3600 * S, UINT64_MAX / 2 };

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		struct test *test = start_asyncio(state);
		uint64_t began_ns = now_ns;

		begin_unseen(test, began_ns);
		python.thread_loop.turn_start_ns = now_ns + later[i];
		engine_run(test->engine);
		engine_finish(test->engine);
		assert_true(test->nr_stalls > 0);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_int_equal(test->stalls[k].duration_ns, now_ns - began_ns);
		teardown(state);
		setup(state);
	}
}

/* A turn that may have been several: counted, not told, its blocks kept. */
static void test_doubtful_turn(void **state)
{
	struct test *test = start_asyncio(state);
	struct summary_record summary;
	uint64_t began_ns = now_ns;

	begin_unseen(test, began_ns);
	python.thread_err = -ESRCH; /* the loop does not say */
	test->probe.slot[SLOT].slept_ns = began_ns;
	test->probe.slot[SLOT].state = BP_RUNNING;
	engine_run(test->engine); /* the probes for waits are on from here */
	assert_true(test->probe.waits);
	forget_reported(test);
	test->probe.slot[SLOT].in_turn = 0;
	send_turn(test, 7, 310 * MS, (struct bp_ledger){ .cpu_ns = 310 * MS });
	assert_int_equal(test->nr_stalls, 0);
	/* what came after is beyond doubt */
	now_ns += 150 * MS;
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .cpu_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_lost, 1);
	assert_string_equal(summary.lost[0].name, "turns_doubtful");
	summary_free(&summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_task),	   TEST(test_wait_moved),
		TEST(test_left),	   TEST(test_turn_cut_by_the_end),
		TEST(test_start_is_later), TEST(test_start_in_the_future),
		TEST(test_doubtful_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
