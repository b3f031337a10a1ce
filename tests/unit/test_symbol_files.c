// SPDX-License-Identifier: GPL-2.0-or-later
/* Many files, hostile ones, and which are not looked into again. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/symbol.h"
#include "tests/unit/symbol_fixture.h"
#include "tests/unit/symbol_program.h"

/* Maps a file's contents as code, and asks about some places in it. */
static void map_and_ask(struct symbols *symbols, const char *path, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *mapped = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	symbols_forget(symbols, getpid());
	for (size_t offset = 0; offset < bytes && offset < 0x4000; offset += 0x333) {
		struct symbol found = lookup(symbols, getpid(), ADDR(mapped) + offset, 0);

		assert_int_equal(found.in_text, 1);
		assert_string_equal(found.module, path);
		assert_true(strlen(found.fn) < 512);
	}
	munmap(mapped, bytes);
}

static void hostile_files(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	struct symbols_counts counts;
	unsigned int seed = 3;
	unsigned char *good;
	size_t nr = 0;

	good = file_contents(fixture->program.path, &nr);
	assert_non_null(good);
	for (int round = 0; round < 200; round++) {
		unsigned char *bytes = malloc(nr);
		size_t left = round % 10 ? nr : (size_t)rand_r(&seed) % nr + 1;

		assert_non_null(bytes);
		memcpy(bytes, good, nr);
		for (int i = 0; i < 1 + round % 60; i++) {
			size_t at = (size_t)rand_r(&seed) % nr;

			bytes[rand_r(&seed) % 2 ? at : at % 2048] = (unsigned char)rand_r(&seed);
		}
		/* A file of another inode each time, as different targets would have. */
		unlink(fixture->program.other);
		write_bytes(fixture->program.other, bytes, left);
		map_and_ask(symbols, fixture->program.other, left);
		free(bytes);
	}
	symbols_counts(symbols, &counts);
	assert_true(counts.files_refused > 5);
	/* 4 GB of nothing, with an ELF header that sends the reader there. */
	((Elf64_Ehdr *)good)->e_shoff = (uint64_t)3 << 30;
	((Elf64_Ehdr *)good)->e_shnum = 0xfe00;
	unlink(fixture->program.other);
	write_bytes(fixture->program.other, good, nr);
	assert_int_equal(truncate(fixture->program.other, (off_t)4 << 30), 0);
	map_and_ask(symbols, fixture->program.other, nr);
	/* No file of a kind that can be read. */
	unlink(fixture->program.other);
	write_bytes(fixture->program.other, "text", 4);
	map_and_ask(symbols, fixture->program.other, 4);
	assert_works(symbols);
	map_and_ask(symbols, fixture->program.path, nr);
	free(good);
}

/* More files than the child holds at a time: those that had to go come back. */
static void many_files(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	enum { FILES = 120 };
	uint8_t *mapped[FILES];
	const char *name = fixture->program.other;
	uint64_t hidden, shown;
	uint64_t offset = 0;
	unsigned char *good;
	struct symbol found;
	size_t nr = 0;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	good = file_contents(fixture->program.path, &nr);
	assert_non_null(good);
	pid = start_program(fixture->program.path, &hidden, &shown);
	end_process(pid);
	for (int i = 0; i < FILES; i++) {
		int fd;

		unlink(name);
		write_bytes(name, good, nr);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		mapped[i] = mmap(NULL, nr, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		assert_ptr_not_equal(mapped[i], MAP_FAILED);
		close(fd);
	}
	free(good);
	/* Where the function is in the file: somewhere in a page with this offset. */
	for (uint64_t at = shown & 0xfff; at < nr && !offset; at += 0x1000) {
		found = lookup(symbols, getpid(), ADDR(mapped[0]) + at, 0);
		if (strcmp(found.fn, "shown_function") == 0)
			offset = at;
	}
	assert_int_not_equal(offset, 0);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < FILES; i++) {
			/* One byte further each time: not known from before. */
			found = lookup(symbols, getpid(),
				       ADDR(mapped[i]) + offset + (uint64_t)round, 0);
			assert_string_equal(found.fn, "shown_function");
			assert_int_equal(found.offset, round);
		}
	assert_counts(symbols, 0, 0, 0);
	for (int i = 0; i < FILES; i++)
		munmap(mapped[i], nr);
}

/* Maps the file anew, as a process that started after a change would: is shown_function at an offset of it? */
static bool names_function(struct symbols *symbols, const char *path, size_t bytes, uint64_t low)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *mapped = mmap(NULL, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	bool found = false;

	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	symbols_forget(symbols, getpid());
	for (uint64_t at = low; at < bytes && !found; at += 0x1000)
		found = strcmp(lookup(symbols, getpid(), ADDR(mapped) + at, 0).fn,
			       "shown_function") == 0;
	munmap(mapped, bytes);
	return found;
}

/* A file that was refused is not looked into again before it changes, however well that is hidden. */
static void refused_until_changed(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	const char *path = fixture->program.other;
	uint64_t hidden, shown;
	struct timespec times[2];
	struct stat status;
	unsigned char *good;
	size_t nr = 0;
	pid_t pid;
	int fd;

	good = file_contents(fixture->program.path, &nr);
	assert_non_null(good);
	pid = start_program(fixture->program.path, &hidden, &shown);
	end_process(pid);
	good[0] ^= 1;
	write_bytes(path, good, nr);
	for (int again = 0; again < 3; again++) {
		assert_false(names_function(symbols, path, nr, shown & 0xfff));
		assert_counts(symbols, 0, 1, 0);
	}
	assert_int_equal(stat(path, &status), 0);
	/* times of files are as coarse as ticks */
	usleep(20000);
	good[0] ^= 1;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, good, 1, 0), 1);
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
	assert_true(names_function(symbols, path, nr, shown & 0xfff));
	assert_counts(symbols, 0, 1, 0);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PROGRAM(refused_until_changed),
		WITH_PROGRAM(hostile_files),
		WITH_PROGRAM(many_files),
	};

	return cmocka_run_group_tests_name("symbol_files", tests, NULL, NULL);
}
