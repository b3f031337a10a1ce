// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns of an asyncio loop: whose they are and when they began, as its interpreter shows. */
#include "engine_fixture.h"

static const struct fake_code codes[] = {
	{ 0x3000, { .fn = "work", .file = "/app/work.py", .line = 5 } },
	{ 0x3010, { .fn = "serve", .file = "/app/serve.py", .line = 6 } },
	{ 0 },
};
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

/* It comes back to its wait three times before anyone has looked for an interpreter: that is done first, in its time. */
static void test_young_process(void **state)
{
	struct test *test = start_with(
		state, &(struct engine_options){ .threshold_ns = 100 * MS, .whole_system = true });

	fake_python = NULL;
	send_candidate(test, 1);
	python = (struct python){
		.codes = codes,
		.thread_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = 5 },
		.frames_loop = { .run_onces = 1, .in_own_select = true, .epoll_fd = -1 },
	};
	fake_python = &python;
	fake_python_err = 0;
	send_process(test, BP_RECORD_EXEC, getpid(), BP_NO_SLOT, false);
	send_candidate(test, 4);
	assert_int_equal(test->loops, 0);
	now_ns += 31 * MS;
	engine_run(test->engine);
	fake_python_err = -ENOENT;
	assert_int_equal(test->loops, 1);
	assert_string_equal(test->runtime, "asyncio");
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
}

/* What it was blocked in was not seen, nor whether it was in its loop then. */
static void test_unseen_block(void **state)
{
	struct test *test = start_asyncio(state);
	struct bp_slice slice = python_slice(8, SYS_clock_nanosleep, 150 * MS);

	send_turn(test, 7, 160 * MS,
		  (struct bp_ledger){ .blocked_ns = 150 * MS, .cpu_ns = 10 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].doubt, DOUBT_UNVOUCHED);
	now_ns += 500 * MS;
	slice.capture.since_ns = now_ns - 150 * MS;
	send(test, &slice, sizeof(slice));
	send_turn(test, 8, 160 * MS,
		  (struct bp_ledger){ .blocked_ns = 150 * MS, .cpu_ns = 10 * MS });
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[1].doubt, DOUBT_NONE);
}

/* -- a greenlet, which has a stack of its own -- */

/* A block of 150 ms in one that runs in a Task, as the kernel side sends it when it is over. */
static void send_in_greenlet(struct test *test, uint64_t seq, uint64_t loop)
{
	struct bp_slice slice = python_slice(seq, SYS_clock_nanosleep, 150 * MS);

	slice.capture.stack.task = 12;
	slice.capture.stack.python[0].loop = loop;
	send(test, &slice, sizeof(slice));
	send_turn(test, seq, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
}

static struct test *start_greenlet(void **state)
{
	struct test *test = start_asyncio(state);

	python.frames_loop.run_onces = 0;
	python.task_is_on = true;
	python.task_frame = 0x3010;
	python.asked_task = 12;
	return test;
}

/* It blocks in turn 7, and is looked at meanwhile. */
static void look_at_greenlet(struct test *test)
{
	set_blocked(test, 7, now_ns, now_ns);
	test->probe.slice[SLOT].capture.stack.python_nr = 1;
	test->probe.slice[SLOT].capture.stack.python[0] =
		(struct bp_python_frame){ .code = 0x3000, .loop = 0x7ffe };
	test->probe.slice[SLOT].capture.stack.task = 12;
	look_later(test, 50 * MS);
	now_ns += 100 * MS;
	test->probe.slot[SLOT].in_turn = 0;
	test->probe.slot[SLOT].state = BP_WAITING;
}

static const char *caller(const struct stack *stack)
{
	for (size_t i = 0; i + 1 < stack->nr; i++)
		if (!strcmp(stack->frames[i].fn, "work"))
			return stack->frames[i + 1].fn;
	return NULL;
}

/* While it blocks the frames of its Task are read: they are those that the loop called. */
static void test_greenlet_is_joined(void **state)
{
	struct test *test = start_greenlet(state);

	look_at_greenlet(test);
	send_in_greenlet(test, 7, 0x7ffe);
	assert_int_equal(test->nr_stalls, 1);
	assert_string_equal(caller(test->stalls[0].slices.v[0].stack), "serve");
}

/* What was read of one greenlet is not the next one's, nor of another turn; there is more, which is said. */
static void test_greenlet_is_cut(void **state)
{
	struct test *test = start_greenlet(state);

	look_at_greenlet(test);
	send_in_greenlet(test, 7, 0x7f00);
	assert_int_equal(test->nr_stalls, 1);
	assert_null(caller(test->stalls[0].slices.v[0].stack));
	assert_true(test->stalls[0].slices.v[0].stack->cut);
	now_ns += 150 * MS;
	send_in_greenlet(test, 8, 0x7ffe);
	assert_int_equal(test->nr_stalls, 2);
	assert_null(caller(test->stalls[1].slices.v[0].stack));
	assert_true(test->stalls[1].slices.v[0].stack->cut);
}

/* Frames whose names do not come in time may be anybody's: nothing is joined, and nothing said to lack. */
static void test_names_are_late(void **state)
{
	struct test *test = start_greenlet(state);
	struct bp_slice slice;

	look_at_greenlet(test);
	slice = python_slice(7, SYS_clock_nanosleep, 150 * MS);
	slice.capture.stack.task = 12;
	slice.capture.stack.python[0] = (struct bp_python_frame){ .code = 0x4000, .loop = 0x7ffe };
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_false(test->stalls[0].slices.v[0].stack->cut);
	for (size_t i = 0; i < test->stalls[0].slices.v[0].stack->nr; i++)
		assert_string_not_equal(test->stalls[0].slices.v[0].stack->frames[i].fn, "serve");
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
	/* nor was it a turn that is discarded: it was idle */
	assert_int_equal(test->nr_discarded, 0);
	/* nothing of that turn any more, all of the next */
	python.frames_loop.in_own_select = false;
	send_slice(test, 7, SYS_fsync, 200 * MS, 0x1000);
	slice = python_slice(8, SYS_fsync, 150 * MS);
	send_used(test, &slice);
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	engine_finish(test->engine, true);
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
	assert_int_equal(test->nr_discarded, 0);
}

/* The same, where nothing was reported of what came before. */
static void test_left_soon(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	struct bp_slice slice;

	/* it lasts, and is seen to be none */
	set_blocked(test, 7, began_ns, began_ns + 1 * MS);
	look_later(test, 150 * MS);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
	python.frames_loop.run_onces = 0;
	now_ns = began_ns + 5 * S;
	slice = python_slice(7, SYS_clock_nanosleep, 5 * S - 1 * MS);
	slice.turn_start_ns = began_ns;
	send_used(test, &slice);
	engine_run(test->engine);
	assert_int_equal(test->nr_withdrawn, 1);
	assert_string_equal(test->withdrawn[0].reason, "left");
	send_turn(test, 7, 5 * S, (struct bp_ledger){ .blocked_ns = 5 * S });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->nr_discarded, 1);
	assert_int_equal(test->discarded[0].reason, DISCARD_LEFT);
	assert_int_equal(test->discarded[0].ns, 5 * S);
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
	assert_int_equal(test->nr_discarded, 1);
	assert_int_equal(test->discarded[0].reason, DISCARD_GONE);
	assert_int_equal(test->discarded[0].ns, 900 * MS);
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

/* A sample stands for the time since the one before, also for what came before the turn's true start. */
static void test_sample_from_before_the_start(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	struct bp_slice sample;

	begin_unseen(test, began_ns);
	test->probe.slot[SLOT].state = BP_RUNNING;
	test->probe.slot[SLOT].slept_ns = began_ns;
	python.thread_loop.turn_start_ns = began_ns + 250 * MS;
	engine_run(test->engine);
	for (int i = 0; i < 2; i++) {
		now_ns = began_ns + 380 * MS + i * MS;
		sample = python_slice(7, SYS_read, i ? MS : 380 * MS);
		sample.header.type = BP_RECORD_SAMPLE;
		sample.capture.stack.python[0].code = i ? 0x3010 : 0x3000;
		send(test, &sample, sizeof(sample));
	}
	now_ns = began_ns + 400 * MS;
	test->probe.slot[SLOT].in_turn = 0;
	test->probe.slot[SLOT].state = BP_WAITING;
	send_turn(test, 7, 400 * MS, (struct bp_ledger){ .cpu_ns = 400 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].duration_ns, 150 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 150 * MS);
	assert_int_equal(total(&test->stalls[0].slices), 150 * MS);
	assert_int_equal(test->stalls[0].slices.nr, 2);
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
		engine_finish(test->engine, true);
		assert_true(test->nr_stalls > 0);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_int_equal(test->stalls[k].duration_ns, now_ns - began_ns);
		teardown(state);
		setup(state);
	}
}

/* A turn that may have been several is reported, and so is the doubt. */
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
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].doubt, DOUBT_UNVOUCHED);
	/* what came after is beyond doubt */
	now_ns += 150 * MS;
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .cpu_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[1].doubt, DOUBT_NONE);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_lost, 0);
	assert_int_equal(summary.nr_discarded, 0);
	assert_int_equal(summary.loops[0].stalls, 1);
	assert_int_equal(summary.loops[0].doubtful, 1);
	assert_int_equal(summary.loops[0].longest_ns, 310 * MS);
	summary_free(&summary);
}

/* What the loop has still to do is read while its turn is old, as its interpreter cannot be asked afterwards. */
static void test_backlog(void **state)
{
	struct test *test = start_asyncio(state);
	uint64_t began_ns = now_ns;
	const struct impact *impact;

	set_blocked(test, 7, began_ns, began_ns + MS);
	python.ready = 2;
	python.nr_due = 3;
	python.due_ns[0] = began_ns + 10 * MS;
	python.due_ns[1] = began_ns + 149 * MS;
	python.due_ns[2] = began_ns + 151 * MS;
	now_ns = began_ns + 80 * MS; /* it may be none for long yet */
	engine_run(test->engine);
	python.ready = 4;
	now_ns = began_ns + 90 * MS;
	engine_run(test->engine);
	python.ready = 9;
	now_ns = began_ns + 98 * MS;
	engine_run(test->engine);
	now_ns = began_ns + 150 * MS;
	test->probe.slot[SLOT].in_turn = 0;
	send_turn(test, 7, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->nr_stalls, 1);
	impact = &test->stalls[0].impact;
	assert_int_equal(impact->events, 3);
	assert_int_equal(impact->tasks_ready, 4);
	assert_int_equal(impact->timers_late, 2);
	/* of a turn that was not looked at nothing is known */
	now_ns += 500 * MS;
	send_turn(test, 8, 150 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(test->stalls[1].impact.tasks_ready, -1);
	assert_int_equal(test->stalls[1].impact.timers_late, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_task),
		TEST(test_greenlet_is_joined),
		TEST(test_greenlet_is_cut),
		TEST(test_names_are_late),
		TEST(test_wait_moved),
		TEST(test_left),
		TEST(test_left_soon),
		TEST(test_turn_cut_by_the_end),
		TEST(test_start_is_later),
		TEST(test_sample_from_before_the_start),
		TEST(test_start_in_the_future),
		TEST(test_doubtful_turn),
		TEST(test_young_process),
		TEST(test_unseen_block),
		TEST(test_backlog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
