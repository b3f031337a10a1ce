// SPDX-License-Identifier: GPL-2.0-or-later
/* Pieces of a process's memory: those that are there, and those that are not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/memory_sources.h"

#define PAGES 4

static uint64_t at(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Pages of which the third is missing; each is filled with its number. */
static int make_pages(void **state)
{
	size_t page = page_bytes();
	char *pages = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (pages == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < PAGES; i++)
		memset(pages + i * page, (int)('0' + i), page);
	munmap(pages + 2 * page, page);
	*state = pages;
	return 0;
}

static int unmap_pages(void **state)
{
	return munmap(*state, PAGES * page_bytes());
}

static struct memory own_memory(void)
{
	return (struct memory){ process_memory(), getpid() };
}

static void several_pieces(void **state)
{
	struct memory memory = own_memory();
	char *pages = *state, buf[6][16];
	size_t page = page_bytes();
	struct memory_piece pieces[] = {
		{ at(pages), buf[0], 16, -1 },
		{ at(pages + 2 * page), buf[1], 16, -1 }, /* not there */
		{ at(pages + page - 8), buf[2], 16, -1 }, /* over the end of a page */
		{ at(pages + 2 * page - 8), buf[3], 16, -1 }, /* half of it is not there */
		{ at(pages), buf[4], 0, -1 },
		{ at(pages + 3 * page), buf[5], 16, -1 },
	};

	assert_int_equal(memory_read_pieces(&memory, pieces, 6), 0);
	assert_int_equal(pieces[0].error, 0);
	assert_memory_equal(buf[0], "0000000000000000", 16);
	assert_int_equal(pieces[1].error, -EFAULT);
	assert_int_equal(pieces[2].error, 0);
	assert_memory_equal(buf[2], "0000000011111111", 16);
	assert_int_equal(pieces[3].error, -EFAULT);
	assert_int_equal(pieces[4].error, 0);
	assert_int_equal(pieces[5].error, 0);
	assert_memory_equal(buf[5], "3333333333333333", 16);
	/* of use together only */
	assert_int_equal(memory_read_all(&memory, pieces, 1), 0);
	assert_int_equal(memory_read_all(&memory, pieces, 6), -EFAULT);
	assert_int_equal(memory_read_all(&memory, pieces + 4, 2), 0);
	pieces[5].bytes = MEMORY_READ_MAX + 1;
	assert_int_equal(memory_read_all(&memory, pieces + 4, 2), -E2BIG);
}

/* More than the kernel is asked for at once, every third of them not there. */
static void many_pieces(void **state)
{
	enum { NR = 1000 };
	struct memory memory = own_memory();
	struct memory_piece *pieces = calloc(NR, sizeof(*pieces));
	size_t page = page_bytes();
	unsigned char bytes[NR];
	char *pages = *state;

	assert_non_null(pieces);
	for (size_t i = 0; i < NR; i++)
		pieces[i] = (struct memory_piece){ at(pages + i % 3 * page + i), &bytes[i], 1, -1 };
	assert_int_equal(memory_read_pieces(&memory, pieces, NR), 0);
	for (size_t i = 0; i < NR; i++) {
		assert_int_equal(pieces[i].error, i % 3 == 2 ? -EFAULT : 0);
		if (i % 3 != 2)
			assert_int_equal(bytes[i], '0' + i % 3);
	}
	free(pieces);
}

/* Nobody is asked for what cannot be there. */
static void never_asked(void **state)
{
	struct memory memory = own_memory();
	char *pages = *state, byte;
	struct memory_piece pieces[] = {
		{ 0, &byte, 1, 0 },
		{ 0, NULL, 0, 0 },
		{ at(pages), NULL, MEMORY_READ_MAX + 1, 0 },
		{ 1ull << 56, &byte, 1, 0 },
		{ UINT64_MAX, &byte, 8, 0 },
		{ (1ull << 56) - 4, &byte, 8, 0 },
		{ at(pages), &byte, 1, -1 },
	};

	assert_int_equal(memory_read_pieces(&memory, pieces, 7), 0);
	assert_int_equal(pieces[0].error, -EFAULT);
	assert_int_equal(pieces[1].error, -EFAULT);
	assert_int_equal(pieces[2].error, -E2BIG);
	assert_int_equal(pieces[3].error, -EFAULT);
	assert_int_equal(pieces[4].error, -EFAULT);
	assert_int_equal(pieces[5].error, -EFAULT);
	assert_int_equal(pieces[6].error, 0);
	assert_int_equal(byte, '0');
	assert_int_equal(memory_read_pieces(&memory, NULL, 0), 0);
}

static void whole_or_nothing(void **state)
{
	struct memory memory = own_memory();
	char *pages = *state, *buf = malloc(MEMORY_READ_MAX);
	uint64_t word = 0;
	uint32_t half = 0;

	assert_non_null(buf);
	assert_int_equal(memory_read(&memory, at(pages), buf, 2 * page_bytes()), 0);
	assert_memory_equal(buf, pages, 2 * page_bytes());
	assert_int_equal(memory_read(&memory, at(pages), buf, 2 * page_bytes() + 1), -EFAULT);
	assert_int_equal(memory_read(&memory, at(pages), NULL, 0), 0);
	assert_int_equal(memory_read(&memory, at(buf), buf, MEMORY_READ_MAX), 0);
	assert_int_equal(memory_read_ptr(&memory, at(pages + page_bytes()), &word), 0);
	assert_true(word == 0x3131313131313131ull);
	assert_int_equal(memory_read_u32(&memory, at(pages), &half), 0);
	assert_int_equal(half, 0x30303030);
	assert_int_equal(memory_read_u32(&memory, at(pages + 2 * page_bytes() - 2), &half),
			 -EFAULT);
	free(buf);
}

static void as_much_as_there_is(void **state)
{
	struct memory memory = own_memory();
	size_t page = page_bytes(), nr = 200 * page;
	char *pages = *state, *buf = malloc(nr), *large;

	assert_non_null(buf);
	assert_int_equal(memory_read_most(&memory, at(pages + 5), buf, nr), 2 * page - 5);
	assert_memory_equal(buf, pages + 5, 2 * page - 5);
	assert_int_equal(memory_read_most(&memory, at(pages + page), buf, 7), 7);
	assert_int_equal(memory_read_most(&memory, at(pages + 2 * page), buf, 1), -EFAULT);
	assert_int_equal(memory_read_most(&memory, 8, buf, 1), -EFAULT);
	assert_int_equal(memory_read_most(&memory, at(pages), buf, 0), 0);
	/* more pages than there are pieces in one call */
	large = mmap(NULL, nr, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(large, MAP_FAILED);
	memset(large, 'x', nr);
	assert_int_equal(memory_read_most(&memory, at(large), buf, nr), nr);
	assert_memory_equal(buf, large, nr);
	munmap(large + 150 * page, page);
	assert_int_equal(memory_read_most(&memory, at(large), buf, nr), 150 * page);
	munmap(large, nr);
	free(buf);
}

static void strings(void **state)
{
	struct memory memory = own_memory();
	char *pages = *state, text[32];
	size_t page = page_bytes();

	strcpy(pages + page - 3, "abcdef");
	assert_int_equal(memory_read_cstring(&memory, at(pages + page - 3), text, sizeof(text)), 0);
	assert_string_equal(text, "abcdef");
	assert_int_equal(memory_read_cstring(&memory, at(pages + page - 3), text, 7), 0);
	assert_int_equal(memory_read_cstring(&memory, at(pages + page - 3), text, 6),
			 -ENAMETOOLONG);
	/* up to where nothing is mapped */
	strcpy(pages + 2 * page - 3, "gh");
	assert_int_equal(memory_read_cstring(&memory, at(pages + 2 * page - 3), text, 32), 0);
	assert_string_equal(text, "gh");
	pages[2 * page - 1] = 'i';
	assert_int_equal(memory_read_cstring(&memory, at(pages + 2 * page - 3), text, 32), -EFAULT);
	assert_int_equal(memory_read_cstring(&memory, at(pages + 2 * page - 3), text, 3),
			 -ENAMETOOLONG);
	assert_int_equal(memory_read_cstring(&memory, 8, text, sizeof(text)), -EFAULT);
}

/* One that has ended, and is waited for, has no memory. */
static void ended_process(void **state)
{
	char *pages = *state, buf[2];
	struct memory_piece pieces[] = { { at(pages), &buf[0], 1, 0 }, { 0, &buf[1], 1, 0 } };
	struct memory memory = { process_memory(), fork() };

	if (!memory.pid)
		_exit(0);
	assert_int_equal(waitpid(memory.pid, NULL, 0), memory.pid);
	assert_int_equal(memory_read(&memory, at(pages), buf, 1), -ESRCH);
	assert_int_equal(memory_read_most(&memory, at(pages), buf, 2), -ESRCH);
	assert_int_equal(memory_read_cstring(&memory, at(pages), buf, 2), -ESRCH);
	assert_int_equal(memory_read_pieces(&memory, pieces, 2), -ESRCH);
	assert_int_equal(pieces[0].error, -ESRCH);
	assert_int_equal(pieces[1].error, -ESRCH);
}

/* Answers so many questions. */
struct budget {
	size_t left;
	size_t pieces; /* asked for */
};

static int answer_in_time(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct budget *budget = context;

	(void)pid;
	budget->pieces += nr;
	if (!budget->left)
		return -ETIMEDOUT;
	budget->left--;
	for (size_t i = 0; i < nr; i++) {
		assert_true(pieces[i].bytes);
		memset(pieces[i].buf, 'x', pieces[i].bytes);
		pieces[i].error = 0;
	}
	return 0;
}

static void not_in_time(void **state)
{
	struct budget budget = { .left = 1 };
	struct memory_source source = { .read = answer_in_time, .context = &budget };
	struct memory memory = { &source, 1 };
	char buf[8];
	struct memory_piece pieces[] = {
		{ 16, buf, 1, 0 },
		{ 0, buf, 1, 0 },
		{ 16, buf, 0, 0 },
		{ 16, buf, 2, 0 },
	};

	(void)state;
	assert_int_equal(memory_read(&memory, 16, buf, sizeof(buf)), 0);
	assert_true(source.late == 0);
	assert_int_equal(memory_read(&memory, 16, buf, sizeof(buf)), -ETIMEDOUT);
	assert_int_equal(memory_read_cstring(&memory, 16, buf, sizeof(buf)), -ETIMEDOUT);
	assert_true(source.late == 2);
	/* what came in time of one question is no answer to all of it */
	budget = (struct budget){ .left = 1 };
	assert_int_equal(memory_read_pieces(&memory, pieces, 4), -ETIMEDOUT);
	assert_true(source.late == 3);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pieces[i].error, -ETIMEDOUT);
	/* what is not to be read is not asked for */
	assert_int_equal(budget.pieces, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(several_pieces, make_pages, unmap_pages),
		cmocka_unit_test_setup_teardown(many_pieces, make_pages, unmap_pages),
		cmocka_unit_test_setup_teardown(never_asked, make_pages, unmap_pages),
		cmocka_unit_test_setup_teardown(whole_or_nothing, make_pages, unmap_pages),
		cmocka_unit_test_setup_teardown(as_much_as_there_is, make_pages, unmap_pages),
		cmocka_unit_test_setup_teardown(strings, make_pages, unmap_pages),
		cmocka_unit_test_setup_teardown(ended_process, make_pages, unmap_pages),
		cmocka_unit_test(not_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
