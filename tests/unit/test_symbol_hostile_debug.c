// SPDX-License-Identifier: GPL-2.0-or-later
/* Debug information that makes no sense, is too much, or goes away. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/process.h"
#include "symbol/symbol.h"
#include "tests/unit/symbol_debug_fixture.h"

/*
 * A unit with one function, whose entry is its own sibling and abstract origin, as
 * is that of the call inlined in it.
 */
static const char loops_s[] =
	".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start: nop; nop; nop; nop\n"
	"end: .size _start, . - _start\n"
	".section .debug_abbrev\n"
	".uleb128 1, 0x11; .byte 1\n" /* a unit: low_pc, high_pc */
	".uleb128 0x11, 1, 0x12, 7, 0, 0\n"
	".uleb128 2, 0x2e; .byte 1\n" /* a function: sibling, abstract_origin, low_pc, high_pc */
	".uleb128 0x01, 0x13, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0\n"
	".uleb128 3, 0x1d; .byte 1\n" /* an inlined call, the same */
	".uleb128 0x01, 0x13, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0\n"
	".byte 0\n"
	".section .debug_info\n"
	"unit: .4byte last - first\n"
	"first: .2byte 4; .4byte 0; .byte 8\n"
	".uleb128 1; .8byte _start, end - _start\n"
	"function: .uleb128 2; .4byte function - unit, function - unit\n"
	".8byte _start, end - _start\n"
	"inlined: .uleb128 3; .4byte inlined - unit, inlined - unit\n"
	".8byte end, end - _start\n"
	".byte 0, 0, 0\n"
	"last:\n";

/* Maps a file of the directory as code, here, and asks what is at an offset of it. */
static struct symbol look_in_file(struct target *target, const char *name, size_t offset)
{
	struct symbol found;
	char path[128];
	void *code;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", target->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	code = mmap(NULL, 1 << 20, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_true(code != MAP_FAILED);
	close(fd);
	symbols_forget(target->symbols, getpid());
	symbols_user(target->symbols, getpid(), (uint64_t)(uintptr_t)code + offset, 0, &found);
	munmap(code, 1 << 20);
	return found;
}

static void loops(void **state)
{
	struct target *target = *state;
	struct symbol found;

	put(target, "loops.s", loops_s);
	assert_true(run(target, "gcc -nostdlib -static loops.s -o loops -Wl,-z,noseparate-code && "
				"nm loops | grep ' _start'"));
	for (size_t offset = 0; offset < 4096; offset += 2) {
		found = look_in_file(target, "loops", offset);
		if (!strcmp(found.fn, "_start"))
			break;
	}
	assert_string_equal(found.fn, "_start");
	assert_int_equal(found.nr_inlined, 0);
	counts(target);
}

/* A file that shares its debug information with itself. */
static void shared_with_itself(void **state)
{
	struct target *target = *state;

	if (getuid())
		skip();
	assert_true(run(
		target,
		"gcc -static -O2 -g inlines.c -o a && "
		"id=$(readelf -n a | sed -n 's/.*Build ID: //p') && "
		"{ printf '/a\\0'; printf $id | sed 's/../\\\\x&/g' | xargs -0 printf; } >link && "
		"objcopy --add-section .gnu_debugaltlink=link a"));
	start(target, "/a", true);
	assert_whole_c(target);
	counts(target);
}

/* Sections that claim to become what no memory has room for. */
static void exploding_sections(void **state)
{
	struct target *target = *state;

	assert_true(run(target,
			"gcc -O2 -g -gz inlines.c -o a && "
			"at=$(readelf -SW a | sed -n 's/.*[.]debug_info *PROGBITS *[0-9a-f]* *"
			"\\([0-9a-f]*\\) .*/\\1/p') && "
			"printf '\\377\\377\\377\\377\\377\\0\\0\\0' | "
			"dd of=a bs=1 seek=$((0x$at + 8)) conv=notrunc"));
	start(target, "/a", false);
	assert_names_only(target, "outer");
	assert_int_equal(counts(target).lines_left_out, 1);
}

/* Cut anywhere, it may lose what it says, and nothing else is lost. */
static void truncated(void **state)
{
	struct target *target = *state;
	struct symbol found;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a && for part in 1 2 3 4 5 6 7 8 9; do "
				"head -c $(($(stat -c %s a) * part / 10)) a >a$part; done"));
	for (int part = 1; part < 10; part++) {
		char name[] = { 'a', (char)('0' + part), '\0' };

		look_in_file(target, name, 0x1100);
	}
	assert_int_equal(
		symbols_user(target->symbols, getpid(), (uint64_t)(uintptr_t)truncated, 0, &found),
		0);
	assert_string_equal(found.fn, "truncated");
}

/* Children that were lost, and places without lines for that: no file is without names. */
static void assert_left_out(const struct target *target, uint64_t restarts, uint64_t places)
{
	struct symbols_counts counts;

	symbols_counts(target->symbols, &counts);
	assert_int_equal(counts.child_restarts, restarts);
	assert_int_equal(counts.files_refused, 0);
	assert_int_equal(counts.lines_left_out, places);
}

/* A mapped file that is cut is a SIGBUS in the midst of its debug information. */
static void killed_by_lines(void **state)
{
	struct target *target = *state;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a && "
				"objcopy --only-keep-debug a a.debug && strip -g a && "
				"objcopy --add-gnu-debuglink=a.debug a"));
	start(target, "/a", false);
	assert_whole_c(target);
	assert_true(run(target, "truncate -s 0 a.debug"));
	target->pc++;
	assert_names_only(target, "outer");
	assert_left_out(target, 1, 1);
	target->pc++;
	assert_names_only(target, "outer");
	assert_left_out(target, 1, 2);
}

static void kill_child(void *context)
{
	kill(*(pid_t *)context, SIGKILL);
}

/* The symbolizer is killed while it is asked about the next place. */
static void next_place(struct target *target)
{
	pid_t children[2], child;

	assert_int_equal(process_children(getpid(), children, 2), 2);
	child = children[children[0] == target->pid];
	target->pc++;
	kill(child, SIGSTOP);
	symbols_meanwhile(target->symbols, (struct meanwhile){ kill_child, &child });
	look(target);
	symbols_meanwhile(target->symbols, (struct meanwhile){ 0 });
}

/* Again and again: it goes on without lines, and does not try them again. */
static void killed_with_lines(void **state)
{
	struct target *target = *state;
	struct symbols_counts counts;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a"));
	start(target, "/a", false);
	assert_whole_c(target);
	for (int i = 0; i < 2; i++) {
		next_place(target);
		assert_int_equal(look(target).nr_inlined, 2);
	}
	assert_left_out(target, 2, 0);
	next_place(target);
	assert_names_only(target, "outer");
	assert_left_out(target, 3, 1);
	target->pc++;
	assert_names_only(target, "outer");
	assert_left_out(target, 3, 2);
	/* If it was not for them, it is without names, too. */
	for (int i = 0; i < 3; i++)
		next_place(target);
	assert_string_not_equal(look(target).fn, "outer");
	symbols_counts(target->symbols, &counts);
	assert_int_equal(counts.files_refused, 1);
	assert_int_equal(counts.lines_left_out, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TARGET(loops),
		WITH_TARGET(shared_with_itself),
		WITH_TARGET(exploding_sections),
		WITH_TARGET(truncated),
		WITH_TARGET(killed_by_lines),
		WITH_TARGET(killed_with_lines),
	};

	return cmocka_run_group_tests_name("symbol_hostile_debug", tests, NULL, NULL);
}
