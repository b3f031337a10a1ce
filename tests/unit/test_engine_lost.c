// SPDX-License-Identifier: GPL-2.0-or-later
/* What follows from records that were lost: whose they were is said, and what has ended is let go of all the same. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "engine_fixture.h"
#include "stall/state/state.h"

static unsigned int blinds;

static void on_blind(void *context, const struct thread_id *id, enum blind blind)
{
	(void)context;
	assert_int_equal(id->pid, getpid());
	assert_int_equal(blind, BLIND_RECORDS_LOST);
	blinds++;
}

static struct test *start_seeing(void **state)
{
	struct test *test = start(state);

	blinds = 0;
	test->engine->sink.blind = on_blind;
	return test;
}

static void lose(struct test *test, pid_t pid, enum loss loss)
{
	test->probe.losses[loss]++;
	test->probe.loser = pid;
	test->probe.loser_lost = 1u << loss;
}

static uint64_t blind_count(struct test *test)
{
	struct summary_record summary;
	uint64_t count = 0;

	assert_int_equal(engine_summary(test->engine, &summary), 0);
	for (size_t i = 0; i < summary.nr_blind; i++)
		if (!strcmp(summary.blind[i].name, "records_lost"))
			count = summary.blind[i].count;
	summary_free(&summary);
	return count;
}

/* Once of a process, and of those only that are watched; a stack that is missing hides no stall. */
static void test_whose(void **state)
{
	struct test *test = start_seeing(state);

	lose(test, getpid() + 1, LOSS_TURNS_RING_FULL);
	look_later(test, 10 * MS);
	lose(test, getpid(), LOSS_STACK_COPIES_RING_FULL);
	look_later(test, 10 * MS);
	assert_int_equal(blinds, 0);
	for (int i = 0; i < 3; i++) {
		lose(test, getpid(), LOSS_TURNS_RING_FULL);
		look_later(test, 10 * MS);
	}
	assert_int_equal(blinds, 1);
	assert_int_equal(blind_count(test), 1);
}

/* Also what is lost at the very end. */
static void test_at_the_end(void **state)
{
	struct test *test = start_seeing(state);

	lose(test, getpid(), LOSS_SLICES_RING_FULL);
	engine_finish(test->engine, true);
	assert_int_equal(blind_count(test), 1);
}

/* -- ends -- */

/* A slot whose thread has left it: its record may be on its way, until all have been read. */
static void test_slot_is_left(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.slot[SLOT].use = BP_SLOT_LEFT;
	look_later(test, 10 * MS);
	look_later(test, 2 * S);
	assert_int_equal(test->probe.freed[SLOT], 0); /* nothing was lost: it will come */
	test->probe.losses[LOSS_PROCESSES_RING_FULL]++;
	look_later(test, 10 * MS);
	assert_int_equal(test->probe.freed[SLOT], 0);
	look_later(test, 10 * MS);
	assert_int_equal(test->probe.freed[SLOT], 1);
	assert_int_equal(test->probe.slot[SLOT].use, BP_SLOT_FREE);
	look_later(test, 2 * S);
	look_later(test, 2 * S);
	assert_int_equal(test->probe.freed[SLOT], 1);
	assert_int_equal(test->exits, 0); /* the process is there still */
}

/* Records of the process are left, the one that says it among them maybe: it is waited for. */
static void test_record_is_left(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.losses[LOSS_PROCESSES_RING_FULL]++;
	test->probe.slot[SLOT].use = BP_SLOT_LEFT;
	test->probe.slot[SLOT].tgid = (unsigned int)getpid();
	test->probe.read_most = 1;
	for (int i = 0; i < 5; i++)
		send_slice(test, 7, SYS_clock_nanosleep, MS, 0x1000);
	for (int i = 0; i < 4; i++)
		look_later(test, 2 * S);
	assert_int_equal(test->probe.freed[SLOT], 0);
	look_later(test, 2 * S);
	assert_int_equal(test->probe.freed[SLOT], 1);
}

/* The record comes after all: it is dealt with once. */
static void test_record_is_late(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.losses[LOSS_PROCESSES_RING_FULL]++;
	test->probe.slot[SLOT].use = BP_SLOT_LEFT;
	look_later(test, 10 * MS);
	send_process(test, BP_RECORD_EXEC, getpid(), SLOT, false);
	look_later(test, 2 * S);
	look_later(test, 2 * S);
	assert_int_equal(test->probe.freed[SLOT], 1);
}

static pid_t start_child(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

/* A process that has ended, and is gone or waits for its parent only. */
static void test_process_is_gone(void **state)
{
	static const bool gone[] = { false, true };

	for (size_t i = 0; i < 2; i++) {
		struct test *test = start(state);
		pid_t child = start_child();
		siginfo_t info;

		assert_int_equal(engine_watch(test->engine, child), 0);
		look_later(test, 10 * MS);
		kill(child, SIGKILL);
		assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
		if (gone[i])
			waitpid(child, NULL, 0);
		look_later(test, 2 * S);
		assert_int_equal(test->exits, 0);
		test->probe.losses[LOSS_PROCESSES_RING_FULL]++;
		look_later(test, 2 * S);
		look_later(test, 2 * S);
		assert_int_equal(test->exits, 1);
		assert_int_equal(test->exited.pid, child);
		assert_int_equal(test->exited.status, EXIT_STATUS_UNKNOWN);
		assert_true(test->asked_for);
		waitpid(child, NULL, 0);
		teardown(state);
		setup(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whose),	   TEST(test_at_the_end),     TEST(test_slot_is_left),
		TEST(test_record_is_late), TEST(test_record_is_left), TEST(test_process_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
