// SPDX-License-Identifier: GPL-2.0-or-later
/* Going through a process for one of its loops after the other has an end, and what was seen last holds then. */
#include <pthread.h>

#include "engine_fixture.h"

#include "base/clock.h"
#include "stall/loops/looks.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

static struct watched *watched_of(struct test *test)
{
	return watched_find(test->engine->watched, getpid());
}

/* What took a while is paid for by the time that passes, and a short one leaves something. */
static void test_share(void **state)
{
	struct test *test = start(state);
	struct watched *watched = watched_of(test);

	assert_true(look_is_left(watched, now_ns));
	for (int i = 0; i < 1000 && look_is_left(watched, now_ns); i++)
		look_pay(watched, now_ns, clock_now_ns() - 10 * MS);
	assert_false(look_is_left(watched, now_ns));
	assert_true(look_is_left(watched, watched->looks.paid_until_ns - S));
	/* as much as 50 ms of looking, each ten times */
	assert_true(watched->looks.paid_until_ns - now_ns >= S);
	watched_renew(watched, now_ns);
	assert_true(look_is_left(watched, now_ns));
}

static void *wait_there(void *ready)
{
	struct epoll_event event;

	while (!__atomic_load_n((int *)ready, __ATOMIC_ACQUIRE))
		epoll_wait(LOOP_FD, &event, 1, 20);
	return NULL;
}

/* Until the thread is seen to wait, or is not: it takes a moment to get there. */
static bool is_seen(struct test *test, bool wanted)
{
	struct loop *loop = loops_at(test->engine->loops, SLOT);

	for (int i = 0; i < 5000; i++) {
		now_ns += S;
		if (look_others_wait(test->engine, loop, now_ns) == wanted)
			return true;
		usleep(1000);
	}
	return false;
}

static void test_what_was_seen_holds(void **state)
{
	struct test *test = start(state);
	struct loop *loop;
	pthread_t thread;
	int ended = 0;

	become_loop(test);
	test->probe.slot[SLOT].wait_id = LOOP_FD;
	loop = loops_at(test->engine->loops, SLOT);
	assert_false(look_others_wait(test->engine, loop, now_ns));
	assert_int_equal(pthread_create(&thread, NULL, wait_there, &ended), 0);
	assert_true(is_seen(test, true));
	__atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	/* in a turn in which all were looked at: by another loop, a moment ago */
	assert_true(look_others_wait(test->engine, loop, now_ns));
	assert_true(look_others_wait(test->engine, loop, now_ns - 100 * MS));
	/* the next one is looked at, unless the share is used up */
	watched_of(test)->looks.paid_until_ns = UINT64_MAX;
	test->probe.slot[SLOT].turn_seq = 7;
	assert_int_equal(test->engine->lost[LOSS_LOOKS_REFUSED], 0);
	assert_true(look_others_wait(test->engine, loop, now_ns + MS));
	/* which is counted, once for a turn */
	assert_true(look_others_wait(test->engine, loop, now_ns + MS));
	assert_int_equal(test->engine->lost[LOSS_LOOKS_REFUSED], 1);
	test->probe.slot[SLOT].turn_seq = 8;
	assert_true(look_others_wait(test->engine, loop, now_ns + MS));
	assert_int_equal(test->engine->lost[LOSS_LOOKS_REFUSED], 2);
	watched_of(test)->looks.paid_until_ns = 0;
	now_ns += MS;
	assert_false(look_others_wait(test->engine, loop, now_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_share),
		TEST(test_what_was_seen_holds),
	};

	return cmocka_run_group_tests_name("looks", tests, NULL, NULL);
}
