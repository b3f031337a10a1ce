// SPDX-License-Identifier: GPL-2.0-or-later
/* Records come out of their queue as they went in, whatever their sizes, and never more than fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "probe/backlog.h"

#define CAPACITY   8192
#define RECORD_MAX 1500
#define QUEUES	   3

/* The same record for a number each time. */
static size_t make_record(unsigned int number, unsigned char *record)
{
	size_t bytes = (number * 2654435761u) % RECORD_MAX + 1;

	for (size_t i = 0; i < bytes; i++)
		record[i] = (unsigned char)(number * 31 + i);
	return bytes;
}

static bool add(struct backlog *backlog, struct backlog_queue *queue, unsigned int number)
{
	unsigned char record[RECORD_MAX];
	size_t bytes = make_record(number, record);

	if (!backlog_fits(backlog, bytes))
		return false;
	backlog_add(backlog, queue, record, bytes, number);
	return true;
}

static void take(struct backlog *backlog, struct backlog_queue *queue, unsigned int number)
{
	unsigned char record[RECORD_MAX];
	size_t bytes = make_record(number, record), got = 0;
	const void *first = backlog_first(backlog, queue, &got);

	assert_non_null(first);
	assert_int_equal((uintptr_t)first % 8, 0);
	assert_int_equal(got, bytes);
	assert_memory_equal(first, record, bytes);
	assert_int_equal(backlog_first_tag(backlog, queue), number);
	backlog_drop(backlog, queue);
}

/* Each queue in its order, however those of others come and go. */
static void in_order(void **state)
{
	struct backlog_queue queues[QUEUES] = { 0 };
	unsigned int added[QUEUES] = { 0 }, taken[QUEUES] = { 0 }, full = 0, seed = 5;
	struct backlog *backlog;
	size_t bytes;

	(void)state;
	assert_int_equal(backlog_new(&backlog, CAPACITY, RECORD_MAX), 0);
	assert_null(backlog_first(backlog, &queues[0], &bytes));
	for (int round = 0; round < 60000; round++) {
		int at = rand_r(&seed) % QUEUES;

		for (int i = rand_r(&seed) % 8; i > 0; i--) {
			if (!add(backlog, &queues[at], added[at] * QUEUES + (unsigned int)at)) {
				full++;
				break;
			}
			added[at]++;
		}
		at = rand_r(&seed) % QUEUES;
		for (int i = rand_r(&seed) % 8; i > 0 && taken[at] < added[at]; i--)
			take(backlog, &queues[at], taken[at]++ * QUEUES + (unsigned int)at);
		if (taken[at] == added[at])
			assert_null(backlog_first(backlog, &queues[at], &bytes));
	}
	for (unsigned int at = 0; at < QUEUES; at++) {
		while (taken[at] < added[at])
			take(backlog, &queues[at], taken[at]++ * QUEUES + at);
		assert_null(backlog_first(backlog, &queues[at], &bytes));
		assert_true(added[at] > 10000);
	}
	assert_true(full > 100);
	backlog_free(backlog);
}

/* Added while the first one is looked at: that stays as it is, be it of one block or of many. */
static void first_stays(void **state)
{
	struct backlog_queue queue = { 0 }, other = { 0 };
	unsigned char record[RECORD_MAX], large[RECORD_MAX];
	struct backlog *backlog;
	const void *first;
	size_t bytes;

	(void)state;
	memset(record, 1, sizeof(record));
	memset(large, 2, sizeof(large));
	assert_int_equal(backlog_new(&backlog, CAPACITY, RECORD_MAX), 0);
	for (size_t own = 8; own <= RECORD_MAX; own += RECORD_MAX - 8) {
		backlog_add(backlog, &queue, record, own, 0);
		first = backlog_first(backlog, &queue, &bytes);
		while (backlog_fits(backlog, RECORD_MAX))
			backlog_add(backlog, &other, large, RECORD_MAX, 0);
		assert_int_equal(bytes, own);
		assert_memory_equal(first, record, own);
		backlog_drop(backlog, &queue);
		while (backlog_first(backlog, &other, &bytes))
			backlog_drop(backlog, &other);
	}
	backlog_free(backlog);
}

static void bounds(void **state)
{
	static unsigned char record[CAPACITY];
	struct backlog_queue queue = { 0 };
	struct backlog *backlog;
	size_t bytes, most = 0;

	(void)state;
	assert_int_equal(backlog_new(&backlog, CAPACITY, CAPACITY), 0);
	assert_false(backlog_fits(backlog, SIZE_MAX));
	assert_false(backlog_fits(backlog, CAPACITY));
	while (backlog_fits(backlog, most + 1))
		most++;
	assert_in_range(most, CAPACITY / 4 * 3, CAPACITY);
	assert_true(backlog_room(most) <= CAPACITY);
	backlog_add(backlog, &queue, record, most, 0);
	assert_false(backlog_fits(backlog, 0));
	assert_non_null(backlog_first(backlog, &queue, &bytes));
	assert_int_equal(bytes, most);
	backlog_drop(backlog, &queue);
	assert_true(backlog_fits(backlog, most));
	backlog_free(backlog);
	backlog_free(NULL);
}

/* More than is kept in memory once it is empty: the next records are whole all the same. */
static void memory_is_given_back(void **state)
{
	enum { RECORD = 100000, NR = 40 };
	struct backlog_queue queue = { 0 };
	struct backlog *backlog;
	unsigned char *record = malloc(RECORD);
	size_t bytes;

	(void)state;
	assert_non_null(record);
	assert_int_equal(backlog_new(&backlog, 16 << 20, RECORD), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < NR; i++) {
			memset(record, round * NR + i, RECORD);
			assert_true(backlog_fits(backlog, RECORD));
			backlog_add(backlog, &queue, record, RECORD, 0);
		}
		for (int i = 0; i < NR; i++) {
			const void *first = backlog_first(backlog, &queue, &bytes);

			memset(record, round * NR + i, RECORD);
			assert_int_equal(bytes, RECORD);
			assert_memory_equal(first, record, RECORD);
			backlog_drop(backlog, &queue);
		}
		assert_null(backlog_first(backlog, &queue, &bytes));
	}
	free(record);
	backlog_free(backlog);
}

/* A child must not have what targets' memory holds: neither where it waits, nor where it is made whole. */
static void not_inherited(void **state)
{
	static const size_t sizes[] = { 64, RECORD_MAX };
	static unsigned char record[RECORD_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct backlog_queue queue = { 0 };
		struct backlog *backlog;
		const void *first;
		int ends[2], status;
		size_t bytes;
		pid_t pid;

		assert_int_equal(backlog_new(&backlog, CAPACITY, RECORD_MAX), 0);
		backlog_add(backlog, &queue, record, sizes[i], 0);
		first = backlog_first(backlog, &queue, &bytes);
		assert_int_equal(pipe(ends), 0);
		pid = fork();
		if (pid == 0)
			_exit(write(ends[1], first, 1) == -1 ? 0 : 1);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		close(ends[0]);
		close(ends[1]);
		backlog_free(backlog);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),	 cmocka_unit_test(first_stays),
		cmocka_unit_test(bounds),	 cmocka_unit_test(memory_is_given_back),
		cmocka_unit_test(not_inherited),
	};

	return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
