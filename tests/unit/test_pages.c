// SPDX-License-Identifier: GPL-2.0-or-later
/* How often memory is asked for that is read through pages, and how old it may be. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/pages.h"

enum { PAGE = 4096, BASE = 16 * PAGE, PAGES = 8 };

/* PAGES from BASE on, the page before the last is not there. */
struct target {
	unsigned char bytes[PAGES * PAGE];
	unsigned int questions;
};

static bool is_there(uint64_t addr, size_t bytes)
{
	uint64_t hole = BASE + (PAGES - 2) * PAGE;

	return addr >= BASE && addr + bytes <= BASE + PAGES * PAGE &&
	       (addr + bytes <= hole || addr >= hole + PAGE);
}

static int read_target(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct target *target = context;

	(void)pid;
	target->questions++;
	for (size_t i = 0; i < nr; i++) {
		pieces[i].error = is_there(pieces[i].addr, pieces[i].bytes) ? 0 : -EFAULT;
		if (!pieces[i].error)
			memcpy(pieces[i].buf, target->bytes + (pieces[i].addr - BASE),
			       pieces[i].bytes);
	}
	return 0;
}

struct fixture {
	struct target target;
	struct memory_source source;
	struct pages *pages;
	struct memory memory;
};

static void start(struct fixture *fixture, size_t block_bytes, size_t blocks_max)
{
	struct memory below = { .source = &fixture->source, .pid = 1 };

	memset(fixture, 0, sizeof(*fixture));
	for (size_t i = 0; i < sizeof(fixture->target.bytes); i++)
		fixture->target.bytes[i] = (unsigned char)(i / 7);
	fixture->source =
		(struct memory_source){ .read = read_target, .context = &fixture->target };
	fixture->pages = pages_new(&below, block_bytes, blocks_max);
	assert_non_null(fixture->pages);
	fixture->memory = pages_memory(fixture->pages);
}

static void assert_reads(struct fixture *fixture, uint64_t addr, size_t bytes,
			 unsigned int questions)
{
	unsigned char buf[4 * PAGE];

	fixture->target.questions = 0;
	assert_int_equal(memory_read(&fixture->memory, addr, buf, bytes), 0);
	assert_memory_equal(buf, fixture->target.bytes + (addr - BASE), bytes);
	assert_int_equal(fixture->target.questions, questions);
}

static void test_a_page_is_asked_for_once(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, PAGE, 4);
	assert_reads(&fixture, BASE + 8, 8, 1);
	assert_reads(&fixture, BASE + 800, 80, 0);
	/* the next one as well */
	assert_reads(&fixture, BASE + PAGE - 8, 16, 1);
	/* larger than a block: at once, whatever is known */
	assert_reads(&fixture, BASE + 8, 3 * PAGE, 1);
	pages_free(fixture.pages);
}

static void test_what_is_forgotten_is_read_anew(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, PAGE, 4);
	assert_reads(&fixture, BASE, 8, 1);
	fixture.target.bytes[0] ^= 0xff;
	pages_forget(fixture.pages);
	assert_reads(&fixture, BASE, 8, 1);
	/* more than are kept: all are forgotten */
	for (uint64_t i = 1; i < 4; i++)
		assert_reads(&fixture, BASE + i * PAGE, 8, 1);
	assert_reads(&fixture, BASE + 4 * PAGE, 8, 1);
	assert_reads(&fixture, BASE, 8, 1);
	pages_free(fixture.pages);
}

static void test_a_hole(void **state)
{
	struct fixture fixture;
	unsigned char byte;

	(void)state;
	start(&fixture, PAGES * PAGE, 4);
	/* the block, then its pages */
	assert_reads(&fixture, BASE, 1, 2);
	assert_reads(&fixture, BASE + (PAGES - 1) * PAGE, 1, 0);
	assert_int_equal(memory_read(&fixture.memory, BASE + (PAGES - 2) * PAGE, &byte, 1),
			 -EFAULT);
	assert_int_equal(memory_read(&fixture.memory, BASE + (PAGES - 2) * PAGE - 8, &byte, 1), 0);
	assert_int_equal(fixture.target.questions, 0);
	pages_free(fixture.pages);
}

/* Pieces that are read in one go lie where they like: what is missing of that is one question. */
static void test_pieces_of_several_pages(void **state)
{
	static const unsigned int pages[] = { 0, 2, 2, 3, PAGES - 2, PAGES - 1 };
	enum { NR = sizeof(pages) / sizeof(pages[0]) };
	struct memory_piece pieces[NR];
	uint64_t words[NR], last;
	struct fixture fixture;

	(void)state;
	start(&fixture, PAGE, 8);
	assert_reads(&fixture, BASE, 8, 1);
	for (size_t i = 0; i < NR; i++)
		pieces[i] = (struct memory_piece){ BASE + pages[i] * PAGE + 8 * i, &words[i],
						   sizeof(words[i]), 0 };
	fixture.target.questions = 0;
	assert_int_equal(memory_read_pieces(&fixture.memory, pieces, NR), 0);
	assert_int_equal(fixture.target.questions, 1);
	for (size_t i = 0; i < NR; i++) {
		assert_int_equal(pieces[i].error, pages[i] == PAGES - 2 ? -EFAULT : 0);
		if (!pieces[i].error)
			assert_memory_equal(&words[i],
					    fixture.target.bytes + (pieces[i].addr - BASE), 8);
	}
	/* a page that is not there is not asked for again */
	assert_int_equal(memory_read_ptr(&fixture.memory, pieces[4].addr, &last), -EFAULT);
	assert_int_equal(fixture.target.questions, 1);
	pages_free(fixture.pages);
}

/* More than are kept, and one that is too large: each has what is there. */
static void test_pieces_without_room(void **state)
{
	static unsigned char large[2 * PAGE];
	struct memory_piece pieces[PAGES - 2];
	struct fixture fixture;
	uint64_t words[PAGES];

	(void)state;
	start(&fixture, PAGE, 2);
	for (size_t i = 0; i < PAGES - 2; i++)
		pieces[i] = (struct memory_piece){ BASE + i * PAGE + 8, &words[i], sizeof(words[i]),
						   0 };
	pieces[1] = (struct memory_piece){ BASE + PAGE, large, sizeof(large), 0 };
	assert_int_equal(memory_read_all(&fixture.memory, pieces, PAGES - 2), 0);
	for (size_t i = 0; i < PAGES - 2; i++)
		assert_memory_equal(pieces[i].buf, fixture.target.bytes + (pieces[i].addr - BASE),
				    pieces[i].bytes);
	pages_free(fixture.pages);
}

/* What was read ahead is not asked for again; where there is no room for it, that is made. */
static void test_ahead(void **state)
{
	static const struct memory_piece pieces[] = {
		{ BASE + 8, NULL, 64, 0 },
		{ BASE + 2 * PAGE - 8, NULL, 64, 0 }, /* lies in two */
		{ BASE + (PAGES - 2) * PAGE, NULL, 64, 0 },
		{ UINT64_MAX - 8, NULL, 64, 0 },
	};
	struct fixture fixture;
	uint64_t word;

	(void)state;
	start(&fixture, PAGE, 6);
	assert_reads(&fixture, BASE + 4 * PAGE, 8, 1);
	fixture.target.questions = 0;
	pages_ahead(fixture.pages, pieces, 4);
	assert_int_equal(fixture.target.questions, 1);
	assert_reads(&fixture, BASE, 64, 0);
	assert_reads(&fixture, BASE + 2 * PAGE - 8, 64, 0);
	assert_int_equal(memory_read_ptr(&fixture.memory, BASE + (PAGES - 2) * PAGE, &word),
			 -EFAULT);
	assert_int_equal(fixture.target.questions, 0);
	/* nothing is new */
	pages_ahead(fixture.pages, pieces, 1);
	assert_int_equal(fixture.target.questions, 0);

	pages_free(fixture.pages);

	start(&fixture, PAGE, 3);
	assert_reads(&fixture, BASE + 3 * PAGE, 8, 1);
	assert_reads(&fixture, BASE + 4 * PAGE, 8, 1);
	fixture.target.questions = 0;
	pages_ahead(fixture.pages, pieces, 2);
	assert_int_equal(fixture.target.questions, 1);
	assert_reads(&fixture, BASE, 64, 0);
	assert_reads(&fixture, BASE + 2 * PAGE - 8, 64, 0);
	pages_free(fixture.pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_is_asked_for_once),
		cmocka_unit_test(test_what_is_forgotten_is_read_anew),
		cmocka_unit_test(test_a_hole),
		cmocka_unit_test(test_pieces_of_several_pages),
		cmocka_unit_test(test_pieces_without_room),
		cmocka_unit_test(test_ahead),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
