// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages whose reader takes nothing: nobody waits for it, and what it misses is said. */
#include "cli/message.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MESSAGES 20000

/* Standard error is a pipe while `print` runs; what came out of its other end by then and at the end. */
static char *read_after(void (*print)(void))
{
	int kept = dup(STDERR_FILENO), ends[2];
	char *text = calloc(1, 4 << 20);
	size_t used = 0;
	ssize_t got;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	print();
	/* it writes on as soon as something was taken */
	do {
		while ((got = read(ends[0], text + used, (4 << 20) - 1 - used)) > 0)
			used += (size_t)got;
	} while (message_try());
	message_end();
	dup2(kept, STDERR_FILENO);
	close(kept);
	while ((got = read(ends[0], text + used, (4 << 20) - 1 - used)) > 0)
		used += (size_t)got;
	close(ends[0]);
	return text;
}

static void print_many(void)
{
	for (int i = 0; i < MESSAGES; i++)
		message_note("message %d of many, each of them long enough to matter", i);
	message_error("cannot go on: the last of them");
}

static void those_not_taken_are_counted(void **state)
{
	char *text, *line, *rest;
	unsigned long missing = 0;
	unsigned int whole = 0;
	bool failed = false;

	(void)state;
	message_set_queued();
	text = read_after(print_many);
	rest = text;
	while ((line = strsep(&rest, "\n")) && *line) {
		unsigned int number;

		if (sscanf(line, "blockprof: message %u of many", &number) == 1)
			assert_int_equal(number, whole++);
		else if (strstr(line, "messages are missing here"))
			assert_int_equal(sscanf(line, "blockprof: %lu ", &missing), 1);
		else
			failed |= !strcmp(line, "blockprof: cannot go on: the last of them");
	}
	/* some hundred KB are kept, and an error always */
	assert_in_range(whole, 1000, MESSAGES / 2);
	assert_int_equal(whole + missing, MESSAGES);
	assert_true(failed);
	free(text);
}

static void print_one(void)
{
	message_note("one");
}

static void what_is_taken_is_complete(void **state)
{
	char *text;

	(void)state;
	message_set_queued();
	text = read_after(print_one);
	assert_string_equal(text, "blockprof: one\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_not_taken_are_counted),
		cmocka_unit_test(what_is_taken_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
