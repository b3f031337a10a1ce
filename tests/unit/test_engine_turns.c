// SPDX-License-Identifier: GPL-2.0-or-later
/* From turns that ended, and their slices, to stalls and blocked time. */
#include "engine_fixture.h"

#include "base/clock.h"
#include "capture/client.h"

/* -- stalls -- */

static void test_stall(void **state)
{
	struct test *test = start(state);
	const struct stall_record *stall;
	char id[40];

	become_loop(test);
	now_ns += 500 * MS;
	send_slice(test, 7, SYS_clock_nanosleep, 60 * MS, 0x1000);
	send_slice(test, 7, SYS_clock_nanosleep, 70 * MS, 0x1000); /* the same place */
	send_slice(test, 7, SYS_clock_nanosleep, 20 * MS, 0x1010);
	send_slice(test, 7, SYS_futex, 30 * MS, 0x1000);
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ 11 * MS, 5 * MS, 2 * MS, 190 * MS, 1 });
	assert_int_equal(test->nr_stalls, 1);
	stall = &test->stalls[0];
	turn_id(id, 7);
	assert_string_equal(stall->turn, id);
	assert_false(stall->ongoing);
	assert_false(stall->before_attach);
	assert_int_equal(stall->mono_ns, now_ns - 250 * MS);
	assert_int_equal(stall->duration_ns, 250 * MS);
	assert_int_equal(stall->delayed_events, 3);
	assert_int_equal(stall->id.tid, getpid());
	assert_int_equal(stall->cause, CAUSE_SLEEP);
	/* cpu, runqueue, throttled and blocked as the kernel side saw them, the rest is unknown */
	assert_int_equal(stall->ledger.cpu_ns, 11 * MS);
	assert_int_equal(stall->ledger.runqueue_ns, 5 * MS);
	assert_int_equal(stall->ledger.throttled_ns, 2 * MS);
	assert_int_equal(stall->ledger.blocked_ns, 190 * MS);
	assert_int_equal(stall->ledger.unknown_ns, 42 * MS);
	/* largest first; what no slice came for has no place */
	assert_int_equal(stall->slices.nr, 7);
	assert_int_equal(stall->slices.v[0].cause, CAUSE_SLEEP);
	assert_int_equal(stall->slices.v[0].ns, 130 * MS);
	assert_int_equal(stall->slices.v[0].count, 2);
	assert_int_equal(stall->slices.v[0].max_ns, 70 * MS);
	assert_int_equal(stall->slices.v[0].intervals.nr, 2);
	assert_int_equal(stall->slices.v[0].intervals.first_ns, now_ns - 70 * MS);
	assert_int_equal(stall->slices.v[0].intervals.v[0].mono_ns, now_ns - 70 * MS);
	assert_int_equal(stall->slices.v[0].intervals.v[0].ns, 70 * MS);
	assert_int_equal(stall->slices.v[0].intervals.v[1].ns, 60 * MS);
	assert_string_equal(stall->slices.v[0].syscall, "clock_nanosleep");
	assert_string_equal(stall->slices.v[0].stack->frames[0].fn, "here");
	assert_slice(&stall->slices, CAUSE_LOCK, 30 * MS, 1);
	assert_slice(&stall->slices, CAUSE_OTHER, 10 * MS, 0);
	assert_slice(&stall->slices, CAUSE_CPU, 11 * MS, 0);
	assert_slice(&stall->slices, CAUSE_RUNQUEUE, 5 * MS, 0);
	assert_slice(&stall->slices, CAUSE_THROTTLED, 2 * MS, 0);
	assert_int_equal(total(&stall->slices), 208 * MS);
	assert_int_equal(test->nr_blocked, 0);
}

/* AF_INET, SOCK_STREAM and IPPROTO_TCP: sys/socket.h has a send() of its own. */
#define INET   2
#define STREAM 1
#define TCP    6

static struct bp_impact impact_of(uint64_t seq)
{
	struct bp_impact impact = {
		.header = header(BP_RECORD_IMPACT),
		.turn_seq = seq,
		.start_ns = now_ns - 250 * MS,
		.events = 40,
		.ticks = BP_TICKS_UNKNOWN,
	};

	return impact;
}

static void add_client(struct bp_impact *impact, int fd, unsigned int ticks)
{
	impact->clients[impact->nr++] = (struct bp_client){
		.fd = fd,
		.kind = BP_OBJECT_SOCKET,
		.ticks = ticks,
		.socket = { .family = INET,
			    .type = STREAM,
			    .protocol = TCP,
			    .peer_port = (unsigned short)(4000 + fd),
			    .peer = { 192, 0, 2, 1 } },
	};
	impact->waiting++;
}

/* Who waited comes before the turn's end: the latest first, and what was not described is counted. */
static void test_impact(void **state)
{
	struct test *test = start(state);
	uint64_t tick_ns = clock_tick_ns();
	struct bp_impact record;
	const struct impact *impact;

	become_loop(test);
	now_ns += 500 * MS;
	record = impact_of(7);
	for (int fd = 0; fd < 10; fd++)
		add_client(&record, fd, fd == 5 ? BP_TICKS_UNKNOWN : (unsigned int)fd);
	record.waiting = 200;
	record.ticks = 12;
	record.timers = 2;
	send(test, &record, sizeof(record));
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->nr_stalls, 1);
	impact = &test->stalls[0].impact;
	assert_int_equal(impact->events, 40);
	assert_int_equal(impact->nr_clients, IMPACT_CLIENTS);
	assert_int_equal(impact->clients_cut, 192);
	assert_int_equal(impact->late_ns, 12 * tick_ns);
	assert_int_equal(impact->clients[0].fd, 9);
	assert_int_equal(impact->clients[0].late_ns, 9 * tick_ns);
	assert_string_equal(impact->clients[0].peer, "192.0.2.1:4009");
	assert_int_equal(impact->clients[0].peer_pid, 0);
	assert_int_equal(impact->clients[7].fd, 1);
	assert_int_equal(impact->timers_late, 2);
	assert_int_equal(impact->tasks_ready, -1);

	/* of another turn nothing is said */
	now_ns += 500 * MS;
	send_turn(test, 8, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	impact = &test->stalls[1].impact;
	assert_int_equal(impact->events, 3);
	assert_int_equal(impact->nr_clients, 0);
	assert_int_equal(impact->late_ns, -1);
	assert_int_equal(impact->timers_late, -1);
}

/* Ticks are no finer than that: data that came in the turn is not as late as the turn is long. */
static void test_lateness(void **state)
{
	uint64_t tick_ns = clock_tick_ns();

	(void)state;
	assert_int_equal(client_late_ns(BP_TICKS_UNKNOWN, S), -1);
	assert_int_equal(client_late_ns(0, S), 0);
	assert_int_equal(client_late_ns(3, S), 3 * tick_ns);
	assert_int_equal(client_late_ns(10, 10 * tick_ns), 19 * tick_ns / 2);
	/* what had come before it waited for longer */
	assert_int_equal(client_late_ns(12, 10 * tick_ns), 12 * tick_ns);
	/* a clock that went backwards */
	assert_int_equal(client_late_ns(BP_TICKS_UNKNOWN - 1, S), -1);
}

/* What cannot be is bounded. */
static void test_impact_hostile(void **state)
{
	struct test *test = start(state);
	struct bp_impact record;

	become_loop(test);
	now_ns += 500 * MS;
	record = impact_of(7);
	record.nr = record.waiting = record.timers = record.events = UINT32_MAX;
	send(test, &record, sizeof(record));
	send(test, &record, sizeof(record.header));
	send_turn(test, 7, 250 * MS, (struct bp_ledger){ .blocked_ns = 250 * MS });
	assert_int_equal(test->stalls[0].impact.nr_clients, IMPACT_CLIENTS);
	assert_int_equal(test->stalls[0].impact.clients_cut, UINT32_MAX - IMPACT_CLIENTS);
}

static void count_standing(void *context, const struct engine_loop *loop)
{
	struct engine_loop *last = context;

	*last = *loop;
}

/* Blocked time by cause, in stalls or not, as slices and sums tell of it. */
static void test_standing(void **state)
{
	struct test *test = start(state);
	struct engine_loop stand = { 0 };
	struct bp_slice slice;
	struct bp_turn turn;

	engine_each_loop(test->engine, count_standing, &stand);
	assert_null(stand.id);
	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(6, SYS_clock_nanosleep, 10 * MS, 0x1000);
	slice.carry_ns = 5 * MS;
	slice.carry_count = 2;
	send_used(test, &slice);
	send_slice(test, 7, SYS_futex, 30 * MS, 0x1000);
	turn = turn_of(7, 250 * MS, (struct bp_ledger){ .blocked_ns = 39 * MS });
	turn.sums[0] = (struct bp_sum){
		.used = 1, .syscall = SYS_futex, .count = 4, .ns = 9 * MS, .max_ns = 3 * MS
	};
	send(test, &turn, sizeof(turn));
	slice = slice_of(8, BP_NO_SYSCALL, 20 * MS, 0x1000);
	slice.header.type = BP_RECORD_SAMPLE;
	send_used(test, &slice);
	engine_run(test->engine);
	engine_each_loop(test->engine, count_standing, &stand);
	assert_int_equal(stand.number, 1);
	assert_int_equal(stand.now_ns, now_ns);
	assert_int_equal(stand.blocked_ns[CAUSE_SLEEP], 15 * MS);
	assert_int_equal(stand.blocked_ns[CAUSE_LOCK], 39 * MS);
	assert_int_equal(stand.blocked_ns[CAUSE_CPU], 0);
	assert_int_equal(test->nr_stalls, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_LOCK, 30 * MS, 1);
}

static void test_at_the_threshold(void **state)
{
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 1, 100 * MS - 1, (struct bp_ledger){ 0 });
	assert_int_equal(test->nr_stalls, 0);
	send_turn(test, 2, 100 * MS, (struct bp_ledger){ 0 });
	assert_int_equal(test->nr_stalls, 1);
	assert_int_equal(test->stalls[0].ledger.unknown_ns, 100 * MS);
	assert_int_equal(test->stalls[0].cause, CAUSE_OTHER);
}

/* cpu time that no sample stands for goes where most samples were. */
static void test_samples(void **state)
{
	struct test *test = start(state);
	struct bp_slice sample;

	become_loop(test);
	now_ns += 500 * MS;
	sample = slice_of(7, BP_NO_SYSCALL, 20 * MS, 0x1000);
	sample.header.type = BP_RECORD_SAMPLE;
	send_used(test, &sample);
	sample.ns = 30 * MS;
	sample.capture.stack.user[0] = 0x1010;
	send_used(test, &sample);
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .cpu_ns = 200 * MS });
	assert_int_equal(test->stalls[0].cause, CAUSE_CPU);
	assert_int_equal(test->stalls[0].slices.nr, 2);
	assert_int_equal(test->stalls[0].slices.v[0].ns, 180 * MS);
	assert_string_equal(test->stalls[0].slices.v[0].stack->frames[0].fn, "there");
	assert_int_equal(test->stalls[0].slices.v[1].ns, 20 * MS);
}

/* A tick stands for the time before it; those that follow each other in one place are one. */
static void test_samples_follow_each_other(void **state)
{
	struct test *test = start(state);
	const struct intervals *intervals;
	struct bp_slice sample;
	uint64_t start_ns;

	become_loop(test);
	start_ns = now_ns;
	for (unsigned int i = 0; i < 5; i++) {
		/* the last two come after something else */
		now_ns += i == 3 ? 100 * MS : 10 * MS;
		sample = slice_of(7, BP_NO_SYSCALL, 10 * MS, 0x1000);
		sample.header.type = BP_RECORD_SAMPLE;
		sample.capture.since_ns = now_ns;
		send_used(test, &sample);
	}
	send_turn(test, 7, 140 * MS, (struct bp_ledger){ .cpu_ns = 50 * MS });
	intervals = &test->stalls[0].slices.v[0].intervals;
	assert_int_equal(test->stalls[0].slices.v[0].cause, CAUSE_CPU);
	assert_int_equal(intervals->nr, 2);
	assert_int_equal(intervals->v[0].mono_ns, start_ns);
	assert_int_equal(intervals->v[0].ns, 30 * MS);
	assert_int_equal(intervals->v[1].mono_ns, start_ns + 120 * MS);
	assert_int_equal(intervals->v[1].ns, 20 * MS);
}

/* What the collector takes is cpu time with a name of its own. */
static void test_collects(void **state)
{
	struct test *test = start(state);
	struct bp_slice sample;

	become_loop(test);
	now_ns += 500 * MS;
	sample = slice_of(7, BP_NO_SYSCALL, 20 * MS, 0x1000);
	sample.header.type = BP_RECORD_SAMPLE;
	send_used(test, &sample);
	sample.capture.block.flags = BP_BLOCK_COLLECTS;
	sample.ns = 130 * MS;
	send_used(test, &sample);
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .cpu_ns = 200 * MS });
	assert_int_equal(test->stalls[0].cause, CAUSE_GC);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 200 * MS);
	assert_int_equal(test->stalls[0].slices.nr, 2);
	assert_slice(&test->stalls[0].slices, CAUSE_GC, 180 * MS, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_CPU, 20 * MS, 1);
	/* it is none of the time that is lost in turns that are no stalls */
	send_used(test, &sample);
	now_ns += 20 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_blocked, 0);
}

/* The kernel calls it blocked: it is throttled, in the stall and in the loop's sums. */
static void test_memory_high(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_read, 120 * MS, 0x1000);
	slice.capture.stack.kernel_nr = 1;
	slice.capture.stack.kernel[0] = 0x2010;
	send_used(test, &slice);
	test->probe.slot[SLOT].total.blocked_ns = 200 * MS;
	send_turn(test, 7, 200 * MS,
		  (struct bp_ledger){ .throttled_ns = 10 * MS, .blocked_ns = 190 * MS });
	assert_int_equal(test->stalls[0].cause, CAUSE_THROTTLED);
	assert_int_equal(test->stalls[0].ledger.throttled_ns, 130 * MS);
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 70 * MS);
	assert_slice(&test->stalls[0].slices, CAUSE_OTHER, 70 * MS, 0);
	assert_int_equal(total(&test->stalls[0].slices), 200 * MS);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.loops[0].ledger.throttled_ns, 120 * MS);
	assert_int_equal(summary.loops[0].ledger.blocked_ns, 80 * MS);
	summary_free(&summary);
}

static void test_ledger_too_long(void **state)
{
	struct test *test = start(state);
	struct summary_record summary;

	become_loop(test);
	now_ns += 500 * MS;
	send_turn(test, 7, 200 * MS,
		  (struct bp_ledger){ .cpu_ns = 150 * MS, .blocked_ns = 120 * MS });
	assert_int_equal(test->stalls[0].ledger.blocked_ns, 120 * MS);
	assert_int_equal(test->stalls[0].ledger.cpu_ns, 80 * MS);
	assert_int_equal(engine_summary(test->engine, &summary), 0);
	assert_int_equal(summary.nr_lost, 1);
	assert_string_equal(summary.lost[0].name, "ledgers_cut");
	assert_int_equal(summary.lost[0].count, 1);
	summary_free(&summary);
}

/* Short blocks: by system call only, whatever a zeroed descriptor would look like. */
static void test_sums(void **state)
{
	struct test *test = start(state);
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	turn = turn_of(7, 150 * MS, (struct bp_ledger){ .blocked_ns = 9 * MS, .cpu_ns = 141 * MS });
	turn.sums[0] = (struct bp_sum){ .used = 1,
					.syscall = SYS_recvfrom,
					.count = 4,
					.ns = 4 * MS,
					.max_ns = 2 * MS,
					.carry_ns = 77 * MS,
					.carry_count = 9 };
	turn.sums[1] = (struct bp_sum){ .used = 1,
					.syscall = SYS_futex,
					.flags = BP_BLOCK_GIL,
					.count = 1,
					.ns = 5 * MS,
					.max_ns = 5 * MS };
	turn.sums[2] = (struct bp_sum){ .used = 1, .syscall = SYS_fsync, .carry_ns = 6 * MS };
	turn.sums[4] = (struct bp_sum){ .used = 1, .syscall = SYS_fsync, .ns = 6 * MS };
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->stalls[0].slices.nr, 3);
	assert_slice(&test->stalls[0].slices, CAUSE_SOCKET, 4 * MS, 4);
	assert_slice(&test->stalls[0].slices, CAUSE_GIL, 5 * MS, 1);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_SOCKET)->max_ns, 2 * MS);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_SOCKET)->target.kind, TARGET_NONE);
	assert_null(find(&test->stalls[0].slices, CAUSE_SOCKET)->stack);
}

/* Naps before it was known what they were between are what the later ones are. */
static void test_naps_joined(void **state)
{
	struct test *test = start(state);
	struct bp_slice nap;

	become_loop(test);
	now_ns += 500 * MS;
	send_slice(test, 7, SYS_clock_nanosleep, 30 * MS, 0x1000);
	send_slice(test, 7, SYS_clock_nanosleep, 10 * MS, 0x1010); /* another place's */
	nap = slice_of(7, SYS_clock_nanosleep, 90 * MS, 0x1000);
	nap.capture.block.flags = BP_BLOCK_TRY_CHILD;
	nap.capture.block.args[0] = 1;
	nap.count = 3;
	send_used(test, &nap);
	send_turn(test, 7, 140 * MS, (struct bp_ledger){ .blocked_ns = 130 * MS });
	assert_int_equal(test->stalls[0].cause, CAUSE_CHILD);
	assert_int_equal(test->stalls[0].slices.nr, 2);
	assert_slice(&test->stalls[0].slices, CAUSE_CHILD, 120 * MS, 4);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_CHILD)->target.pid, 1);
	assert_slice(&test->stalls[0].slices, CAUSE_SLEEP, 10 * MS, 1);
}

/* Another process's records are not behind: its end, and its number's next process, were read before. */
static void test_waker_s_number_is_another_s(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_futex, 200 * MS, 0x1000);
	slice.capture.other =
		(struct bp_other){ .kind = BP_OTHER_WAKER, .tgid = 41, .tid = 42, .comm = "waker" };
	slice.capture.other_stack = (struct bp_stack){ .user_nr = 1, .user = { 0x1010 } };
	now_ns += 10 * MS;
	send_process(test, BP_RECORD_FORK, 41, BP_NO_SLOT, false);
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 210 * MS, (struct bp_ledger){ .blocked_ns = 210 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_string_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.comm, "waker");
	assert_null(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.stack);
}

static void test_waker_and_holder(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_futex, 60 * MS, 0x1000);
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_WAKER, .tid = 42, .tgid = 41 };
	memset(slice.capture.other.comm, 'w', BP_COMM_LEN); /* not ended */
	slice.capture.other_stack = (struct bp_stack){ .user_nr = 1, .user = { 0x1010 } };
	send(test, &slice, sizeof(slice));
	slice = slice_of(7, SYS_futex, 50 * MS, 0x1010);
	slice.capture.block.flags = BP_BLOCK_GIL;
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_HOLDER, .pthread = PTHREAD };
	send(test, &slice, sizeof(slice));
	slice = slice_of(7, SYS_epoll_wait, 40 * MS, 0x1000);
	slice.capture.other = (struct bp_other){ .kind = BP_OTHER_WAKER, .tid = 42, .tgid = 41 };
	slice.capture.other_stack = (struct bp_stack){ .kernel_nr = 1, .kernel = { 0x2000 } };
	send(test, &slice, sizeof(slice));
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 150 * MS });
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.pid, 41);
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.tid, 42);
	assert_string_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.comm,
			    "wwwwwwwwwwwwwww");
	assert_string_equal(find(&test->stalls[0].slices, CAUSE_LOCK)->waker.stack->frames[0].fn,
			    "there");
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_GIL)->holder.pid, getpid());
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_GIL)->holder.tid, getpid());
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_GIL)->waker.pid, 0);
	/* an interrupt's current thread had nothing to do with it */
	assert_int_equal(find(&test->stalls[0].slices, CAUSE_POLL)->waker.pid, 0);
}

/* -- blocked time of turns that were no stalls -- */

static void test_blocked(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	test->probe.slot[SLOT].turn_seq = 9;
	send_slice(test, 7, SYS_clock_nanosleep, 6 * MS, 0x1000);
	send_slice(test, 8, SYS_clock_nanosleep, 7 * MS, 0x1000);
	slice = slice_of(8, SYS_fsync, 5 * MS, 0x1000);
	slice.carry_ns = 20 * MS; /* of turns before */
	slice.carry_count = 11;
	send_used(test, &slice);
	slice = slice_of(8, BP_NO_SYSCALL, 9 * MS, 0x1000);
	slice.header.type = BP_RECORD_SAMPLE;
	send_used(test, &slice);
	engine_run(test->engine);
	now_ns += 9 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_blocked, 0);
	now_ns += 600 * MS;
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->nr_blocked, 1);
	assert_int_equal(test->blocked[0].id.tid, getpid());
	assert_int_equal(test->blocked[0].slices.nr, 2);
	assert_slice(&test->blocked[0].slices, CAUSE_FILE, 25 * MS, 12);
	assert_slice(&test->blocked[0].slices, CAUSE_SLEEP, 13 * MS, 2);
	assert_int_equal(test->blocked[0].slices.v[0].cause, CAUSE_FILE);
	now_ns += 20 * S;
	engine_run(test->engine);
	assert_int_equal(test->nr_blocked, 1);
}

/* A stall takes its own slices; what was carried from before it is no part of it. */
static void test_carry_beside_a_stall(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	slice = slice_of(7, SYS_fsync, 120 * MS, 0x1000);
	slice.carry_ns = 4 * MS;
	slice.carry_count = 2;
	send_used(test, &slice);
	send_turn(test, 7, 120 * MS, (struct bp_ledger){ .blocked_ns = 120 * MS });
	assert_slice(&test->stalls[0].slices, CAUSE_FILE, 120 * MS, 1);
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_blocked, 1);
	assert_slice(&test->blocked[0].slices, CAUSE_FILE, 4 * MS, 2);
}

/* Outside of any turn: a thread that is no loop, with --all-threads. */
static void test_no_turn(void **state)
{
	struct test *test = start(state);

	send_slice(test, 0, SYS_fsync, 120 * MS, 0x1000);
	engine_run(test->engine);
	assert_int_equal(test->loops, 0);
	engine_finish(test->engine, true);
	assert_int_equal(test->nr_stalls, 0);
	assert_int_equal(test->nr_blocked, 1);
	assert_null(test->blocked[0].id.runtime);
	assert_slice(&test->blocked[0].slices, CAUSE_FILE, 120 * MS, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stall),
		TEST(test_impact),
		TEST(test_lateness),
		TEST(test_impact_hostile),
		TEST(test_standing),
		TEST(test_at_the_threshold),
		TEST(test_samples),
		TEST(test_samples_follow_each_other),
		TEST(test_collects),
		TEST(test_memory_high),
		TEST(test_ledger_too_long),
		TEST(test_sums),
		TEST(test_naps_joined),
		TEST(test_waker_and_holder),
		TEST(test_waker_s_number_is_another_s),
		TEST(test_blocked),
		TEST(test_carry_beside_a_stall),
		TEST(test_no_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
