// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The oath: a turn over the threshold is reported or counted with its reason, what was
 * reported as lasting ends or is withdrawn, and the summary is of the same turns.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "engine_fixture.h"

/* A turn of 200 ms that lasts, and was reported. */
static struct test *start_lasting(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 200 * MS);
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
	return test;
}

static void end_turn(struct test *test)
{
	test->probe.slot[SLOT].in_turn = 0;
	test->probe.slot[SLOT].state = BP_WAITING;
}

static void assert_withdrawn(const struct test *test, enum discard reason)
{
	assert_int_equal(test->nr_withdrawn, 1);
	assert_string_equal(test->withdrawn[0].turn, test->stalls[0].turn);
	assert_int_equal(test->withdrawn[0].id.tid, getpid());
	assert_string_equal(test->withdrawn[0].reason, discard_name(reason));
}

static void assert_discarded(const struct test *test, size_t i, enum discard reason, uint64_t ns)
{
	assert_true(i < test->nr_discarded);
	assert_string_equal(discard_name(test->discarded[i].reason), discard_name(reason));
	assert_int_equal(test->discarded[i].ns, ns);
}

/* The one row of the summary, and how much it says was discarded for one reason. */
static struct loop_summary sum(struct test *test, enum discard reason, struct discard_count *count)
{
	struct summary_record summary;
	struct loop_summary loop;

	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_loops, 1);
	loop = summary.loops[0];
	*count = (struct discard_count){ 0 };
	for (size_t i = 0; i < summary.nr_discarded; i++)
		if (discard_parse(summary.discarded[i].name) == reason)
			*count = summary.discarded[i];
	summary_free(&summary);
	return loop;
}

/* -- ends -- */

static void test_at_end(void **state)
{
	struct test *test = start_lasting(state);
	struct discard_count count;
	struct loop_summary loop;

	now_ns += 2 * S;
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_stalls, 2);
	assert_false(test->stalls[1].ongoing);
	assert_true(test->stalls[1].at_end);
	assert_int_equal(test->stalls[1].duration_ns, 2200 * MS);
	assert_string_equal(test->stalls[1].turn, test->stalls[0].turn);
	assert_int_equal(test->nr_withdrawn, 0);
	assert_int_equal(test->nr_discarded, 0);
	loop = sum(test, DISCARD_LOST, &count);
	assert_int_equal(loop.stalls, 1);
	assert_int_equal(loop.longest_ns, 2200 * MS);
	assert_int_equal(loop.p99_ns, 2200 * MS);
}

/* Its record is the last that comes: that is the final report, and there is no other. */
static void test_ended_at_the_end(void **state)
{
	struct test *test = start_lasting(state);
	struct bp_turn turn;

	end_turn(test);
	look_later(test, 10 * MS);
	turn = turn_of(7, 210 * MS, (struct bp_ledger){ .blocked_ns = 210 * MS });
	send(test, &turn, sizeof(turn));
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_stalls, 2);
	assert_false(test->stalls[1].ongoing);
	assert_false(test->stalls[1].at_end);
	assert_int_equal(test->nr_withdrawn, 0);
}

/* A record of the end may be on its way for half a second, and no longer. */
static void test_end_was_lost(void **state)
{
	struct test *test = start_lasting(state);
	struct discard_count count;
	struct loop_summary loop;

	end_turn(test);
	test->probe.slot[SLOT].unsent = (struct bp_discarded){ .longest_ns = 230 * MS, .count = 1 };
	look_later(test, 10 * MS);
	assert_int_equal(test->nr_withdrawn, 0);
	assert_discarded(test, 0, DISCARD_LOST, 230 * MS);
	look_later(test, 500 * MS);
	assert_withdrawn(test, DISCARD_LOST);
	assert_int_equal(test->nr_discarded, 1);
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_withdrawn, 1);
	loop = sum(test, DISCARD_LOST, &count);
	assert_int_equal(count.count, 1);
	assert_int_equal(count.longest_ns, 230 * MS);
	/* nothing was reported of it: it is not the longest */
	assert_int_equal(loop.stalls, 0);
	assert_int_equal(loop.longest_ns, 0);
}

/* There are too many records to be read in time: nobody knows yet what has come of it. */
static void queue_end(struct test *test, size_t before)
{
	struct bp_turn turn;

	end_turn(test);
	test->probe.read_most = 1;
	for (size_t i = 0; i < before; i++)
		send_slice(test, 7, SYS_clock_nanosleep, 50 * MS, 0x1000);
	turn = turn_of(7, 230 * MS, (struct bp_ledger){ .blocked_ns = 230 * MS });
	send(test, &turn, sizeof(turn));
}

static void test_end_is_late(void **state)
{
	struct test *test = start_lasting(state);

	queue_end(test, 4);
	for (int i = 0; i < 5; i++)
		look_later(test, 10 * MS);
	assert_int_equal(test->nr_withdrawn, 0);
	assert_int_equal(test->nr_stalls, 2);
	assert_false(test->stalls[1].ongoing);
	assert_slice(&test->stalls[1].slices, CAUSE_SLEEP, 200 * MS, 4);
}

/* Its slices are not taken for those of turns that were no stalls. */
static void test_end_is_late_at_the_end(void **state)
{
	struct test *test = start_lasting(state);

	queue_end(test, 4);
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_withdrawn, 0);
	assert_int_equal(test->nr_blocked, 0);
	assert_int_equal(test->nr_stalls, 2);
	assert_slice(&test->stalls[1].slices, CAUSE_SLEEP, 200 * MS, 4);
}

/* What is left are another process's: this one's stall is reported while it lasts, and its second is. */
static void test_others_are_behind(void **state)
{
	struct test *test = start(state);
	struct bp_slice noise = slice_of(1, SYS_clock_nanosleep, MS, 0x1000);

	become_loop(test);
	test->probe.read_most = 1;
	noise.header.slot = BP_NO_SLOT;
	noise.header.tid = noise.header.tgid = (unsigned int)getpid() + 1;
	for (int i = 0; i < 9; i++)
		send_used(test, &noise);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 200 * MS);
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
	end_turn(test);
	test->probe.slot[SLOT].turn_seq = 8;
	look_later(test, 10 * MS);
	look_later(test, 500 * MS);
	assert_withdrawn(test, DISCARD_OWN_WAIT);
	look_later(test, S);
	assert_true(probe_unread(&test->probe, getpid() + 1));
}

/* The kernel side found that it may have been several. */
static void test_unvouched(void **state)
{
	struct test *test = start_lasting(state);
	struct bp_discarded *unvouched = &test->probe.slot[SLOT].unvouched;
	struct discard_count count;

	test->probe.slot[SLOT].turn_seq++;
	*unvouched = (struct bp_discarded){ .longest_ns = 300 * MS, .count = 2 };
	/* the next one is old as well: the end of the one before cannot come any more */
	look_later(test, 10 * MS);
	assert_withdrawn(test, DISCARD_UNVOUCHED);
	assert_int_equal(test->nr_stalls, 2);
	/* each is counted once, its length belongs to the period in which it came */
	sum(test, DISCARD_UNVOUCHED, &count);
	assert_int_equal(count.count, 2);
	assert_int_equal(count.longest_ns, 300 * MS);
	engine_new_period(test->engine);
	sum(test, DISCARD_UNVOUCHED, &count);
	assert_int_equal(count.count, 0);
	assert_int_equal(unvouched->longest_ns, 0);
	*unvouched = (struct bp_discarded){ .longest_ns = 150 * MS, .count = 3 };
	look_later(test, 10 * MS);
	sum(test, DISCARD_UNVOUCHED, &count);
	assert_int_equal(count.count, 1);
	assert_int_equal(count.longest_ns, 150 * MS);
}

/*
 * It was recognised late, by what it did long before: all that it seems to have done by
 * the time when it was bound is counted, and so is the turn in which it was.
 */
static void test_bound_late(void **state)
{
	struct test *test = start(state);
	struct bp_slot *slot = &test->probe.slot[SLOT];
	struct discard_count count;

	slot->provisional = (struct bp_discarded){ .longest_ns = 250 * MS, .count = 3 };
	become_loop(test);
	look_later(test, 10 * MS);
	sum(test, DISCARD_PROVISIONAL, &count);
	assert_int_equal(count.count, 3);
	assert_int_equal(count.longest_ns, 250 * MS);
	/* the first turn that it comes out of, as the kernel side has it */
	slot->provisional = (struct bp_discarded){ .longest_ns = 400 * MS, .count = 4 };
	look_later(test, 10 * MS);
	sum(test, DISCARD_PROVISIONAL, &count);
	assert_int_equal(count.count, 4);
	assert_int_equal(count.longest_ns, 400 * MS);
	/* or it is in that still when the watch ends */
	slot->left_ns = now_ns - 700 * MS;
	engine_finish(test->engine, true);
	sum(test, DISCARD_PROVISIONAL, &count);
	assert_int_equal(count.count, 5);
	assert_int_equal(count.longest_ns, 700 * MS);
}

/* What lasted was the loop's own wait from early on: the kernel side ended the turn there, a short one. */
static void test_was_the_wait(void **state)
{
	struct test *test = start_lasting(state);

	end_turn(test);
	look_later(test, 10 * MS);
	look_later(test, 500 * MS);
	assert_withdrawn(test, DISCARD_OWN_WAIT);
	assert_int_equal(test->nr_discarded, 0);
}

/* The next turn is the next one, whatever became of this. */
static void test_next_turn(void **state)
{
	struct test *test = start_lasting(state);

	set_blocked(test, 8, now_ns, now_ns);
	look_later(test, 10 * MS);
	look_later(test, 500 * MS);
	assert_withdrawn(test, DISCARD_OWN_WAIT);
	look_later(test, 100 * MS);
	assert_int_equal(test->nr_stalls, 2);
	assert_string_not_equal(test->stalls[1].turn, test->stalls[0].turn);
	end_turn(test);
	send_turn(test, 8, 120 * MS, (struct bp_ledger){ .blocked_ns = 120 * MS });
	assert_int_equal(test->nr_stalls, 3);
	look_later(test, 10 * MS);
	look_later(test, 10 * MS);
	assert_int_equal(test->nr_withdrawn, 1);
}

/* Its thread ends, or executes a program, and no record of its turn came. */
static void test_thread_is_gone(void **state)
{
	static const unsigned int types[] = { BP_RECORD_EXIT, BP_RECORD_EXEC };

	for (size_t i = 0; i < 2; i++) {
		struct test *test = start_lasting(state);

		test->probe.slot[SLOT].unsent =
			(struct bp_discarded){ .longest_ns = 230 * MS, .count = 1 };
		test->probe.thread.tid = 0;
		send_process(test, types[i], getpid(), SLOT, types[i] == BP_RECORD_EXIT);
		assert_withdrawn(test, DISCARD_LOST);
		assert_discarded(test, 0, DISCARD_LOST, 230 * MS);
		teardown(state);
		setup(state);
	}
}

/* -- reasons -- */

static void test_closed(void **state)
{
	struct test *test = start_lasting(state);
	struct discard_count count;
	struct loop_summary loop;

	set_loop_fd(open("/dev/null", O_RDONLY));
	look_later(test, S);
	assert_withdrawn(test, DISCARD_HANDED_OVER);
	assert_int_equal(test->nr_discarded, 0); /* how long it is, is known at its end */
	end_turn(test);
	send_turn(test, 7, 1250 * MS, (struct bp_ledger){ .blocked_ns = 1250 * MS });
	assert_discarded(test, 0, DISCARD_HANDED_OVER, 1250 * MS);
	/* and one that ends before it is reported */
	now_ns += S;
	send_turn(test, 8, 300 * MS, (struct bp_ledger){ .blocked_ns = 300 * MS });
	assert_discarded(test, 1, DISCARD_HANDED_OVER, 300 * MS);
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->nr_withdrawn, 1);
	loop = sum(test, DISCARD_HANDED_OVER, &count);
	assert_int_equal(count.count, 2);
	assert_int_equal(count.longest_ns, 1250 * MS);
	assert_int_equal(loop.stalls, 0);
	assert_int_equal(loop.longest_ns, 0);
}

/* A turn that was discarded, and lasts when the watch ends, is counted then. */
static void test_discarded_at_the_end(void **state)
{
	struct test *test = start_lasting(state);

	set_loop_fd(open("/dev/null", O_RDONLY));
	look_later(test, S);
	look_later(test, S);
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_discarded, 1);
	assert_discarded(test, 0, DISCARD_HANDED_OVER, 2200 * MS);
	assert_int_equal(test->nr_stalls, 1);
}

/* -- what is known of threads -- */

/* Each answer once: no loop at first, then one, for good. */
static void test_account(void **state)
{
	struct test *test = start(state);
	const struct thread_account *account = &test->accounts[0];

	send_candidate(test, 1);
	assert_int_equal(test->nr_accounts, 1);
	assert_int_equal(account->id.tid, getpid());
	assert_null(account->id.runtime);
	assert_int_equal(account->way, WAY_NONE);
	send_candidate(test, 2);
	assert_int_equal(test->nr_accounts, 1);
	become_loop(test);
	assert_int_equal(test->nr_accounts, 2);
	assert_string_equal(account[1].id.runtime, "generic");
	assert_int_equal(account[1].way, WAY_HABIT);
	test->probe.slot[SLOT].wait_class = BP_WAIT_NONE; /* so that it is asked about again */
	send_candidate(test, 5);
	send_candidate(test, 1);
	assert_int_equal(test->nr_accounts, 2);
}

/* What the user says has the last word, and is said to be that. */
static void test_account_of_overrides(void **state)
{
	const struct engine_override none = { getpid(), -1 }, fd = { getpid(), 9 };
	struct engine_options options = { .threshold_ns = 100 * MS,
					  .overrides = &none,
					  .nr_overrides = 1 };
	struct test *test = start_with(state, &options);

	send_candidate(test, 100);
	assert_int_equal(test->nr_accounts, 1);
	assert_null(test->accounts[0].id.runtime);
	assert_string_equal(test->accounts[0].against, "--loop says so");
	engine_free(test->engine);
	options.overrides = &fd;
	test = start_with(state, &options);
	assert_int_equal(engine_look(test->engine), 0);
	assert_int_equal(test->nr_accounts, 2);
	assert_int_equal(test->accounts[1].way, WAY_USER);
}

/* It comes to one wait again and again. */
static void come_back(struct test *test, pid_t child)
{
	for (unsigned int count = 1; count < 8; count++) {
		struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
						  .wait_class = BP_WAIT_EPOLL,
						  .wait_id = LOOP_FD,
						  .count = count };

		candidate.header.slot = BP_NO_SLOT;
		candidate.header.tid = candidate.header.tgid = child;
		send(test, &candidate, sizeof(candidate));
		engine_run(test->engine);
	}
}

/*
 * Of the whole system, what runs our own program is another blockprof: no loop, however it waits.
 * While it is young nobody is asked what it is: most that come in numbers have gone by then.
 */
static void test_other_blockprof(void **state)
{
	struct engine_options options = { .threshold_ns = 100 * MS, .whole_system = true };
	struct test *test = start_with(state, &options);
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	send_process(test, BP_RECORD_FORK, child, BP_NO_SLOT, false);
	now_ns += 49 * MS;
	come_back(test, child);
	assert_int_equal(test->nr_accounts, 0);
	now_ns += 2 * MS;
	come_back(test, child);
	assert_int_equal(test->loops, 0);
	assert_int_equal(test->nr_accounts, 1);
	assert_int_equal(test->accounts[0].id.pid, child);
	assert_non_null(strstr(test->accounts[0].against, "another blockprof"));
	/* the one that was asked for is watched: this process */
	become_loop(test);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* -- the summary -- */

/* Those below the threshold are the kernel side's to count, those above are counted as reported. */
static void test_summary(void **state)
{
	struct test *test = start(state);
	struct bp_slot *slot = &test->probe.slot[SLOT];
	struct discard_count count;
	struct loop_summary loop;

	become_loop(test);
	now_ns += 500 * MS;
	slot->turns = 100;
	slot->longest_ns = 30 * MS;
	slot->hist[hist_bucket(30 * MS)] = 97;
	for (uint64_t seq = 7; seq < 10; seq++) {
		send_turn(test, seq, 250 * MS, (struct bp_ledger){ .cpu_ns = 250 * MS });
		now_ns += S;
	}
	loop = sum(test, DISCARD_LOST, &count);
	assert_int_equal(loop.stalls, 3);
	assert_int_equal(loop.doubtful, 0);
	assert_int_equal(loop.longest_ns, 250 * MS);
	assert_in_range(loop.p50_ns, 28 * MS, 32 * MS);
	assert_in_range(loop.p99_ns, 234 * MS, 250 * MS);
	assert_int_equal(test->nr_discarded, 0);
	/* a turn that lasts, and may come to nothing, is none yet */
	set_blocked(test, 10, now_ns - 5 * S, now_ns);
	loop = sum(test, DISCARD_LOST, &count);
	assert_int_equal(loop.longest_ns, 250 * MS);
	/* the next period has its own */
	engine_new_period(test->engine);
	loop = sum(test, DISCARD_LOST, &count);
	assert_int_equal(loop.stalls, 0);
	assert_int_equal(loop.longest_ns, 0);
	assert_int_equal(loop.p99_ns, 0);
}

static void keep_longest(void *context, const struct engine_loop *loop)
{
	uint64_t *longest_ns = context;

	*longest_ns = loop->longest_ns;
	assert_int_equal(loop->hist[hist_bucket(250 * MS)], 1);
}

/* The same for those that look while it goes on. */
static void test_standing(void **state)
{
	struct test *test = start(state);
	uint64_t longest_ns = 0;

	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .cpu_ns = 250 * MS });
	engine_each_loop(test->engine, keep_longest, &longest_ns);
	assert_int_equal(longest_ns, 250 * MS);
}

/* How many rows there are of a loop's thread, and the stalls that they say. */
static unsigned int rows_of(const struct summary_record *summary, uint64_t loop, pid_t tid,
			    uint64_t *stalls)
{
	unsigned int rows = 0;

	*stalls = 0;
	for (size_t i = 0; i < summary->nr_loops; i++)
		if (summary->loops[i].id.loop == loop && summary->loops[i].id.tid == tid) {
			*stalls += summary->loops[i].stalls;
			rows++;
		}
	return rows;
}

/* It serves another loop's source from now on, and is one with that: each counts what was reported as its own. */
static void test_joins_another(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;
	pid_t other = getpid() + 1;
	uint64_t first, stalls;

	test->probe.slot[SLOT].source = 0xe9011;
	become_loop(test);
	first = test->loop.id.loop;
	test->probe.slot[SLOT + 1].source = 0xe9022;
	test->probe.bind_slot = SLOT + 1;
	test->probe.thread.tid = other;
	test->probe.thread.slot = BP_NO_SLOT;
	send_candidate_of(test, other, 4);
	assert_int_equal(test->loops, 2);
	assert_int_not_equal(test->loop.id.loop, first);
	look_later(test, 10 * MS);
	now_ns += 500 * MS;
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .cpu_ns = 250 * MS });
	test->probe.slot[SLOT].source = 0xe9022;
	look_later(test, 10 * MS);
	assert_int_equal(test->loops, 3);
	assert_int_equal(test->loop.id.tid, getpid());
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].id.loop, first);
	assert_int_not_equal(test->loop.id.loop, first);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(rows_of(&summary, first, getpid(), &stalls), 1);
	assert_int_equal(stalls, 1);
	assert_int_equal(rows_of(&summary, test->loop.id.loop, getpid(), &stalls), 1);
	assert_int_equal(stalls, 0);
	summary_free(&summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_at_end),
		TEST(test_ended_at_the_end),
		TEST(test_end_was_lost),
		TEST(test_end_is_late),
		TEST(test_end_is_late_at_the_end),
		TEST(test_others_are_behind),
		TEST(test_unvouched),
		TEST(test_was_the_wait),
		TEST(test_next_turn),
		TEST(test_thread_is_gone),
		TEST(test_closed),
		TEST(test_discarded_at_the_end),
		TEST(test_account),
		TEST(test_account_of_overrides),
		TEST(test_other_blockprof),
		TEST(test_summary),
		TEST(test_standing),
		TEST(test_bound_late),
		TEST(test_joins_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
