// SPDX-License-Identifier: GPL-2.0-or-later
/* From the kernel side's records to loops, their processes and the summary. */
#include <errno.h>

#include "engine_fixture.h"
#include "stall/loops/filter.h"

/* -- recognition -- */

static void test_loop_is_reported_once(void **state)
{
	struct test *test = start(state);

	send_candidate(test, 3);
	assert_int_equal(test->loops, 0);
	assert_int_equal(engine_loops(test->engine, 0), 0);
	become_loop(test);
	send_candidate(test, 5);
	assert_int_equal(test->loops, 1);
	assert_string_equal(test->runtime, "generic");
	assert_int_equal(test->loop.id.pid, getpid());
	assert_int_equal(test->loop.id.tid, getpid());
	assert_string_equal(test->loop.wait_syscall, "epoll_wait");
	assert_int_equal(test->loop.wait_fd, LOOP_FD);
	assert_null(test->loop.runtime_version);
	assert_int_equal(engine_loops(test->engine, 0), 1);
	assert_int_equal(engine_loops(test->engine, getpid()), 1);
	assert_int_equal(engine_loops(test->engine, getpid() + 1), 0);
	assert_string_equal(engine_runtime(test->engine, getpid()), "generic");
	assert_null(engine_interpreter(test->engine, getpid(), (char[32]){ 0 }, 32));
}

static void test_overrides(void **state)
{
	const struct engine_override none = { getpid(), -1 }, fd = { getpid(), 9 };
	struct engine_options options = { .threshold_ns = 100 * MS,
					  .overrides = &none,
					  .nr_overrides = 1 };
	struct test *test = start_with(state, &options);

	send_candidate(test, 100);
	assert_int_equal(test->loops, 0);
	engine_free(test->engine);
	options.overrides = &fd;
	test = start_with(state, &options);
	assert_int_equal(engine_look(test->engine), 0);
	assert_int_equal(test->loops, 1);
	assert_int_equal(test->probe.slot[SLOT].wait_class, BP_WAIT_EPOLL);
	assert_int_equal(test->probe.slot[SLOT].wait_id, 9);
}

static void test_unwatched(void **state)
{
	struct test *test = start(state);
	struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
					  .wait_class = BP_WAIT_EPOLL,
					  .count = 100 };

	candidate.header.tgid = 1;
	send(test, &candidate, sizeof(candidate));
	engine_run(test->engine);
	assert_int_equal(test->loops, 0);
	assert_false(test->probe.bind_pending);
}

/* A habit ended: the epoll instance was closed. */
static void test_handed_over(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_loop_fd(open("/dev/null", O_RDONLY));
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 0);
	set_loop_fd(epoll_create1(0));
	send_turn(test, 8, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 1);
}

/* Where the kernel side sees instances closed, that has the say: the next one may have the same number. */
static void test_source_closed(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.slot[SLOT].source = test->probe.closed = 0xe9011;
	now_ns += 500 * MS;
	test->probe.closed_ns = now_ns - 100 * MS;
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->nr_discarded, 1);
	assert_int_equal(test->discarded[0].reason, DISCARD_HANDED_OVER);
	/* before this turn: it is made anew, and lives */
	now_ns += 500 * MS;
	send_turn(test, 8, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 1);
	/* not in this one either, whatever its number stands for now */
	now_ns += 500 * MS;
	set_loop_fd(open("/dev/null", O_RDONLY));
	send_turn(test, 9, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->nr_discarded, 1);
}

/* The thread was seen to block while the number of its wait was no instance: it made another one later. */
static void test_source_seen_closed(void **state)
{
	struct test *test = start(state);
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	turn = turn_of(7, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	turn.closed_ns = now_ns - 50 * MS;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->nr_discarded, 1);
	assert_int_equal(test->discarded[0].reason, DISCARD_HANDED_OVER);
	now_ns += 500 * MS;
	set_blocked(test, 8, now_ns - 250 * MS, now_ns - 250 * MS);
	test->probe.slot[SLOT].closed_seq = 8;
	test->probe.slot[SLOT].closed_ns = now_ns - 250 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

/* Its source is another one from now on: who else comes to that is asked about at once. */
static void test_source_made_anew(void **state)
{
	struct test *test = start(state);

	test->probe.slot[SLOT].source = 0xe9011;
	become_loop(test);
	assert_int_equal(test->probe.source, 0xe9011);
	test->probe.slot[SLOT].source = 0xe9022;
	engine_run(test->engine);
	assert_int_equal(test->probe.source, 0xe9022);
}

/* What a late look shows is not what the candidate was in, but where it has come back to that. */
static void test_moved_on(void **state)
{
	struct test *test = start(state);
	struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
					  .wait_class = BP_WAIT_EPOLL,
					  .wait_id = LOOP_FD,
					  .syscall = SYS_epoll_wait,
					  .since_ns = now_ns,
					  .pthread = PTHREAD };

	candidate.header.slot = BP_NO_SLOT;
	now_ns += 200 * MS;
	for (candidate.count = 4; candidate.count < 256; candidate.count *= 2) {
		send(test, &candidate, sizeof(candidate));
		engine_run(test->engine);
		assert_int_equal(test->loops, 0);
	}
	/* it is never seen there */
	send(test, &candidate, sizeof(candidate));
	engine_run(test->engine);
	assert_int_equal(test->loops, 1);
}

/* It waits for an instance that its own is in: that serves it. */
static void test_waits_around(void **state)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct test *test = start(state);
	int outer = epoll_create1(EPOLL_CLOEXEC);
	struct bp_slice slice;

	become_loop(test);
	test->probe.slot[SLOT].wait_class = BP_WAIT_EPOLL;
	test->probe.slot[SLOT].wait_id = LOOP_FD;
	assert_int_equal(epoll_ctl(outer, EPOLL_CTL_ADD, LOOP_FD, &event), 0);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_epoll_wait, 150 * MS, 0x1000);
	slice.capture.block.wait_class = BP_WAIT_EPOLL;
	slice.capture.block.wait_id = (unsigned int)outer;
	send_used(test, &slice);
	send_turn(test, 7, 160 * MS, (struct bp_ledger){ .blocked_ns = 160 * MS });
	assert_int_equal(test->nr_stalls, 0);
	/* one that was on its way when that was learnt */
	now_ns += 500 * MS;
	slice.turn_seq = slice.capture.turn_seq = 8;
	slice.turn_start_ns = slice.capture.since_ns = now_ns - 150 * MS;
	send_used(test, &slice);
	send_turn(test, 8, 160 * MS, (struct bp_ledger){ .blocked_ns = 160 * MS });
	close(outer);
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->probe.slot[SLOT].also_class, BP_WAIT_EPOLL);
	assert_int_equal(test->probe.slot[SLOT].also_id, outer);
}

/* -- processes -- */

static void test_exit(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	become_loop(test);
	now_ns += 500 * MS;
	test->probe.slot[SLOT].turns = 5;
	test->probe.slot[SLOT].total.cpu_ns = 9 * MS;
	test->probe.slot[SLOT].sums[0] = (struct bp_sum){
		.used = 1, .syscall = SYS_fsync, .carry_ns = 3 * MS, .carry_count = 6
	};
	send_slice(test, 7, SYS_clock_nanosleep, 6 * MS, 0x1000);
	test->probe.thread.tid = 0;
	send_process(test, BP_RECORD_EXIT, getpid(), SLOT, true);
	assert_int_equal(test->probe.freed[SLOT], 1);
	assert_int_equal(test->exits, 1);
	assert_true(test->asked_for);
	assert_int_equal(test->exited.pid, getpid());
	assert_int_equal(test->exited.status, 0x100);
	assert_int_equal(test->symbols.forgotten_pid, getpid());
	assert_int_equal(test->nr_blocked, 1); /* told before it is gone */
	assert_int_equal(total(&test->blocked[0].slices), 9 * MS);
	assert_int_equal(engine_loops(test->engine, 0), 0);
	/* it is in the summary all the same */
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_loops, 1);
	assert_int_equal(summary.loops[0].turns, 5);
	assert_int_equal(summary.loops[0].ledger.cpu_ns, 9 * MS);
	assert_string_equal(summary.loops[0].id.runtime, "generic");
	summary_free(&summary);
}

static void test_thread_exit(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.thread.tid = 0;
	send_process(test, BP_RECORD_EXIT, getpid(), SLOT, false);
	assert_int_equal(test->probe.freed[SLOT], 1);
	assert_int_equal(test->exits, 0);
	send_process(test, BP_RECORD_EXIT, getpid() + 1, BP_NO_SLOT, true); /* never watched */
	assert_int_equal(test->exits, 0);
}

static void test_fork_and_exec(void **state)
{
	struct test *test = start(state);
	pid_t child = getppid(); /* a process that is there */

	become_loop(test);
	send_process(test, BP_RECORD_FORK, child, BP_NO_SLOT, false);
	send_process(test, BP_RECORD_EXEC, child, BP_NO_SLOT, false);
	assert_int_equal(test->symbols.forgotten_pid, child);
	assert_int_equal(engine_loops(test->engine, getpid()), 1);
	send_process(test, BP_RECORD_EXIT, child, BP_NO_SLOT, true);
	assert_int_equal(test->exits, 1);
	assert_false(test->asked_for);
	/* the loop's own program gives way to another: it is no loop any more */
	test->probe.thread.tid = 0;
	send_process(test, BP_RECORD_EXEC, getpid(), SLOT, false);
	assert_int_equal(engine_loops(test->engine, 0), 0);
	assert_int_equal(test->probe.freed[SLOT], 1);
}

/* A thread whose number an earlier one had: its turns are others, though the kernel side counts them anew. */
static void test_number_comes_again(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .cpu_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 1);
	send_process(test, BP_RECORD_EXIT, getpid(), SLOT, false);
	test->loops = 0;
	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .cpu_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[0].id.tid, test->stalls[1].id.tid);
	assert_string_not_equal(test->stalls[0].turn, test->stalls[1].turn);
}

/* A program that is wanted, whose threads cannot be gone through: it is not watched, and that is counted. */
static void test_unwatched_program(void **state)
{
	struct engine_options options = { .threshold_ns = 100 * MS, .whole_system = true };
	pid_t parent = getppid(); /* a process that is there */
	struct summary_record summary;
	struct filter *filter;
	struct test *test;
	char reason[64];

	assert_int_equal(filter_new(&filter), 0);
	assert_int_equal(filter_add(filter, FILTER_COMM, ".", reason, sizeof(reason)), 0);
	options.filter = filter;
	test = start_with(state, &options);
	test->probe.iterate_error = -EIO;
	send_process(test, BP_RECORD_EXEC, parent, BP_NO_SLOT, false);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_lost, 1);
	assert_string_equal(summary.lost[0].name, "processes_unwatched");
	summary_free(&summary);
	filter_free(filter);
}

static void test_summary(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	become_loop(test);
	test->probe.losses[LOSS_SLICES_RING_FULL] = 12;
	test->probe.losses[LOSS_LOOPS_WITHOUT_SLOT] = 3;
	test->symbols.counts.child_restarts = 2;
	now_ns += 700 * MS;
	test->probe.slot[SLOT].since_ns = now_ns;
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .cpu_ns = 200 * MS });
	now_ns += 50 * MS;
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.duration_ns, 750 * MS);
	assert_int_equal(summary.command_status, -1);
	assert_int_equal(summary.nr_loops, 1);
	assert_int_equal(summary.loops[0].stalls, 1);
	assert_int_equal(summary.loops[0].idle_ns, 50 * MS);
	assert_int_equal(summary.nr_lost, 3);
	assert_string_equal(summary.lost[0].name, "slices_ring_full");
	assert_int_equal(summary.lost[0].count, 12);
	assert_string_equal(summary.lost[1].name, "loops_without_slot");
	assert_string_equal(summary.lost[2].name, "symbolizer_restarts");
	assert_int_equal(summary.lost[2].count, 2);
	summary_free(&summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_loop_is_reported_once),
		TEST(test_overrides),
		TEST(test_unwatched),
		TEST(test_handed_over),
		TEST(test_source_closed),
		TEST(test_source_seen_closed),
		TEST(test_moved_on),
		TEST(test_waits_around),
		TEST(test_source_made_anew),
		TEST(test_exit),
		TEST(test_thread_exit),
		TEST(test_fork_and_exec),
		TEST(test_number_comes_again),
		TEST(test_summary),
		TEST(test_unwatched_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
