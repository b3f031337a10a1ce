// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of code made at run time: of which files they are taken, and of which not. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

#define CODE_BYTES 8192
#define OTHER_UID  12345

/* A process with some code of its own making, and where its map would be. */
struct fixture {
	struct symbols *symbols;
	pid_t pid;
	uint64_t code; /* 512 calls of 5 bytes each are at its start */
	char path[64];
};

static void fill(unsigned char *code)
{
	for (size_t i = 0; i + 5 <= CODE_BYTES; i += 5)
		code[i] = 0xe8;
}

static int setup_with(void **state, int fd, int flags)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	void *code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, flags, fd, 0);

	if (!fixture || code == MAP_FAILED ||
	    symbols_new(&fixture->symbols, symbolizer_main, process_memory()))
		return -1;
	fill(code);
	fixture->code = (uint64_t)(uintptr_t)code;
	fixture->pid = fork();
	if (fixture->pid == 0) {
		for (;;)
			pause();
	}
	munmap(code, CODE_BYTES);
	snprintf(fixture->path, sizeof(fixture->path), "/tmp/perf-%d.map", fixture->pid);
	unlink(fixture->path);
	*state = fixture;
	return fixture->pid < 0 ? -1 : 0;
}

static int setup(void **state)
{
	return setup_with(state, -1, MAP_PRIVATE | MAP_ANONYMOUS);
}

static int setup_memfd(void **state)
{
	int fd = memfd_create("doublemapper", MFD_CLOEXEC);
	int err = ftruncate(fd, CODE_BYTES) ? -1 : setup_with(state, fd, MAP_SHARED);

	close(fd);
	return err;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	unlink(fixture->path);
	rmdir(fixture->path);
	symbols_free(fixture->symbols);
	free(fixture);
	return 0;
}

static void append(const struct fixture *fixture, const char *format, uint64_t start,
		   unsigned int size, const char *name)
{
	FILE *map = fopen(fixture->path, "ae");

	assert_non_null(map);
	fprintf(map, format, (unsigned long long)start, size, name);
	assert_int_equal(fclose(map), 0);
}

static void add(const struct fixture *fixture, unsigned int at, unsigned int size, const char *name)
{
	append(fixture, "%llx %x %s\n", fixture->code + at, size, name);
}

static struct symbol look(const struct fixture *fixture, unsigned int at, int is_return)
{
	struct symbol found;

	assert_int_equal(
		symbols_user(fixture->symbols, fixture->pid, fixture->code + at, is_return, &found),
		0);
	assert_true(found.in_text);
	return found;
}

static void assert_named(const struct fixture *fixture, unsigned int at, const char *name)
{
	struct symbol found = look(fixture, at, 0);

	assert_true(found.jit);
	assert_string_equal(found.fn, name);
}

static void pause_ms(long ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000 };

	nanosleep(&time, NULL);
}

/* The map is not looked at each time. */
static void wait_for(const struct fixture *fixture, unsigned int at, const char *name)
{
	for (int i = 0; i < 1000 && strcmp(look(fixture, at, 0).fn, name); i++)
		pause_ms(10);
	assert_named(fixture, at, name);
}

static void assert_nameless(const struct fixture *fixture)
{
	struct symbol found = look(fixture, 0x10, 0);

	assert_false(found.jit);
	assert_non_null(strstr(found.fn, "+0x10"));
}

static void assert_counts(const struct fixture *fixture, uint64_t refused, uint64_t cut)
{
	struct symbols_counts counts;

	symbols_counts(fixture->symbols, &counts);
	assert_int_equal(counts.perf_maps_refused, refused);
	assert_int_equal(counts.perf_map_lines_cut, cut);
	assert_int_equal(counts.lookups_failed, 0);
}

static void named(void **state)
{
	struct fixture *fixture = *state;
	struct symbol found;

	add(fixture, 0, 0x64, "JS:*sell /srv/shop.js:3:18");
	add(fixture, 0x64, 0x64, "next");
	found = look(fixture, 0x32, 0);
	assert_true(found.jit);
	assert_string_equal(found.fn, "JS:*sell /srv/shop.js:3:18");
	assert_int_equal(found.offset, 0x32);
	assert_true(found.after_call);
	/* HotSpot's interpreter is returned to where no call is before */
	assert_true(look(fixture, 0x33, 1).after_call);
	/* a call at the very end of the first would return to the next */
	found = look(fixture, 0x64, 1);
	assert_string_equal(found.fn, "JS:*sell /srv/shop.js:3:18");
	assert_named(fixture, 0x64, "next");
	assert_false(look(fixture, 0x1000, 0).jit);
	assert_counts(fixture, 0, 0);
}

/* The file comes, grows, is replaced, goes away: the last that is known of it counts. */
static void changes(void **state)
{
	struct fixture *fixture = *state;

	assert_nameless(fixture);
	add(fixture, 0, 0x100, "first");
	wait_for(fixture, 0x10, "first");
	add(fixture, 0, 0x80, "second");
	add(fixture, 0x100, 0x80, "third");
	append(fixture, "%llx %x %s", fixture->code + 0x200, 0x80, "unfinished");
	wait_for(fixture, 0x10, "second");
	assert_named(fixture, 0x90, "first");
	assert_named(fixture, 0x110, "third");
	assert_false(look(fixture, 0x210, 0).jit);
	unlink(fixture->path);
	add(fixture, 0, 0x10, "another");
	wait_for(fixture, 0, "another");
	assert_false(look(fixture, 0x110, 0).jit);
	unlink(fixture->path);
	wait_for(fixture, 0, "another");
	symbols_forget(fixture->symbols, fixture->pid);
	assert_false(look(fixture, 0, 0).jit);
	assert_counts(fixture, 0, 0);
}

static void malformed_lines_are_counted(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 0, 0x100, "good");
	append(fixture, "%llx %x%s\n", fixture->code, 0x100, "junk");
	append(fixture, "%llx -%x %s\n", fixture->code, 0x100, "junk");
	assert_named(fixture, 0, "good");
	assert_counts(fixture, 0, 2);
	add(fixture, 0x100, 0x100, "more");
	append(fixture, "%llx -%x %s\n", fixture->code, 0x100, "junk");
	wait_for(fixture, 0x100, "more");
	assert_counts(fixture, 0, 3);
}

static void assert_refused(struct fixture *fixture)
{
	assert_nameless(fixture);
	pause_ms(150);
	assert_nameless(fixture);
	assert_counts(fixture, 1, 0);
	/* the process's own in its place is taken */
	unlink(fixture->path);
	rmdir(fixture->path);
	add(fixture, 0, 0x100, "own");
	wait_for(fixture, 0x10, "own");
	assert_counts(fixture, 1, 0);
}

static void of_another_user(void **state)
{
	struct fixture *fixture = *state;

	if (geteuid())
		skip();
	add(fixture, 0, 0x100, "foreign");
	assert_int_equal(chown(fixture->path, OTHER_UID, OTHER_UID), 0);
	assert_refused(fixture);
}

static void writable_by_others(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, 0, 0x100, "anybody's");
	assert_int_equal(chmod(fixture->path, 0666), 0);
	assert_refused(fixture);
}

static void older_than_the_process(void **state)
{
	struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct fixture *fixture = *state;

	add(fixture, 0, 0x100, "stale");
	assert_int_equal(utimensat(AT_FDCWD, fixture->path, times, 0), 0);
	assert_refused(fixture);
}

static void a_fifo(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	assert_refused(fixture);
}

static void a_directory(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkdir(fixture->path, 0700), 0);
	assert_refused(fixture);
}

static void a_link(void **state)
{
	struct fixture *fixture = *state;
	char elsewhere[80];

	snprintf(elsewhere, sizeof(elsewhere), "%s.elsewhere", fixture->path);
	add(fixture, 0, 0x100, "linked");
	assert_int_equal(rename(fixture->path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, fixture->path), 0);
	assert_refused(fixture);
	unlink(elsewhere);
}

/* A map that is written anew all the time, long ones as well: something is always known, or nothing. */
static void written_all_the_time(void **state)
{
	struct fixture *fixture = *state;
	unsigned int found = 0;
	pid_t writer = fork();

	if (writer == 0) {
		for (unsigned int round = 0;; round++) {
			FILE *map = fopen(fixture->path, round % 3 ? "w" : "a");

			for (unsigned int i = 0; map && i < 20000; i++)
				fprintf(map, "%llx %x name-%u-%u\n",
					(unsigned long long)fixture->code + i % 512 * 16, 16, round,
					i);
			if (map)
				fclose(map);
		}
	}
	assert_true(writer > 0);
	for (unsigned int i = 0; i < 300; i++) {
		struct symbol symbol = look(fixture, i % 512 * 16, 0);

		found += symbol.jit;
		if (symbol.jit)
			assert_int_equal(strncmp(symbol.fn, "name-", 5), 0);
		pause_ms(5);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	assert_true(found > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(named, setup, teardown),
		cmocka_unit_test_setup_teardown(named, setup_memfd, teardown),
		cmocka_unit_test_setup_teardown(changes, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_lines_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(of_another_user, setup, teardown),
		cmocka_unit_test_setup_teardown(writable_by_others, setup, teardown),
		cmocka_unit_test_setup_teardown(older_than_the_process, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(a_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link, setup, teardown),
		cmocka_unit_test_setup_teardown(written_all_the_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
