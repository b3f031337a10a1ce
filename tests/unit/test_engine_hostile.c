// SPDX-License-Identifier: GPL-2.0-or-later
/* Records that no kernel side would send: other slots, cut, hostile bytes and times. */
#include "engine_fixture.h"

static void test_other_slots(void **state)
{
	static const unsigned int slots[] = { 0, SLOTS + 1, 1000000, UINT32_MAX };
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
		struct bp_slice slice = slice_of(7, SYS_fsync, 200 * MS, 0x1000);
		struct bp_turn turn = turn_of(7, 200 * MS, (struct bp_ledger){ 0 });
		struct bp_candidate candidate = { .header = header(BP_RECORD_CANDIDATE),
						  .wait_class = BP_WAIT_EPOLL,
						  .count = 9 };

		slice.header.slot = turn.header.slot = candidate.header.slot = slots[i];
		send(test, &slice, sizeof(slice));
		send(test, &turn, sizeof(turn));
		send(test, &candidate, sizeof(candidate));
		engine_run(test->engine);
		test->probe.thread.slot = SLOT;
		send_process(test, BP_RECORD_EXEC, 1, slots[i], false);
		send_process(test, BP_RECORD_EXIT, 1, slots[i], false);
		test->probe.thread.slot = slots[i];
		assert_int_equal(engine_look(test->engine), 0);
	}
	assert_int_equal(test->nr_stalls, 0);
	for (unsigned int slot = 0; slot <= SLOTS; slot++)
		assert_int_equal(test->probe.freed[slot], 0);
	assert_int_equal(engine_loops(test->engine, 0), 1);
}

/* A slot whose thread is another than the record's. */
static void test_other_thread(void **state)
{
	struct test *test = start(state);
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	turn = turn_of(7, 200 * MS, (struct bp_ledger){ 0 });
	turn.header.tid++;
	send(test, &turn, sizeof(turn));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

/* Cut anywhere: the rest counts as empty. */
static void test_short_records(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;
	struct bp_turn turn;

	become_loop(test);
	now_ns += 500 * MS;
	for (unsigned int type = 0; type <= BP_RECORD_STACK_COPY; type++) {
		if (type == BP_RECORD_EXEC || type == BP_RECORD_EXIT)
			continue; /* they end the loop */
		slice = slice_of(7, SYS_fsync, 1 * MS, 0x1000);
		slice.header = header(type);
		for (size_t bytes = sizeof(struct bp_header); bytes <= 400; bytes++)
			send(test, &slice, bytes);
		engine_run(test->engine);
	}
	slice = slice_of(7, SYS_fsync, 1 * MS, 0x1000);
	for (size_t bytes = 400; bytes <= sizeof(slice); bytes += 97)
		send(test, &slice, bytes);
	turn = turn_of(7, 200 * MS, (struct bp_ledger){ 0 });
	send(test, &turn, offsetof(struct bp_turn, end_ns));
	engine_run(test->engine);
	assert_int_equal(test->nr_stalls, 0);
}

static void test_hostile_slice(void **state)
{
	struct test *test = start(state);
	struct bp_slice slice;

	become_loop(test);
	now_ns += 500 * MS;
	for (unsigned int kind = 0; kind < 9; kind++) {
		for (int nr = -2; nr < 460; nr += 3) {
			memset(&slice, 0x41, sizeof(slice)); /* no string is ended */
			slice.header = header(BP_RECORD_SLICE);
			slice.turn_seq = 7;
			slice.capture.object.kind = kind;
			slice.capture.object.path_bytes = nr % 2 ? UINT16_MAX : BP_PATH_BYTES;
			slice.capture.object.socket.family = nr % 60;
			slice.capture.block.syscall = nr;
			slice.capture.block.flags = 0;
			slice.capture.question_bytes = UINT32_MAX;
			slice.capture.stack.kernel_nr = UINT16_MAX;
			slice.capture.stack.user_nr = UINT16_MAX;
			slice.capture.stack.python_nr = UINT16_MAX;
			slice.capture.other_stack = slice.capture.stack;
			slice.capture.other.kind = nr % 4;
			slice.capture.other.tgid = getpid();
			send(test, &slice, sizeof(slice));
		}
		engine_run(test->engine);
	}
	send_turn(test, 7, 200 * MS, (struct bp_ledger){ .blocked_ns = 100 * MS });
	assert_int_equal(test->nr_stalls, 1);
	assert_true(test->stalls[0].slices.nr > 5);
}

/* Times that run backwards or wrap around: the ledger adds up (on_stall()), nothing is longer than it can be. */
static void test_hostile_times(void **state)
{
	static const uint64_t times[] = { 0,	    1,		999 * S,   1000 * S + 400 * MS,
					  2000 * S, 1ull << 63, UINT64_MAX };
	const size_t nr = sizeof(times) / sizeof(times[0]);
	struct test *test = start(state);

	become_loop(test);
	now_ns += 500 * MS;
	for (size_t i = 0; i < nr * nr; i++) {
		uint64_t a = times[i % nr], b = times[i / nr];
		struct bp_turn turn =
			turn_of(i + 1, 0, (struct bp_ledger){ a, b, a, b, UINT64_MAX });

		turn.start_ns = a;
		turn.end_ns = b;
		turn.sums[0] = (struct bp_sum){ .used = 1, .ns = b, .count = UINT32_MAX };
		send(test, &turn, sizeof(turn));
		engine_run(test->engine);
		if (b < a)
			assert_int_equal(test->nr_stalls, 0);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_int_equal(test->stalls[k].duration_ns, b - a);
		forget_reported(test);
		/* and the slot itself */
		set_blocked(test, 1000 + i, a, b);
		engine_run(test->engine);
		for (size_t k = 0; k < test->nr_stalls; k++)
			assert_true(test->stalls[k].duration_ns <= now_ns);
		forget_reported(test);
		test->probe.slot[SLOT].in_turn = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_other_slots),	  TEST(test_other_thread),  TEST(test_short_records),
		TEST(test_hostile_slice), TEST(test_hostile_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
