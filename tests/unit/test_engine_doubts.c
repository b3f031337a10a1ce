// SPDX-License-Identifier: GPL-2.0-or-later
/* Stalls that are reported with a doubt: who else may serve the loop, and what was not seen of it. */
#include "base/allowance.h"
#include "engine_fixture.h"
#include "stall/state/state.h"

#define SOURCE 0xffff888000001000

/* A loop at a source that has been known for a while. */
static struct test *start_at_source(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.slot[SLOT].source = SOURCE;
	now_ns += 500 * MS;
	return test;
}

/* The doubt of a stall of 200 ms. */
static enum doubt stall(struct test *test, uint64_t seq)
{
	size_t before = test->nr_stalls;

	now_ns += 200 * MS;
	send_turn(test, seq, 200 * MS, (struct bp_ledger){ .cpu_ns = 200 * MS });
	assert_int_equal(test->nr_stalls, before + 1);
	return test->stalls[before].doubt;
}

/* -- others serve it -- */

static void test_shared(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.server = getppid();
	assert_int_equal(stall(test, 7), DOUBT_SHARED);
	/* who was seen once is believed to go on, as long as it is there */
	test->probe.server = 0;
	now_ns += 10 * S;
	assert_int_equal(stall(test, 8), DOUBT_SHARED);
	assert_int_equal(test->probe.server_looks, 1);
}

/* Also a stall that lasts. */
static void test_shared_lasting(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.server = getppid();
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 200 * MS);
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
	assert_int_equal(test->stalls[0].doubt, DOUBT_SHARED);
}

/* Nobody else is seen to wait for it, whoever has it open: that is looked for now and then. */
static void test_not_shared(void **state)
{
	struct test *test = start_at_source(state);

	assert_int_equal(stall(test, 7), DOUBT_NONE);
	test->probe.server = getppid();
	assert_int_equal(stall(test, 8), DOUBT_NONE);
	assert_int_equal(test->probe.server_looks, 1);
	now_ns += 1 * S;
	assert_int_equal(stall(test, 9), DOUBT_SHARED);
	assert_int_equal(test->probe.server_looks, 2);
}

/* However often others have it looked for: some is left for those who have not. */
static void test_others_are_looked_at_all_the_time(void **state)
{
	struct test *test = start_at_source(state);
	struct allowance *allowance = test->engine->servers;

	while (allowance_is_left(allowance, getppid(), now_ns))
		allowance_pay(allowance, getppid(), now_ns, NS_PER_MS);
	assert_int_equal(stall(test, 7), DOUBT_NONE);
	assert_int_equal(test->probe.server_looks, 1);
	/* but they have used up what there is for themselves */
	now_ns += 1 * S;
	while (allowance_is_left(allowance, getpid(), now_ns + 200 * MS))
		allowance_pay(allowance, getpid(), now_ns + 200 * MS, NS_PER_MS);
	assert_int_equal(stall(test, 8), DOUBT_NONE);
	assert_int_equal(test->probe.server_looks, 1);
}

static void test_alone(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.servers_error = -ENOENT;
	assert_int_equal(stall(test, 7), DOUBT_NONE);
}

/* What cannot be seen is a doubt, until it can. */
static void test_not_to_be_seen(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.servers_error = -EPERM;
	assert_int_equal(stall(test, 7), DOUBT_SHARED);
	test->probe.servers_error = 0;
	now_ns += 1 * S;
	assert_int_equal(stall(test, 8), DOUBT_NONE);
}

/* One that is watched has a slot of its own, and cuts the turn. */
static void test_watched(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.server = getppid();
	assert_int_equal(stall(test, 7), DOUBT_SHARED);
	assert_int_equal(engine_watch(test->engine, getppid()), 0);
	assert_int_equal(stall(test, 8), DOUBT_NONE);
}

/* Another instance at the same place is another source. */
static void test_source_changes(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.server = getppid();
	assert_int_equal(stall(test, 7), DOUBT_SHARED);
	test->probe.slot[SLOT].source = SOURCE + 64;
	test->probe.server = 0;
	now_ns += 1 * S;
	assert_int_equal(stall(test, 8), DOUBT_NONE);
}

/* -- what was not seen -- */

/* A second thread of ours comes to the source: it is recognised by that, and needs a slot. */
static void serve_too(struct test *test, pid_t tid)
{
	struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
					  .wait_class = BP_WAIT_EPOLL,
					  .wait_id = LOOP_FD,
					  .source = SOURCE,
					  .count = 1,
					  .pthread = PTHREAD + 4096 };

	candidate.header.slot = BP_NO_SLOT;
	candidate.header.tid = tid;
	test->probe.thread = (struct bp_watched_snapshot){
		.tid = tid, .tgid = getpid(), .state = BP_BLOCKED, .since_ns = now_ns
	};
	send(test, &candidate, sizeof(candidate));
	engine_run(test->engine);
}

/* There was none left: its waits end no turns of the loop that it serves. */
static void test_server_without_slot(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.servers_error = -ENOENT;
	assert_int_equal(stall(test, 7), DOUBT_NONE);
	test->probe.no_slots = true;
	/* a process that is there, in place of a thread */
	serve_too(test, getppid());
	assert_int_equal(stall(test, 8), DOUBT_UNVOUCHED);
}

/* It has ended by then. */
static void test_server_is_gone(void **state)
{
	struct test *test = start_at_source(state);

	test->probe.servers_error = -ENOENT;
	test->probe.no_slots = true;
	serve_too(test, 1 << 23);
	assert_int_equal(stall(test, 7), DOUBT_NONE);
}

/* -- the loop -- */

/* A loop of which it is not certain that it is one: its stalls say so, and are counted apart. */
static void test_doubt(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	for (unsigned int times = 1; times < 5; times++) {
		struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
						  .wait_class = BP_WAIT_POLL,
						  .wait_id = 77,
						  .count = times,
						  .nr_fds = 2,
						  .fds = { LOOP_FD + 1, LOOP_FD + 2 },
						  .pthread = PTHREAD };

		candidate.header.slot = BP_NO_SLOT;
		send(test, &candidate, sizeof(candidate));
		engine_run(test->engine);
	}
	assert_int_equal(test->loops, 1);
	now_ns += 500 * MS;
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .cpu_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].doubt, DOUBT_HABIT);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_loops, 1);
	assert_int_equal(summary.loops[0].stalls, 0);
	assert_int_equal(summary.loops[0].doubtful, 1);
	assert_int_equal(summary.loops[0].longest_ns, 250 * MS);
	assert_int_equal(summary.loops[0].id.loop, test->stalls[0].id.loop);
	assert_int_equal(summary.loops[0].id.loop, test->loop.id.loop);
	summary_free(&summary);
	assert_string_equal(test->loop.source.kind, "poll");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shared),
		TEST(test_shared_lasting),
		TEST(test_not_shared),
		TEST(test_others_are_looked_at_all_the_time),
		TEST(test_alone),
		TEST(test_not_to_be_seen),
		TEST(test_watched),
		TEST(test_source_changes),
		TEST(test_server_without_slot),
		TEST(test_server_is_gone),
		TEST(test_doubt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
