// SPDX-License-Identifier: GPL-2.0-or-later
/* What a loop's totals are told as, second by second. */
#include "engine_fixture.h"

#include "probe/probe.h"

static struct bp_slot *slot_of(struct test *test)
{
	return probe_slot(&test->probe, SLOT);
}

/* To the next second, in which the thread did this besides. */
static void pass(struct test *test, uint64_t idle_ns, struct bp_ledger did)
{
	struct bp_slot *slot = slot_of(test);

	slot->idle_ns += idle_ns;
	slot->total.cpu_ns += did.cpu_ns;
	slot->total.runqueue_ns += did.runqueue_ns;
	slot->total.blocked_ns += did.blocked_ns;
	slot->total.unknown_ns += did.unknown_ns;
	now_ns += S;
	engine_run(test->engine);
}

/* A turn that was no stall. */
static void end_turn(struct test *test, uint64_t ns)
{
	struct bp_slot *slot = slot_of(test);

	slot->turns++;
	slot->hist[hist_bucket(ns)]++;
	if (ns > slot->longest_ns)
		slot->longest_ns = ns;
}

static const struct second_record *last(const struct test *test)
{
	assert_true(test->nr_seconds > 0);
	return &test->seconds[test->nr_seconds - 1];
}

static void begin(struct test *test)
{
	become_loop(test);
	slot_of(test)->state = BP_RUNNING;
	pass(test, 0, (struct bp_ledger){ .cpu_ns = S });
	test->nr_seconds = 0;
}

/* Records that are left are not dealt with until there are none of its own: another's do not matter. */
static void test_with_records_left(void **state)
{
	static const int others[] = { 0, 1 };

	for (size_t i = 0; i < 2; i++) {
		struct test *test = start(state);
		struct bp_slice left = slice_of(6, SYS_clock_nanosleep, 30 * MS, 0x1000);

		begin(test);
		left.header.tid = left.header.tgid = (unsigned int)(getpid() + others[i]);
		if (others[i])
			left.header.slot = BP_NO_SLOT;
		test->probe.read_most = 1;
		send_used(test, &left);
		send_used(test, &left);
		pass(test, S, (struct bp_ledger){ .cpu_ns = MS });
		assert_int_equal(test->nr_seconds, others[i]);
		/* in the same second, when they have been read */
		engine_run(test->engine);
		assert_int_equal(test->nr_seconds, 1);
		engine_run(test->engine);
		assert_int_equal(test->nr_seconds, 1);
		teardown(state);
		setup(state);
	}
}

static void test_each_second_has_its_own(void **state)
{
	struct test *test = start(state);

	begin(test);
	send_slice(test, 6, SYS_clock_nanosleep, 30 * MS, 0x1000);
	end_turn(test, 40 * MS);
	end_turn(test, 3 * MS);
	pass(test, 900 * MS, (struct bp_ledger){ .cpu_ns = 60 * MS, .blocked_ns = 40 * MS });
	assert_int_equal(test->nr_seconds, 1);
	assert_int_equal(last(test)->mono_ns, now_ns - S);
	assert_int_equal(last(test)->id.tid, getpid());
	assert_int_equal(last(test)->turns, 2);
	assert_int_equal(last(test)->longest_ns, 40 * MS);
	assert_int_equal(last(test)->idle_ns, 900 * MS);
	assert_int_equal(last(test)->by_cause_ns[CAUSE_CPU], 60 * MS);
	assert_int_equal(last(test)->by_cause_ns[CAUSE_SLEEP], 30 * MS);
	/* of what nothing has come of yet it is not known */
	assert_int_equal(last(test)->by_cause_ns[CAUSE_OTHER], 10 * MS);
	/* the longest turn of a second is its own, that of the watch stays */
	end_turn(test, 2 * MS);
	pass(test, 998 * MS, (struct bp_ledger){ .cpu_ns = 2 * MS });
	assert_int_equal(last(test)->longest_ns, 2 * MS);
	assert_int_equal(last(test)->turns, 1);
}

/* Digits are what a recording is made of: what is less than 10 us is told later, and not lost. */
static void test_whole_steps_are_told(void **state)
{
	struct test *test = start(state);
	const struct bp_ledger did = { .cpu_ns = 60 * MS + 9700,
				       .runqueue_ns = 9900,
				       .blocked_ns = 40 * MS + 9600,
				       .unknown_ns = 9300 };
	struct ledger told = { 0 };
	uint64_t idle_ns = 0, causes_ns = 0;

	begin(test);
	for (unsigned int i = 0; i < 10; i++) {
		send_slice(test, 6 + i, SYS_clock_nanosleep, 30 * MS + 9333, 0x1000);
		end_turn(test, 40 * MS);
		pass(test, 900 * MS - 38500, did);
	}
	assert_int_equal(test->nr_seconds, 10);
	for (unsigned int i = 0; i < 10; i++) {
		const struct second_record *second = &test->seconds[i];
		uint64_t own_ns = 0;

		for (int cause = 0; cause < CAUSE_NR; cause++) {
			assert_int_equal(second->by_cause_ns[cause] % 10000, 0);
			own_ns += second->by_cause_ns[cause];
		}
		assert_int_equal(own_ns, ledger_sum(&second->ledger));
		assert_int_equal(second->idle_ns % 10000, 0);
		causes_ns += own_ns;
		idle_ns += second->idle_ns;
		told.cpu_ns += second->ledger.cpu_ns;
		told.runqueue_ns += second->ledger.runqueue_ns;
		told.blocked_ns += second->ledger.blocked_ns;
		told.unknown_ns += second->ledger.unknown_ns;
	}
	assert_in_range(told.cpu_ns, 10 * did.cpu_ns - 9999, 10 * did.cpu_ns);
	assert_in_range(told.runqueue_ns, 10 * did.runqueue_ns - 9999, 10 * did.runqueue_ns);
	assert_in_range(told.blocked_ns, 10 * did.blocked_ns - 19999, 10 * did.blocked_ns);
	assert_in_range(told.unknown_ns, 10 * did.unknown_ns - 9999, 10 * did.unknown_ns);
	assert_in_range(idle_ns, 10 * (900 * MS - 38500) - 9999, 10 * (900 * MS - 38500));
	/* none of it is called something else for that */
	assert_in_range(causes_ns, 10 * (S / 10 + 38500) - 50000, 10 * (S / 10 + 38500));
	assert_in_range(test->seconds[9].by_cause_ns[CAUSE_SLEEP], 30 * MS, 30 * MS + 20000);
}

static void test_quiet_seconds_are_one(void **state)
{
	struct test *test = start(state);

	begin(test);
	for (unsigned int i = 0; i < 5; i++)
		pass(test, S, (struct bp_ledger){ 0 });
	assert_int_equal(test->nr_seconds, 0);
	end_turn(test, 2 * MS);
	pass(test, 998 * MS, (struct bp_ledger){ .cpu_ns = 2 * MS });
	assert_int_equal(test->nr_seconds, 2);
	assert_int_equal(test->seconds[0].idle_ns, 5 * S);
	assert_int_equal(test->seconds[0].turns, 0);
	assert_int_equal(test->seconds[0].mono_ns, now_ns - 6 * S);
	assert_int_equal(test->seconds[1].mono_ns, now_ns - S);
	assert_int_equal(test->seconds[1].turns, 1);
	/* and those at the end */
	pass(test, S, (struct bp_ledger){ 0 });
	engine_finish(test->engine, false);
	assert_int_equal(test->nr_seconds, 3);
	assert_int_equal(last(test)->idle_ns, S);
}

/* A turn that turns out to be none of the loop's was told of already: so much less is told later. */
static void test_what_is_taken_back(void **state)
{
	struct test *test = start(state);
	uint64_t told_ns = 0;

	begin(test);
	end_turn(test, 2 * MS);
	pass(test, 0, (struct bp_ledger){ .cpu_ns = S });
	slot_of(test)->total.cpu_ns -= 700 * MS;
	for (unsigned int i = 0; i < 3; i++) {
		end_turn(test, 2 * MS);
		pass(test, 500 * MS, (struct bp_ledger){ .cpu_ns = 500 * MS });
	}
	for (size_t i = 0; i < test->nr_seconds; i++) {
		told_ns += test->seconds[i].ledger.cpu_ns;
		assert_true(ledger_sum(&test->seconds[i].ledger) + test->seconds[i].idle_ns <= S);
	}
	assert_int_equal(told_ns, S - 700 * MS + 3 * 500 * MS);
}

static void test_losses_are_told_once(void **state)
{
	struct test *test = start(state);

	begin(test);
	test->probe.losses[LOSS_SLICES_RING_FULL] += 3;
	end_turn(test, 2 * MS);
	pass(test, 998 * MS, (struct bp_ledger){ .cpu_ns = 2 * MS });
	assert_int_equal(last(test)->nr_lost, 1);
	end_turn(test, 2 * MS);
	pass(test, 998 * MS, (struct bp_ledger){ .cpu_ns = 2 * MS });
	assert_int_equal(last(test)->nr_lost, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_second_has_its_own), TEST(test_with_records_left),
		TEST(test_whole_steps_are_told),    TEST(test_quiet_seconds_are_one),
		TEST(test_what_is_taken_back),	    TEST(test_losses_are_told_once),
	};

	return cmocka_run_group_tests_name("engine_seconds", tests, NULL, NULL);
}
