// SPDX-License-Identifier: GPL-2.0-or-later
/* User addresses to names, of processes as they are found. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/files.h"
#include "base/memory.h"
#include "proc/process.h"
#include "symbol/on_stack.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"
#include "tests/unit/symbol_fixture.h"
#include "tests/unit/symbol_program.h"

static void own_functions(void **state)
{
	struct symbols *symbols = *state;
	char exe[PATH_MAX] = "";
	struct symbol found;

	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	for (int again = 0; again < 2; again++) {
		found = lookup(symbols, getpid(), ADDR(local_function), 0);
		assert_string_equal(found.fn, "local_function");
		assert_string_equal(found.module, exe);
		assert_int_equal(found.in_text, 1);
		assert_int_equal(found.offset, 0);
		found = lookup(symbols, getpid(), ADDR(own_functions) + 2, 0);
		assert_string_equal(found.fn, "own_functions");
		assert_int_equal(found.offset, 2);
		/* Where a call at the very end of what is before would return to. */
		found = lookup(symbols, getpid(), ADDR(local_function), 1);
		assert_string_not_equal(found.fn, "local_function");
	}
	assert_counts(symbols, 0, 0, 0);
}

/* Names come from files: what a target's memory adds is missing, and no more. */
static void without_its_memory(void **state)
{
	const struct memory nowhere = { process_memory(), INT32_MAX };
	struct budget_memory late;
	struct symbols *symbols;
	struct symbol found;

	(void)state;
	memory_in_time(&late, nowhere, 0);
	assert_int_equal(symbols_new(&symbols, symbolizer_main, &late.source), 0);
	assert_works(symbols);
	assert_int_equal(symbols_place(symbols, getpid(), ADDR(local_function) + 1, 1, &found), 0);
	/* it is not known: it may be one */
	assert_int_equal(found.after_call, 1);
	assert_true(late.source.late > 0);
	assert_counts(symbols, 0, 0, 0);
	symbols_free(symbols);
}

/* What a debugger on another machine needs: which file it is, and where in it. */
static void place_in_the_file(void **state)
{
	struct symbol found = lookup(*state, getpid(), ADDR(local_function), 0);
	int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint64_t offset = found.file_offset;
	unsigned char code[16];

	assert_true(own >= 0 && offset > 0);
	assert_int_equal(pread(own, code, sizeof(code), (off_t)offset), sizeof(code));
	close(own);
	assert_memory_equal(code, (const void *)ADDR(local_function), sizeof(code));
	/* of a return address the call, which is before it; known already as at first */
	for (int i = 0; i < 2; i++) {
		found = lookup(*state, getpid(), ADDR(local_function) + 5, 1);
		assert_int_equal(found.file_offset, offset + 4);
		found = lookup(*state, getpid(), ADDR(getppid), 0);
		assert_non_null(found.build_id);
		assert_int_equal(strlen(found.build_id), 40);
	}
	assert_int_equal(symbols_user(*state, getpid(), ADDR(&code), 0, &found), -ENOENT);
	assert_int_equal(found.file_offset, 0);
	assert_null(found.build_id);
}

static void no_function(void **state)
{
	static int data = 1;
	struct symbols *symbols = *state;
	struct symbol found;
	int on_stack;

	assert_int_equal(symbols_user(symbols, getpid(), 0, 0, &found), -ENOENT);
	assert_string_equal(found.fn, "[unknown]");
	assert_null(found.module);
	assert_int_equal(symbols_user(symbols, getpid(), 0, 1, &found), -ENOENT);
	assert_int_equal(symbols_user(symbols, getpid(), UINT64_MAX, 0, &found), -ENOENT);
	assert_int_equal(symbols_user(symbols, getpid(), ADDR(&on_stack), 0, &found), -ENOENT);
	assert_int_equal(found.in_text, 0);
	assert_int_equal(symbols_user(symbols, -1, ADDR(no_function), 0, &found), -ENOENT);
	assert_int_equal(symbols_user(symbols, 1 << 23, ADDR(no_function), 0, &found), -ENOENT);
	/* Mapped, but no code: file and offset. */
	if (symbols_user(symbols, getpid(), ADDR(&data), 0, &found) == 0) {
		assert_int_equal(found.in_text, 0);
		assert_int_equal(found.after_call, 0);
		assert_non_null(strstr(found.fn, "+0x"));
	}
	assert_counts(symbols, 0, 0, 0);
}

static void vdso(void **state)
{
	uint64_t start = getauxval(AT_SYSINFO_EHDR);
	struct symbol found;

	if (!start)
		skip();
	/* Some function of it: their number and places differ. */
	for (uint64_t offset = 0; offset < 4096; offset += 16) {
		found = lookup(*state, getpid(), start + offset, 0);
		assert_string_equal(found.module, "[vdso]");
		if (strncmp(found.fn, "[vdso]+0x", 9) != 0)
			return;
	}
	fail_msg("no function in the vDSO");
}

static __attribute__((noinline)) void sleeper(void)
{
	struct timespec long_time = { 1000, 0 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, NULL);
	__asm__ volatile("" ::: "memory");
}

/* Program counter and stack pointer of a process that is blocked in a system call. */
static void where_blocked(pid_t pid, uint64_t *pc, uint64_t *sp)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (int tries = 0; tries < 5000; tries++) {
		FILE *file = fopen(path, "re");
		unsigned long long values[8];
		long long number;
		bool read_it;

		assert_non_null(file);
		read_it = fgets(line, sizeof(line), file) &&
			  sscanf(line, "%lld %llx %llx %llx %llx %llx %llx %llx %llx", &number,
				 &values[0], &values[1], &values[2], &values[3], &values[4],
				 &values[5], &values[6], &values[7]) == 9;
		fclose(file);
		/* The request of a thousand seconds is what it shall be blocked in. */
		if (read_it && process_kind(pid, NULL) == PROCESS_NORMAL &&
		    values[0] == CLOCK_MONOTONIC) {
			*sp = values[6];
			*pc = values[7];
			return;
		}
		usleep(1000);
	}
	fail_msg("process %d does not come to sleep", pid);
}

static void blocked_child(void **state)
{
	struct symbols *symbols = *state;
	uint64_t pc = 0, sp = 0, words[1024];
	struct symbol found;
	struct iovec here = { words, sizeof(words) }, there;
	bool seen_sleeper = false;
	static const char *const in_sleeper[] = { "no_such_function", "sleeper" };
	static const char *const in_libc[] = { "clock_nanosleep" };
	uint64_t sleeper_addr = 0;
	ssize_t got;
	pid_t pid = fork();

	if (pid == 0) {
		sleeper();
		_exit(0);
	}
	assert_true(pid > 0);
	where_blocked(pid, &pc, &sp);
	found = lookup(symbols, pid, pc, 0);
	assert_non_null(strstr(found.fn, "clock_nanosleep"));
	assert_non_null(strstr(found.module, "libc"));
	there = (struct iovec){ (void *)(uintptr_t)sp, sizeof(words) };
	got = process_vm_readv(pid, &here, 1, &there, 1, 0);
	assert_true(got > 0);
	for (size_t i = 0; i < (size_t)got / sizeof(words[0]); i++) {
		if (symbols_user(symbols, pid, words[i], 1, &found) || !found.in_text)
			continue;
		if (strcmp(found.fn, "sleeper") == 0 && found.after_call) {
			seen_sleeper = true;
			sleeper_addr = words[i];
			break;
		}
	}
	assert_true(seen_sleeper);
	/* By symbols alone: the same name, and no debug information is read for it. */
	assert_int_equal(symbols_function(symbols, pid, sleeper_addr, 1, &found), 0);
	assert_string_equal(found.fn, "sleeper");
	assert_int_equal(found.after_call, 1);
	/* On the stack of what it calls, of which the C library's part is not even asked about. */
	assert_int_equal(symbols_on_stack(symbols, pid, sp, in_sleeper, 2), 1);
	assert_int_equal(symbols_on_stack(symbols, pid, sp, in_libc, 1), -ENOENT);
	/* The byte after a return address is not after a call. */
	assert_int_equal(lookup(symbols, pid, sleeper_addr + 1, 1).after_call, 0);
	end_process(pid);
	/* Names of addresses stay known until they are forgotten. */
	assert_string_equal(lookup(symbols, pid, sleeper_addr, 1).fn, "sleeper");
	symbols_forget(symbols, pid);
	assert_int_equal(symbols_user(symbols, pid, sleeper_addr, 1, &found), -ENOENT);
	assert_counts(symbols, 0, 0, 0);
}

static void compiled_program(void **state)
{
	struct fixture *fixture = *state;
	uint64_t hidden, shown;
	pid_t pid = start_program(fixture->program.path, &hidden, &shown);
	struct symbol found = lookup(fixture->symbols, pid, hidden + 1, 0);

	assert_string_equal(found.fn, "hidden_function");
	assert_int_equal(found.offset, 1);
	assert_string_equal(found.module, fixture->program.path);
	assert_string_equal(lookup(fixture->symbols, pid, shown, 0).fn, "shown_function");
	end_process(pid);
}

/* Stripped: what is exported has a name, what is not does not get a neighbour's. */
static void stripped_program(void **state)
{
	struct fixture *fixture = *state;
	uint64_t hidden, shown;
	struct symbol found;
	pid_t pid;

	assert_true(program_compile(&fixture->program, fixture->program.other, "-s"));
	pid = start_program(fixture->program.other, &hidden, &shown);
	assert_string_equal(lookup(fixture->symbols, pid, shown + 1, 0).fn, "shown_function");
	found = lookup(fixture->symbols, pid, hidden, 0);
	assert_int_equal(strncmp(found.fn, "other+0x", 8), 0);
	assert_int_equal(found.offset, 0);
	/* Position independent: the page offset is that of the address. */
	assert_int_equal(strtoull(found.fn + 8, NULL, 16) & 0xfff, hidden & 0xfff);
	end_process(pid);
	assert_counts(fixture->symbols, 0, 0, 0);
}

static void deleted_program(void **state)
{
	struct fixture *fixture = *state;
	uint64_t hidden, shown;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = start_program(fixture->program.path, &hidden, &shown);
	/* Another file takes its name. */
	assert_true(program_compile(&fixture->program, fixture->program.other, "-s"));
	assert_int_equal(rename(fixture->program.other, fixture->program.path), 0);
	assert_string_equal(lookup(fixture->symbols, pid, hidden, 0).fn, "hidden_function");
	assert_string_equal(lookup(fixture->symbols, pid, hidden, 0).module, fixture->program.path);
	end_process(pid);
	assert_counts(fixture->symbols, 0, 0, 0);
}

/* Where lines are known, they are left out of what is asked for by symbols alone, in either order. */
static void without_lines(void **state)
{
	struct symbols *symbols = *state;
	struct symbol found;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			symbols_function(symbols, getpid(), ADDR(without_lines) + 4, 0, &found), 0);
		assert_string_equal(found.fn, "without_lines");
		if (!i)
			assert_null(found.file);
		found = lookup(symbols, getpid(), ADDR(without_lines) + 4, 0);
		assert_string_equal(found.fn, "without_lines");
		assert_non_null(found.file);
		assert_true(found.line > 0);
	}
}

static void code_made_at_run_time(void **state)
{
	struct symbols *symbols = *state;
	uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct symbol found;

	assert_ptr_not_equal(code, MAP_FAILED);
	memset(code, 0x90, 4096);
#if defined(__x86_64__)
	memcpy(code + 0x10, "\xe8\0\0\0", 5);
#elif defined(__aarch64__)
	memcpy(code + 0x11, "\0\0\0\x94", 4);
#endif
	found = lookup(symbols, getpid(), ADDR(code) + 0x15, 1);
	assert_string_equal(found.fn, "[anon]+0x15");
	assert_string_equal(found.module, "[anon]");
	assert_int_equal(found.in_text, 1);
	assert_int_equal(found.after_call, 1);
	assert_int_equal(lookup(symbols, getpid(), ADDR(code) + 0x400, 1).after_call, 0);
	assert_int_equal(lookup(symbols, getpid(), ADDR(code), 0).after_call, 0);
	/* nobody asks for what is known */
	assert_int_equal(lookup(symbols, getpid(), ADDR(code) + 0x400, SYMBOL_UNWOUND).after_call,
			 1);
	munmap(code, 4096);
}

static void mapped_path(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	int fd = open(fixture->program.source, O_RDONLY | O_CLOEXEC);
	void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	const char *path;
	int on_stack;

	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	path = symbols_mapped_path(symbols, getpid(), ADDR(mapped) + 10);
	assert_non_null(path);
	assert_string_equal(path, fixture->program.source);
	assert_null(symbols_mapped_path(symbols, getpid(), ADDR(&on_stack)));
	assert_null(symbols_mapped_path(symbols, getpid(), 16));
	munmap(mapped, 4096);
}

/* A source whose files are late for so many times. */
static int late_open(void *context, const struct file_wanted *wanted, struct file_opened *opened)
{
	int *late = context;

	if (*late > 0) {
		--*late;
		return -ETIMEDOUT;
	}
	opened->fd = file_open_directly(wanted, &opened->status);
	return opened->fd < 0 ? opened->fd : 0;
}

static ssize_t read_proc(void *context, pid_t pid, const char *name, uint64_t offset, void *buf,
			 size_t size)
{
	(void)context;
	return file_read_directly(pid, name, offset, buf, size);
}

/* What did not come in time is no answer: a file without V8, without a runtime, without code. */
static void file_that_comes_late(void **state)
{
	int late = 0;
	struct file_calls calls = {
		.context = &late, .read = read_proc, .open = late_open, .receivers = { -1, -1 }
	};
	struct memory_source source = memory_source_direct();
	struct symbols_names names = { (const char *const[]){ "local_function" }, 1 };
	char bytes[4], version[8];
	struct symbols_object object = { .name = "no_such_object", .bytes = bytes, .size = 4 };
	uint64_t here = ADDR(local_function), defined = 0;
	struct symbols *symbols;

	(void)state;
	source.files = &calls;
	assert_int_equal(symbols_new(&symbols, symbolizer_main, &source), 0);
	late = 3;
	assert_int_equal(symbols_objects(symbols, getpid(), here, false, &object, 1), -EBUSY);
	assert_int_equal(symbols_defined(symbols, getpid(), here, &names, &defined), -EBUSY);
	assert_int_equal(symbols_version(symbols, getpid(), here, "late ", version, 8), -EBUSY);
	assert_int_equal(late, 0);
	assert_int_equal(symbols_objects(symbols, getpid(), here, false, &object, 1), 0);
	assert_int_equal(symbols_defined(symbols, getpid(), here, &names, &defined), 0);
	assert_int_equal(defined, 1);
	assert_works(symbols);
	assert_counts(symbols, 0, 0, 0);
	symbols_free(symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SYMBOLS(own_functions),
		WITH_SYMBOLS(place_in_the_file),
		WITH_SYMBOLS(no_function),
		WITH_SYMBOLS(vdso),
		WITH_SYMBOLS(blocked_child),
		WITH_PROGRAM(compiled_program),
		WITH_PROGRAM(stripped_program),
		WITH_PROGRAM(deleted_program),
		WITH_SYMBOLS(without_lines),
		WITH_SYMBOLS(code_made_at_run_time),
		WITH_PROGRAM(mapped_path),
		cmocka_unit_test(file_that_comes_late),
		cmocka_unit_test(without_its_memory),
	};

	return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
