// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading at an offset: all of it, what there is, or an error. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/read.h"

static void at_the_end(void **state)
{
	int fd = memfd_create("read", MFD_CLOEXEC);
	char bytes[16];

	(void)state;
	assert_int_equal(write(fd, "0123456789", 10), 10);
	assert_int_equal(read_at(fd, 2, bytes, 8), 0);
	assert_memory_equal(bytes, "23456789", 8);
	assert_int_equal(read_at(fd, 3, bytes, 8), -ENODATA);
	assert_int_equal(read_at(fd, 10, bytes, 0), 0);
	assert_int_equal(read_up_to(fd, 3, bytes, sizeof(bytes)), 7);
	assert_memory_equal(bytes, "3456789", 7);
	assert_int_equal(read_up_to(fd, 10, bytes, sizeof(bytes)), 0);
	assert_int_equal(read_up_to(fd, 1 << 20, bytes, sizeof(bytes)), 0);
	close(fd);
}

static void no_offset_of_a_file(void **state)
{
	int fd = memfd_create("read", MFD_CLOEXEC);
	char bytes[16];

	(void)state;
	assert_int_equal(read_at(fd, UINT64_MAX, bytes, 1), -EOVERFLOW);
	assert_int_equal(read_at(fd, INT64_MAX - 7, bytes, 8), -EOVERFLOW);
	assert_int_equal(read_up_to(fd, 1ull << 63, bytes, 8), -EOVERFLOW);
	assert_int_equal(read_up_to(fd, 0, bytes, SIZE_MAX), -EOVERFLOW);
	close(fd);
	assert_int_equal(read_at(fd, 0, bytes, 1), -EBADF);
	assert_int_equal(read_up_to(fd, 0, bytes, 1), -EBADF);
}

/* What is no file has no offsets. */
static void no_file(void **state)
{
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(read_at(ends[0], 0, &byte, 1), -ESPIPE);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_end),
		cmocka_unit_test(no_offset_of_a_file),
		cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
