// SPDX-License-Identifier: GPL-2.0-or-later
/* The threads of a watched process: found again, and let go when they have ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "stall/state/watched.h"

#define PTHREAD 0x7f0000000000

static void test_found(void **state)
{
	struct watched_table *table;
	struct watched *watched;

	(void)state;
	assert_int_equal(watched_table_new(&table), 0);
	watched = watched_add(table, getpid(), 1);
	assert_non_null(watched);
	assert_int_equal(watched_count(table), 1);
	assert_int_equal(watched_pthread(watched, 1), 0);
	watched_note_thread(watched, getpid(), PTHREAD);
	watched_note_thread(watched, getpid(), PTHREAD + 1);
	assert_int_equal(watched->nr_threads, 1);
	assert_int_equal(watched_pthread(watched, getpid()), PTHREAD + 1);
	assert_int_equal(watched_tid(watched, PTHREAD + 1), getpid());
	assert_int_equal(watched_tid(watched, PTHREAD), 0);
	watched_renew(watched, 2);
	assert_int_equal(watched_pthread(watched, getpid()), 0);
	assert_ptr_equal(watched_add(table, getpid(), 3), watched);
	watched_remove(table, getpid());
	assert_int_equal(watched_count(table), 0);
	watched_table_free(table);
}

/* A program that makes a thread for each request: they do not pile up, and the one that stays is known. */
static void test_ended(void **state)
{
	struct watched_table *table;
	struct watched *watched;

	(void)state;
	assert_int_equal(watched_table_new(&table), 0);
	watched = watched_add(table, getpid(), 1);
	watched_note_thread(watched, getpid(), PTHREAD);
	for (int i = 0; i < 200000; i++) {
		pid_t tid = 0x40000000 + i; /* none of ours */

		watched_note_thread(watched, tid, PTHREAD + 1 + i);
		assert_int_equal(watched_pthread(watched, tid), PTHREAD + 1 + i);
		assert_int_equal(watched_tid(watched, PTHREAD + 1 + i), tid);
		assert_true(watched->nr_threads <= 16);
	}
	assert_int_equal(watched_pthread(watched, getpid()), PTHREAD);
	watched_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
