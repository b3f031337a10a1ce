// SPDX-License-Identifier: GPL-2.0-or-later
/* How long readers may sleep over answers: one, and all together. */
#include "reader/patience.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

#define MS NS_PER_MS
#define S  NS_PER_SEC

/* Each sleeps for as long as it may. */
static uint64_t all_of(struct patience *patience, uint64_t *now_ns, int nr)
{
	uint64_t all_ns = 0;

	for (int i = 0; i < nr; i++) {
		uint64_t most_ns = patience_left(patience, *now_ns);

		*now_ns += most_ns;
		all_ns += most_ns;
		patience_spend(patience, *now_ns, most_ns);
	}
	return all_ns;
}

static void test_one(void **state)
{
	struct patience patience = { 0 };
	uint64_t now_ns = 1000 * S;

	(void)state;
	/* a disk that is slow is waited for */
	assert_in_range(patience_left(&patience, now_ns), 40 * MS, 50 * MS);
}

/* As many readers as may hang, one after the other. */
static void test_several(void **state)
{
	struct patience patience = { 0 };
	uint64_t now_ns = 1000 * S;

	(void)state;
	assert_in_range(all_of(&patience, &now_ns, 7), 80 * MS, 99 * MS);
	/* what is in memory is waited for all the same */
	assert_in_range(patience_left(&patience, now_ns), 2 * MS, 20 * MS);
	now_ns += S;
	assert_in_range(patience_left(&patience, now_ns), 40 * MS, 50 * MS);
}

/* Who answers just in time takes no more in the long run, either. */
static void test_just_in_time(void **state)
{
	struct patience patience = { 0 };
	uint64_t now_ns = 1000 * S, all_ns = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		all_ns += all_of(&patience, &now_ns, 1);
		now_ns += 100 * MS;
	}
	/* of 100 s and more */
	assert_true(all_ns < 15 * S);
}

/* Who sleeps is told from who is not let run. */
static void test_awake(void **state)
{
	pid_t sleeps = fork();

	(void)state;
	if (sleeps == 0) {
		pause();
		_exit(0);
	}
	for (int i = 0; i < 5000 && patience_is_awake(sleeps); i++)
		usleep(1000);
	assert_false(patience_is_awake(sleeps));
	assert_true(patience_is_awake(getpid()));
	if (!access("/proc/self/schedstat", R_OK)) {
		uint64_t before_ns = patience_awake_ns(sleeps),
			 own_ns = patience_awake_ns(getpid());

		usleep(20 * 1000);
		for (uint64_t until_ns = clock_spent_ns() + 5 * MS; clock_spent_ns() < until_ns;)
			continue;
		assert_true(patience_awake_ns(sleeps) == before_ns);
		assert_true(patience_awake_ns(getpid()) > own_ns);
	}
	kill(sleeps, SIGKILL);
	waitpid(sleeps, NULL, 0);
	assert_int_equal(patience_awake_ns(sleeps), 0);
	assert_false(patience_is_awake(sleeps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_just_in_time),
		cmocka_unit_test(test_awake),
	};

	return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}
