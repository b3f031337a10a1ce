// SPDX-License-Identifier: GPL-2.0-or-later
/* Stalls that are reported while they last, and what is switched on for them. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/allowance.h"
#include "engine_fixture.h"
#include "proc/peer/peer.h"
#include "stall/state/state.h"

/* -- while it lasts -- */

/* A process that has this end of a pipe, until it is killed or we end. */
static pid_t fork_holder(const int pipes[2])
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipes[0]);
		for (;;)
			pause();
	}
	close(pipes[1]);
	return pid;
}

/* Its time: blocked since before the wait; then it runs for a part of the time. */
static void test_peer(void **state)
{
	struct test *test = start(state);
	struct bp_observed_snapshot *suspect = &test->probe.suspect;
	const struct culprits *culprits;
	struct bp_capture *capture;
	struct bp_slice slice;
	uint64_t since_ns;
	struct stat stat;
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fstat(pipes[0], &stat), 0);
	pid = fork_holder(pipes);
	assert_int_equal(engine_look(test->engine), 0); /* the scheduler's clock */
	become_loop(test);
	now_ns += 500 * MS;
	since_ns = now_ns;
	set_blocked(test, 7, since_ns, since_ns);
	capture = &test->probe.slice[SLOT].capture;
	capture->since_ns = since_ns;
	capture->block.syscall = SYS_read;
	capture->object =
		(struct bp_object){ .kind = BP_OBJECT_PIPE, .fd = pipes[0], .ino = stat.st_ino };
	*suspect = (struct bp_observed_snapshot){
		.tid = pid,
		.tgid = pid,
		.state = BP_BLOCKED,
		.switches = 5,
		.ran_ns = 3 * S,
		.sched_arrival_ns = since_ns - S + 5 * S, /* by the scheduler's clock */
		.block = { .syscall = SYS_clock_nanosleep },
		.comm = "writer",
	};
	look_later(test, 5 * MS); /* a block as short as this says nothing */
	assert_int_equal(test->probe.suspect_looks, 0);
	look_later(test, 15 * MS);
	assert_int_equal(test->probe.suspect_looks, 1);
	assert_int_equal(test->probe.suspected, pid);
	look_later(test, 20 * MS);
	suspect->state = BP_RUNNING;
	suspect->switches++;
	suspect->ran_ns += 12 * MS;
	look_later(test, 20 * MS);
	assert_int_equal(test->probe.suspect_looks, 3);
	/* 48 ms asleep, 12 ms on the CPU, and on it until the end */
	now_ns += 60 * MS;
	test->probe.slot[SLOT].state = BP_WAITING;
	test->probe.slot[SLOT].in_turn = 0;
	slice = slice_of(7, SYS_read, now_ns - since_ns, 0x1000);
	slice.capture.object = capture->object;
	send_used(test, &slice);
	send_turn(test, 7, now_ns - since_ns,
		  (struct bp_ledger){ .blocked_ns = now_ns - since_ns });
	assert_int_equal(test->nr_stalls, 1);
	culprits = &find(&test->stalls[0].slices, CAUSE_PIPE)->culprits;
	assert_int_equal(culprits->nr, 2);
	assert_int_equal(culprits->v[0].cause, CAUSE_SLEEP);
	assert_int_equal(culprits->v[0].ns, 48 * MS);
	assert_int_equal(culprits->v[0].pid, pid);
	assert_int_equal(culprits->v[1].cause, CAUSE_CPU);
	assert_string_equal(culprits->v[1].comm, "writer");
	/* nobody is looked at any more */
	look_later(test, 20 * MS);
	assert_int_equal(test->probe.suspect_looks, 3);
	assert_int_equal(test->probe.suspected, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
}

static uint64_t lost(struct test *test, enum loss loss)
{
	struct summary_record summary;
	uint64_t nr = 0;

	assert_int_equal(engine_summary(test->engine, &summary), 0);
	for (size_t i = 0; i < summary.nr_lost; i++)
		if (!strcmp(summary.lost[i].name, loss_name(loss)))
			nr = summary.lost[i].count;
	summary_free(&summary);
	return nr;
}

/* It had begun before the thread was watched, and was over before it was looked at. */
static void test_block_of_before(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	slice = slice_of(7, SYS_read, 300 * MS, 0);
	slice.capture.block.flags |= BP_BLOCK_EARLIER;
	send_used(test, &slice);
	send_turn(test, 7, 300 * MS, (struct bp_ledger){ .blocked_ns = 300 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_null(test->stalls[0].slices.v[0].stack);
	assert_int_equal(lost(test, LOSS_STACKS_TOO_EARLY), 1);
}

/* What looking may cost is used up: that is said once for each turn. */
static void test_peer_that_cannot_be_afforded(void **state)
{
	struct test *test = start(state);
	struct allowance *allowance = peers_allowance(test->engine->classify.peers);
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork_holder(pipes);
	assert_int_equal(engine_look(test->engine), 0);
	become_loop(test);
	while (allowance_is_left(allowance, getpid(), clock_now_ns() + 60 * S))
		allowance_pay(allowance, getpid(), clock_now_ns() + 60 * S, NS_PER_MS);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns, now_ns);
	test->probe.slice[SLOT].capture.since_ns = now_ns;
	test->probe.slice[SLOT].capture.block.syscall = SYS_read;
	look_later(test, 20 * MS);
	look_later(test, 20 * MS);
	assert_int_equal(test->probe.suspect_looks, 0);
	assert_int_equal(lost(test, LOSS_PEERS_NOT_LOOKED_FOR), 1);
	test->probe.slot[SLOT].turn_seq = 8;
	look_later(test, 20 * MS);
	assert_int_equal(lost(test, LOSS_PEERS_NOT_LOOKED_FOR), 2);
	*allowance = (struct allowance){ 0 };
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
}

/* A block that a snapshot of another process explains: capture's call, and who is seen. */
static const struct culprits *blame(struct test *test, const struct bp_capture *what, pid_t pid,
				    enum cause cause)
{
	struct bp_observed_snapshot *suspect = &test->probe.suspect;
	struct bp_capture *capture = &test->probe.slice[SLOT].capture;
	struct bp_slice slice;
	uint64_t since_ns;

	assert_int_equal(engine_look(test->engine), 0);
	become_loop(test);
	now_ns += 500 * MS;
	since_ns = now_ns;
	set_blocked(test, 7, since_ns, since_ns);
	capture->since_ns = since_ns;
	capture->turn_seq = 7;
	capture->block = what->block;
	capture->object = what->object;
	suspect->tid = suspect->tgid = (unsigned int)pid;
	look_later(test, 15 * MS);
	look_later(test, 20 * MS);
	now_ns += 100 * MS;
	test->probe.slot[SLOT].state = BP_WAITING;
	test->probe.slot[SLOT].in_turn = 0;
	slice = slice_of(7, what->block.syscall, now_ns - since_ns, 0x1000);
	slice.capture.block = what->block;
	slice.capture.object = what->object;
	send_used(test, &slice);
	send_turn(test, 7, now_ns - since_ns,
		  (struct bp_ledger){ .blocked_ns = now_ns - since_ns });
	assert_int_equal(test->nr_stalls, 1);
	return &find(&test->stalls[0].slices, cause)->culprits;
}

/* The child waits for a child in turn, which is its parent's: each names the next, and that is the end of it. */
static void test_child_in_a_ring(void **state)
{
	struct test *test = start(state);
	const struct culprits *culprits;
	struct bp_capture what = { 0 };
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork_holder(pipes);
	what.block = (struct bp_block){ .syscall = SYS_wait4, .args = { (unsigned long long)pid } };
	test->probe.suspect = (struct bp_observed_snapshot){
		.state = BP_BLOCKED,
		.switches = 5,
		.block = { .syscall = SYS_wait4, .args = { (unsigned long long)pid } },
		.comm = "sh",
	};
	culprits = blame(test, &what, pid, CAUSE_CHILD);
	assert_int_equal(culprits->nr, 1);
	assert_int_equal(culprits->v[0].kind, CULPRIT_CHILD);
	assert_int_equal(culprits->v[0].pid, pid);
	assert_int_equal(culprits->v[0].cause, CAUSE_CHILD);
	assert_true(culprits->v[0].ns >= 20 * MS);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
}

/* Whoever writes out the same file system is named with a doubt. */
static void test_syncer(void **state)
{
	struct test *test = start(state);
	const struct culprits *culprits;
	struct bp_capture what = { 0 };
	struct stat stat;
	int pipes[2];
	pid_t pid;

	assert_int_equal(lstat("/", &stat), 0);
	assert_int_equal(pipe(pipes), 0);
	pid = fork_holder(pipes);
	what.block = (struct bp_block){ .syscall = SYS_fsync, .flags = BP_BLOCK_DISK };
	what.object = (struct bp_object){
		.kind = BP_OBJECT_FILE,
		.fd = 3,
		.dev = (unsigned int)(major(stat.st_dev) << 20 | minor(stat.st_dev)),
		.ino = 1,
	};
	test->probe.suspect = (struct bp_observed_snapshot){
		.state = BP_BLOCKED,
		.switches = 5,
		.block = { .syscall = SYS_fsync },
		.comm = "backup",
	};
	culprits = blame(test, &what, pid, CAUSE_FILE);
	assert_int_equal(culprits->nr, 1);
	assert_int_equal(culprits->v[0].kind, CULPRIT_SYNCER);
	assert_int_equal(culprits->v[0].doubt, CULPRIT_SAME_FILE_SYSTEM);
	assert_int_equal(culprits->v[0].pid, pid);
	assert_int_equal(culprits->v[0].cause, CAUSE_FILE);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
}

static void test_ongoing_then_final(void **state)
{
	struct test *test = start(state);
	uint64_t began_ns;
	char id[40];

	become_loop(test);
	now_ns += 500 * MS;
	began_ns = now_ns;
	set_blocked(test, 7, began_ns, began_ns + 1 * MS);
	now_ns = began_ns + 99 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	now_ns = began_ns + 120 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	turn_id(id, 7);
	assert_string_equal(test->stalls[0].turn, id);
	assert_true(test->stalls[0].ongoing);
	assert_int_equal(test->stalls[0].delayed_events, -1);
	assert_int_equal(test->stalls[0].mono_ns, began_ns);
	assert_int_equal(test->stalls[0].duration_ns, 120 * MS);
	assert_int_equal(test->stalls[0].cause, CAUSE_SLEEP);
	assert_slice(&test->stalls[0].slices, CAUSE_SLEEP, 119 * MS, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_CPU, 1 * MS, 0);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 119 * MS);
	/* again each second */
	now_ns = began_ns + 1119 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	now_ns = began_ns + 1130 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 2);
	assert_int_equal(test->stalls[1].duration_ns, 1130 * MS);
	now_ns = began_ns + 2121 * MS; /* on the second, however late the one before was */
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 3);
	/* it ends */
	now_ns = began_ns + 2500 * MS;
	test->probe.slot[SLOT].state = BP_WAITING;
	test->probe.slot[SLOT].in_turn = 0;
	send_slice(test, 7, SYS_clock_nanosleep, 2499 * MS, 0x1000);
	send_turn(test, 7, 2500 * MS,
		  (struct bp_ledger){ .cpu_ns = 1 * MS, .blocked_ns = 2499 * MS });
	assert_int_equal(test->nr_stalls, 4);
	assert_false(test->stalls[3].ongoing);
	assert_string_equal(test->stalls[3].turn, id);
	assert_int_equal(test->stalls[3].mono_ns, began_ns);
	assert_slice(&test->stalls[3].slices, CAUSE_SLEEP, 2499 * MS, 1);
	now_ns += 20 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 4);
	assert_int_equal(test->nr_blocked, 0); /* it was told of already */
}

static void test_before_attach(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 50 * MS;
	set_blocked(test, 7, now_ns - 10 * S, now_ns - 9 * S);
	test->probe.slot[SLOT].turn.cpu_ns = 0;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].before_attach);
	assert_int_equal(test->stalls[0].duration_ns, 10 * S);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 9 * S);
	assert_int_equal(test->stalls[0].ledger.unknown_ns, 1 * S); /* no one saw */
}

/* The kernel side writes at this moment: it is told at the next tick. */
static void test_torn_capture(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slice[SLOT].capture.seq = 3;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	test->probe.slice[SLOT].capture.seq = 4;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 1);
}

static void test_not_in_a_turn(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 200 * MS, now_ns - 150 * MS);
	test->probe.slot[SLOT].in_turn = 0;
	engine_run(test->engine);
	test->probe.slot[SLOT].in_turn = 1;
	test->probe.slot[SLOT].use = BP_SLOT_THREAD;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	/* it began after the clock was read */
	test->probe.slot[SLOT].use = BP_SLOT_LOOP;
	test->probe.slot[SLOT].since_ns = test->probe.slot[SLOT].turn_start_ns = now_ns + 1;
	engine_run(test->engine);
	test->probe.slot[SLOT].since_ns = now_ns - 1;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

/* What is open when the watch ends is told, once. */
static void test_finish(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 300 * MS, now_ns - 100 * MS);
	send_slice(test, 6, SYS_fsync, 40 * MS, 0x1000);
	send_slice(test, 7, SYS_futex, 200 * MS, 0x1000);
	test->probe.slot[SLOT].turn.blocked_ns = 200 * MS;
	test->probe.slot[SLOT].turn.cpu_ns = 0;
	test->probe.slot[SLOT].sums[0] = (struct bp_sum){
		.used = 1, .syscall = SYS_fdatasync, .carry_ns = 3 * MS, .carry_count = 6
	};
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].at_end);
	assert_slice(&test->stalls[0].slices, CAUSE_LOCK, 200 * MS, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_SLEEP, 100 * MS, 1);
	assert_int_equal(test->nr_blocked, 1);
	assert_int_equal(test->blocked[0].slices.nr, 2); /* of turn 6, and what was carried */
	assert_int_equal(total(&test->blocked[0].slices), 43 * MS);
}

/* -- what costs -- */

static void test_pace(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.waits_always = false;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 11 * MS, now_ns - 10 * MS);
	engine_run(test->engine);
	assert_false(test->probe.waits || test->probe.samples);
	now_ns += 2 * MS; /* an eighth of the threshold */
	engine_run(test->engine);
	assert_true(test->probe.waits && test->probe.samples);
	test->probe.slot[SLOT].state = BP_WAITING;
	now_ns += 900 * MS;
	engine_run(test->engine);
	assert_true(test->probe.waits && test->probe.samples);
	now_ns += 200 * MS;
	engine_run(test->engine);
	assert_false(test->probe.waits || test->probe.samples);
	assert_int_equal(engine_tick_ms(test->engine), 12);
}

/* In a pass over records and loops, and while a child is waited for: who gets old meanwhile is not to suffer for that. */
static void test_pace_while_much_is_done(void **state)
{
	struct test *test = start(state);
	unsigned int collected;

	become_loop(test);
	test->probe.waits_always = false;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 11 * MS, now_ns - 10 * MS);
	collected = test->probe.collected;
	engine_run(test->engine);
	assert_int_equal(test->probe.collected, collected + 1);
	assert_false(test->probe.waits);
	now_ns += 11 * MS;
	engine_meanwhile(test->engine);
	assert_int_equal(test->probe.collected, collected + 2);
	assert_false(test->probe.waits); /* not looked at more often than else */
	now_ns += 2 * MS;
	engine_meanwhile(test->engine);
	assert_true(test->probe.waits && test->probe.samples);
}

/* The loop runs, and never sleeps in its wait; that shows in its turns while waits are seen. */
static void run_busy(struct test *test, uint64_t ns)
{
	struct bp_slot *slot = &test->probe.slot[SLOT];

	for (uint64_t end_ns = now_ns + ns; now_ns < end_ns; now_ns += 10 * MS) {
		if (test->probe.waits) {
			slot->turn_seq++;
			slot->turn_start_ns = slot->since_ns = now_ns;
			if (slot->doubt == BP_DOUBT_TURN)
				slot->doubt = BP_DOUBT_NONE;
		}
		engine_run(test->engine);
	}
}

/* Of the whole system, one busy loop is not to cost each system call something for good. */
static void test_busy_loops_rest(void **state)
{
	struct engine_options options = { .threshold_ns = 100 * MS, .whole_system = true };
	struct test *test = start_with(state, &options);
	struct bp_slot *slot = &test->probe.slot[SLOT];
	unsigned int on = 0;

	become_loop(test);
	test->probe.waits_always = false;
	now_ns += 500 * MS;
	set_blocked(test, 7, now_ns - 10 * MS, now_ns);
	slot->state = BP_RUNNING;
	run_busy(test, 9 * S);
	assert_true(test->probe.waits);
	run_busy(test, 11 * S);
	for (int i = 0; i < 1000; i++) {
		run_busy(test, 10 * MS);
		on += test->probe.waits;
		assert_int_equal(slot->doubt == BP_DOUBT_ALL, !test->probe.waits);
	}
	/* a second in ten, and one more until what was switched on is switched off */
	assert_in_range(on, 100, 220);
	assert_int_equal(test->nr_stalls, 0);

	/* a block is watched in any case: the kernel side begins a turn with it */
	while (test->probe.waits)
		run_busy(test, 10 * MS);
	set_blocked(test, slot->turn_seq + 1, now_ns, now_ns);
	for (int i = 0; i < 15; i++) {
		now_ns += 10 * MS;
		test->probe.slice[SLOT].ns += 10 * MS;
		engine_run(test->engine);
	}
	assert_true(test->probe.waits);
	assert_int_equal(slot->doubt, BP_DOUBT_NONE);
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].ongoing);
}

/* The processes that the user named are watched all the time. */
static void test_busy_targets_do_not_rest(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.waits_always = false;
	set_blocked(test, 7, now_ns - 10 * MS, now_ns);
	test->probe.slot[SLOT].state = BP_RUNNING;
	for (int i = 0; i < 40; i++) {
		run_busy(test, 1 * S);
		assert_true(test->probe.waits);
		assert_int_equal(test->probe.slot[SLOT].doubt, BP_DOUBT_NONE);
	}
}

/* A block that lasts long keeps nothing switched on; its end does at once. */
static void test_away(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	test->probe.waits_always = false;
	set_blocked(test, 7, now_ns - 10 * MS, now_ns);
	now_ns += 5 * S;
	engine_run(test->engine);
	assert_true(test->probe.waits);
	now_ns += 6 * S;
	engine_run(test->engine);
	assert_false(test->probe.waits);
	test->probe.slot[SLOT].state = BP_RUNNING;
	test->probe.slot[SLOT].since_ns = now_ns;
	engine_run(test->engine);
	assert_true(test->probe.waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_peer),
		TEST(test_block_of_before),
		TEST(test_peer_that_cannot_be_afforded),
		TEST(test_child_in_a_ring),
		TEST(test_syncer),
		TEST(test_ongoing_then_final),
		TEST(test_before_attach),
		TEST(test_torn_capture),
		TEST(test_not_in_a_turn),
		TEST(test_finish),
		TEST(test_pace),
		TEST(test_pace_while_much_is_done),
		TEST(test_busy_loops_rest),
		TEST(test_busy_targets_do_not_rest),
		TEST(test_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
