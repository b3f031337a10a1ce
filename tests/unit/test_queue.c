// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept for a slow reader: all of it, in order, up to a bound. */
#include "output/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "output/sink.h"

static void what_is_added_is_taken_in_order(void **state)
{
	struct queue queue = { 0 };
	unsigned int added = 0, taken = 0, random = 1;

	(void)state;
	for (int step = 0; step < 5000; step++) {
		unsigned char some[997];
		const unsigned char *first;
		size_t nr;

		random = random * 1103515245 + 12345;
		nr = random >> 16 & 511;
		for (size_t i = 0; i < nr; i++)
			some[i] = (unsigned char)(added++ % 251);
		assert_int_equal(queue_add(&queue, some, nr), 0);
		nr = queue_first(&queue, random >> 8 & 511, &first);
		for (size_t i = 0; i < nr; i++)
			assert_int_equal(first[i], taken++ % 251);
		queue_take(&queue, nr);
	}
	while (!queue_is_empty(&queue)) {
		const unsigned char *first;
		size_t nr = queue_first(&queue, 4096, &first);

		assert_int_equal(first[0], taken % 251);
		taken += nr;
		queue_take(&queue, nr);
	}
	assert_int_equal(taken, added);
	queue_free(&queue);
}

static void what_is_kept_is_bounded(void **state)
{
	static unsigned char much[1 << 20];
	struct queue queue = { 0 };
	const unsigned char *first;
	int added = 0;

	(void)state;
	while (added < 100 && !queue_add(&queue, much, sizeof(much)))
		added++;
	assert_int_equal(added, 16);
	assert_int_equal(queue_add(&queue, much, 1), -ENOBUFS);
	/* as soon as something was taken, there is room for as much again */
	queue_take(&queue, queue_first(&queue, sizeof(much), &first));
	assert_int_equal(queue_add(&queue, much, sizeof(much)), 0);
	while (!queue_is_empty(&queue))
		queue_take(&queue, queue_first(&queue, sizeof(much), &first));
	/* and memory is given back */
	assert_null(queue.bytes);
}

/* A pipe has room for the longest line of a recording, and nothing of it waits for its reader. */
static void a_line_fits_into_a_pipe(void **state)
{
	static unsigned char line[1000 * 1000];
	struct sink *sink;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(sink_open_fd(&sink, fds[1], false), 0);
	sink_queue(sink);
	assert_int_equal(sink_write(sink, line, sizeof(line)), 0);
	assert_int_equal(sink_flush(sink), 0);
	assert_false(sink_try(sink));
	close(fds[0]);
	assert_int_equal(sink_close(sink), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_taken_in_order),
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(a_line_fits_into_a_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
