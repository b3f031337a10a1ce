// SPDX-License-Identifier: GPL-2.0-or-later
/* Records come out of the backlog as they went in, whatever their sizes, and never more than fit. */
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

#define CAPACITY   4096
#define RECORD_MAX 700

/* The same record for a number each time. */
static size_t make_record(unsigned int number, unsigned char *record)
{
	size_t bytes = (number * 2654435761u) % RECORD_MAX + 1;

	for (size_t i = 0; i < bytes; i++)
		record[i] = (unsigned char)(number * 31 + i);
	return bytes;
}

static bool add(struct backlog *backlog, unsigned int number)
{
	unsigned char record[RECORD_MAX];
	size_t bytes = make_record(number, record);

	if (!backlog_fits(backlog, bytes))
		return false;
	backlog_add(backlog, record, bytes, number);
	return true;
}

static void take(struct backlog *backlog, unsigned int number)
{
	unsigned char record[RECORD_MAX];
	size_t bytes = make_record(number, record), got = 0;
	const void *first = backlog_first(backlog, &got);

	assert_non_null(first);
	assert_int_equal((uintptr_t)first % 8, 0);
	assert_int_equal(got, bytes);
	assert_memory_equal(first, record, bytes);
	assert_int_equal(backlog_first_tag(backlog), number);
	backlog_drop(backlog);
}

static void in_order(void **state)
{
	struct backlog *backlog;
	unsigned int added = 0, taken = 0, full = 0, seed = 5;
	size_t bytes;

	(void)state;
	assert_int_equal(backlog_new(&backlog, CAPACITY), 0);
	assert_null(backlog_first(backlog, &bytes));
	for (int round = 0; round < 20000; round++) {
		for (int i = rand_r(&seed) % 8; i > 0; i--) {
			if (!add(backlog, added)) {
				full++;
				break;
			}
			added++;
		}
		for (int i = rand_r(&seed) % 8; i > 0 && taken < added; i--)
			take(backlog, taken++);
		if (taken == added)
			assert_null(backlog_first(backlog, &bytes));
	}
	while (taken < added)
		take(backlog, taken++);
	assert_null(backlog_first(backlog, &bytes));
	assert_true(added > 20000);
	assert_true(full > 100);
	backlog_free(backlog);
}

/* Added while the first one is looked at: that stays where it is. */
static void first_stays(void **state)
{
	struct backlog *backlog;
	const void *first;
	unsigned int nr = 0;
	size_t bytes;

	(void)state;
	assert_int_equal(backlog_new(&backlog, CAPACITY), 0);
	/* not at the beginning, so that the others come to lie before and behind it */
	for (; nr < 6; nr++)
		assert_true(add(backlog, nr));
	for (unsigned int i = 0; i < 5; i++)
		take(backlog, i);
	first = backlog_first(backlog, &bytes);
	while (add(backlog, nr))
		nr++;
	assert_ptr_equal(backlog_first(backlog, &bytes), first);
	for (unsigned int i = 5; i < nr; i++)
		take(backlog, i);
	backlog_free(backlog);
}

static void bounds(void **state)
{
	static unsigned char record[CAPACITY];
	struct backlog *backlog;
	size_t bytes;

	(void)state;
	assert_int_equal(backlog_new(&backlog, CAPACITY), 0);
	assert_false(backlog_fits(backlog, SIZE_MAX));
	assert_false(backlog_fits(backlog, CAPACITY));
	assert_true(backlog_fits(backlog, CAPACITY - 16));
	backlog_add(backlog, record, CAPACITY - 16, 0);
	assert_false(backlog_fits(backlog, 0));
	assert_non_null(backlog_first(backlog, &bytes));
	assert_int_equal(bytes, CAPACITY - 16);
	backlog_drop(backlog);
	assert_true(backlog_fits(backlog, CAPACITY - 16));
	backlog_free(backlog);
	backlog_free(NULL);
}

/* More than is kept in memory once it is empty: the next records are whole all the same. */
static void memory_is_given_back(void **state)
{
	enum { RECORD = 100000, NR = 40 };
	struct backlog *backlog;
	unsigned char *record = malloc(RECORD);
	size_t bytes;

	(void)state;
	assert_non_null(record);
	assert_int_equal(backlog_new(&backlog, 16 << 20), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < NR; i++) {
			memset(record, round * NR + i, RECORD);
			assert_true(backlog_fits(backlog, RECORD));
			backlog_add(backlog, record, RECORD, 0);
		}
		for (int i = 0; i < NR; i++) {
			const void *first = backlog_first(backlog, &bytes);

			memset(record, round * NR + i, RECORD);
			assert_int_equal(bytes, RECORD);
			assert_memory_equal(first, record, RECORD);
			backlog_drop(backlog);
		}
		assert_null(backlog_first(backlog, &bytes));
	}
	free(record);
	backlog_free(backlog);
}

/* The symbolizer's child must not have what targets' memory holds. */
static void not_inherited(void **state)
{
	static unsigned char record[64];
	struct backlog *backlog;
	const void *first;
	int ends[2], status;
	size_t bytes;
	pid_t pid;

	(void)state;
	assert_int_equal(backlog_new(&backlog, CAPACITY), 0);
	backlog_add(backlog, record, sizeof(record), 0);
	first = backlog_first(backlog, &bytes);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),	 cmocka_unit_test(first_stays),
		cmocka_unit_test(bounds),	 cmocka_unit_test(memory_is_given_back),
		cmocka_unit_test(not_inherited),
	};

	return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
