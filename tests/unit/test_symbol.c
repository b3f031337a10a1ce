// SPDX-License-Identifier: GPL-2.0-or-later
/* User addresses to names, and the life of the child that reads the files. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/maps.h"
#include "proc/process.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"
#include "tests/unit/symbol_program.h"

#define ADDR(x) ((uint64_t)(uintptr_t)(x))

static int symbols_setup(void **state)
{
	struct symbols *symbols;

	if (symbols_new(&symbols, symbolizer_main, process_memory()))
		return -1;
	*state = symbols;
	return 0;
}

static int symbols_teardown(void **state)
{
	symbols_free(*state);
	return 0;
}

static void assert_counts(const struct symbols *symbols, uint64_t restarts, uint64_t refused,
			  uint64_t failed)
{
	struct symbols_counts counts;

	symbols_counts(symbols, &counts);
	assert_int_equal(counts.child_restarts, restarts);
	assert_int_equal(counts.files_refused, refused);
	assert_int_equal(counts.lookups_failed, failed);
	assert_int_equal(counts.maps_cut, 0);
}

static struct symbol lookup(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return)
{
	struct symbol found;

	assert_int_equal(symbols_user(symbols, pid, addr, is_return, &found), 0);
	assert_non_null(found.fn);
	return found;
}

static __attribute__((noinline)) int local_function(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static void assert_works(struct symbols *symbols)
{
	assert_string_equal(lookup(symbols, getpid(), ADDR(local_function), 0).fn,
			    "local_function");
}

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

/* Static functions count as well as exported ones; names that only end so do not. */
static void what_a_file_defines(void **state)
{
	static const char *const names[] = {
		"what_a_file_defines", "a_file_defines", "no_such_function",
		"assert_counts",       "main",		 ".data",
		".no_such_section"
	};
	static const struct symbols_names asked = { names, 7 };
	static const char here[] __attribute__((used)) = "version-of-this-test 12.3-a+b~c, end";
	struct symbols *symbols = *state;
	uint64_t defined = 0;
	char word[16];

	assert_int_equal(
		symbols_defined(symbols, getpid(), ADDR(what_a_file_defines), &asked, &defined), 0);
	assert_int_equal(defined, 0x39);
	assert_int_equal(symbols_version(symbols, getpid(), ADDR(what_a_file_defines),
					 "version-of-this-test ", word, sizeof(word)),
			 0);
	assert_string_equal(word, "12.3-a+b~c");
	assert_int_equal(symbols_version(symbols, getpid(), ADDR(what_a_file_defines),
					 "of-this-test 12.", word, 3),
			 0);
	assert_string_equal(word, "3-");
	assert_int_equal(symbols_version(symbols, getpid(), ADDR(what_a_file_defines),
					 "no such text anywhere, is there: ", word, sizeof(word)),
			 -ENOENT);
	assert_int_equal(symbols_defined(symbols, getpid(), 0, &asked, &defined), -ENOENT);
	assert_int_equal(symbols_version(symbols, getpid(), 0, "x", word, sizeof(word)), -ENOENT);
	assert_counts(symbols, 0, 0, 0);
}

/* Where it is loaded: by what is exported, or all that a file names if it must be. */
static void where_a_file_has_them(void **state)
{
	static const char *const of_libc[] = { ".text", ".no_such_section", "getpid", "no_such" };
	static const char *const of_own[] = { ".no_such_section", "assert_counts" };
	struct symbols *symbols = *state;
	uint64_t addresses[4], here = (uint64_t)(uintptr_t)dlsym(RTLD_DEFAULT, "getpid");
	struct symbols_mapped mapped = { .pid = getpid() };
	struct maps *maps;

	assert_int_equal(maps_read(&maps, getpid()), 0);
	mapped.maps = maps;
	mapped.mapping = maps_find(maps, here);
	assert_non_null(mapped.mapping);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(symbols_addresses(symbols, &mapped, false,
						   &(struct symbols_names){ of_libc, 4 },
						   addresses),
				 0);
		assert_true(addresses[0] >= mapped.mapping->start && addresses[0] < here);
		assert_int_equal(addresses[1], 0);
		assert_int_equal(addresses[2], here);
		assert_int_equal(addresses[3], 0);
	}
	mapped.mapping = maps_find(maps, ADDR(assert_counts));
	assert_non_null(mapped.mapping);
	for (int local = 0; local < 2; local++) {
		assert_int_equal(symbols_addresses(symbols, &mapped, local,
						   &(struct symbols_names){ of_own, 2 }, addresses),
				 0);
		assert_int_equal(addresses[0], 0);
		assert_int_equal(addresses[1], local ? ADDR(assert_counts) : 0);
	}
	maps_free(maps);
	assert_counts(symbols, 0, 0, 0);
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

static void end_process(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
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
	/* The byte after a return address is not after a call. */
	assert_int_equal(lookup(symbols, pid, sleeper_addr + 1, 1).after_call, 0);
	end_process(pid);
	/* Names of addresses stay known until they are forgotten. */
	assert_string_equal(lookup(symbols, pid, sleeper_addr, 1).fn, "sleeper");
	symbols_forget(symbols, pid);
	assert_int_equal(symbols_user(symbols, pid, sleeper_addr, 1, &found), -ENOENT);
	assert_counts(symbols, 0, 0, 0);
}

/* Starts the program and reads where its functions are. */
static pid_t start_program(const char *path, uint64_t *hidden, uint64_t *shown)
{
	unsigned long long addrs[2];
	int ends[2];
	FILE *file;
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		execl(path, path, NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	close(ends[1]);
	file = fdopen(ends[0], "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%llx %llx", &addrs[0], &addrs[1]), 2);
	fclose(file);
	*hidden = addrs[0];
	*shown = addrs[1];
	return pid;
}

struct fixture {
	struct program program;
	struct symbols *symbols;
};

static int fixture_setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	return fixture && program_new(&fixture->program) &&
			       program_compile(&fixture->program, fixture->program.path, "-g0") &&
			       symbols_new(&fixture->symbols, symbolizer_main, process_memory()) ==
				       0
		       ? 0
		       : -1;
}

static int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	symbols_free(fixture->symbols);
	program_remove(&fixture->program);
	free(fixture);
	return 0;
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

static pid_t only_child(void)
{
	pid_t children[8];

	assert_int_equal(process_children(getpid(), children, 8), 1);
	return children[0];
}

static void assert_status(const char *status, const char *line)
{
	if (!strstr(status, line))
		fail_msg("no %s in:\n%s", line, status);
}

static void child_has_nothing(void **state)
{
	struct symbols *symbols = *state;
	char path[64], status[8192], link[256];
	pid_t pid = only_child();
	size_t nr_open = 0;
	ssize_t got;
	FILE *file;

	if (geteuid() != 0)
		skip();
	assert_works(symbols);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	status[fread(status, 1, sizeof(status) - 1, file)] = '\0';
	fclose(file);
	assert_status(status, "\nUid:\t65529\t65529\t65529\t65529\n");
	assert_status(status, "\nGid:\t65529\t65529\t65529\t65529\n");
	assert_status(status, "\nGroups:\t \n");
	assert_status(status, "\nCapInh:\t0000000000000000\n");
	assert_status(status, "\nCapPrm:\t0000000000000000\n");
	assert_status(status, "\nCapEff:\t0000000000000000\n");
	assert_status(status, "\nCapBnd:\t0000000000000000\n");
	assert_status(status, "\nCapAmb:\t0000000000000000\n");
	assert_status(status, "\nNoNewPrivs:\t1\n");
	assert_status(status, "\nSeccomp:\t2\n");
	/* Its socket, /dev/null, and the file that it was sent: nothing of ours. */
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		got = readlink(path, link, sizeof(link) - 1);
		if (got < 0)
			continue;
		link[got] = '\0';
		nr_open++;
		if (fd > 4)
			fail_msg("descriptor %d: %s", fd, link);
	}
	assert_int_equal(nr_open, 5);
	/* Its root has nothing that leads anywhere. */
	snprintf(path, sizeof(path), "/proc/%d/root/proc", pid);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "/proc/%d/root/etc", pid);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "/proc/%d/root/3", pid);
	assert_int_equal(access(path, F_OK), 0);
}

static void killed_child(void **state)
{
	struct symbols *symbols = *state;
	struct symbol found;
	pid_t first = only_child(), second;

	assert_works(symbols);
	kill(first, SIGKILL);
	while (process_kind(first, NULL) == PROCESS_NORMAL)
		usleep(1000);
	/* Known already; then something new. */
	assert_works(symbols);
	assert_counts(symbols, 0, 0, 0);
	found = lookup(symbols, getpid(), ADDR(killed_child), 0);
	assert_string_equal(found.fn, "killed_child");
	assert_counts(symbols, 1, 0, 0);
	second = only_child();
	assert_int_not_equal(first, second);
	/* Ctrl-C and a service's stop reach it too, and are not for it. */
	kill(second, SIGINT);
	kill(second, SIGTERM);
	assert_string_equal(lookup(symbols, getpid(), ADDR(assert_counts), 0).fn, "assert_counts");
	assert_counts(symbols, 1, 0, 0);
}

static void count_call(void *context)
{
	++*(unsigned int *)context;
}

/*
 * A child that does not answer is waited for no longer than a second, once, and
 * given up for another after some more. What stopped it was not the file.
 */
static void hanging_child(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	unsigned int meanwhile = 0;
	uint64_t hidden, shown;
	struct symbol found;
	pid_t pid = start_program(fixture->program.path, &hidden, &shown);
	pid_t children[8], stopped = 0;

	assert_int_equal(process_children(getpid(), children, 8), 2);
	stopped = children[0] == pid ? children[1] : children[0];
	symbols_meanwhile(symbols, count_call, &meanwhile);
	kill(stopped, SIGSTOP);
	for (unsigned int again = 0; again < 100; again++) {
		found = lookup(symbols, pid, hidden, 0);
		assert_int_equal(strncmp(found.fn, "program+0x", 10), 0);
		assert_int_equal(found.in_text, 1);
		assert_counts(symbols, 0, 0, again + 1);
	}
	/* a second in steps of 5 ms; the rest of the hundred did not wait */
	assert_in_range(meanwhile, 20, 400);
	symbols_meanwhile(symbols, NULL, NULL);
	sleep(6);
	lookup(symbols, pid, hidden, 0);
	assert_int_not_equal(kill(stopped, 0), 0);
	assert_string_equal(lookup(symbols, pid, hidden, 0).fn, "hidden_function");
	assert_works(symbols);
	assert_counts(symbols, 1, 0, 101);
	end_process(pid);
}

/* It answers late: what was asked then is not mixed up with what is asked next. */
static void late_answer(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	uint64_t hidden, shown;
	pid_t pid = start_program(fixture->program.path, &hidden, &shown);
	pid_t children[8], stopped;

	assert_int_equal(process_children(getpid(), children, 8), 2);
	stopped = children[0] == pid ? children[1] : children[0];
	kill(stopped, SIGSTOP);
	assert_string_not_equal(lookup(symbols, pid, hidden, 0).fn, "hidden_function");
	kill(stopped, SIGCONT);
	usleep(200000);
	assert_string_equal(lookup(symbols, pid, shown, 0).fn, "shown_function");
	assert_string_equal(lookup(symbols, pid, hidden, 0).fn, "hidden_function");
	assert_counts(symbols, 0, 0, 1);
	end_process(pid);
}

/* Children that die one after the other: after some no new one for a while, nothing worse. */
static void dying_children(void **state)
{
	struct fixture *fixture = *state;
	struct symbols *symbols = fixture->symbols;
	struct symbols_counts counts;

	for (int round = 0; round < 20; round++) {
		pid_t children[8];
		struct symbol found;

		if (process_children(getpid(), children, 8) == 1) {
			kill(children[0], SIGKILL);
			while (process_kind(children[0], NULL) == PROCESS_NORMAL)
				usleep(1000);
		}
		found = lookup(symbols, getpid(), ADDR(local_function) + (uint64_t)round, 0);
		assert_int_equal(found.in_text, 1);
	}
	symbols_counts(symbols, &counts);
	assert_true(counts.child_restarts > 0 && counts.child_restarts < 12);
	assert_true(counts.lookups_failed > 0);
	assert_int_equal(counts.files_refused, 0);
}

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

static void write_bytes(const char *path, const void *bytes, size_t nr)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, nr), nr);
	close(fd);
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

/* Without privileges, for a process of its own. */
static void without_root(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct symbols *symbols;
		struct symbol found;

		if (geteuid() == 0 && setresuid(4242, 4242, 4242))
			_exit(2);
		prctl(PR_SET_DUMPABLE, 1);
		if (symbols_new(&symbols, symbolizer_main, process_memory()) ||
		    symbols_user(symbols, getpid(), ADDR(getppid), 0, &found))
			_exit(3);
		if (!strstr(found.fn, "getppid"))
			_exit(4);
		symbols_free(symbols);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* No descriptor and no process is left. */
static void leaves_nothing(void **state)
{
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;
	struct symbols *symbols;
	pid_t children[8];

	(void)state;
	close(before);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(symbols_new(&symbols, symbolizer_main, process_memory()), 0);
		assert_works(symbols);
		symbols_free(symbols);
	}
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
	assert_int_equal(process_children(getpid(), children, 8), 0);
}

#define WITH_SYMBOLS(test) cmocka_unit_test_setup_teardown(test, symbols_setup, symbols_teardown)
#define WITH_PROGRAM(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SYMBOLS(own_functions),
		WITH_SYMBOLS(what_a_file_defines),
		WITH_SYMBOLS(where_a_file_has_them),
		WITH_SYMBOLS(no_function),
		WITH_SYMBOLS(vdso),
		WITH_SYMBOLS(blocked_child),
		WITH_PROGRAM(compiled_program),
		WITH_PROGRAM(stripped_program),
		WITH_PROGRAM(deleted_program),
		WITH_SYMBOLS(code_made_at_run_time),
		WITH_PROGRAM(mapped_path),
		WITH_SYMBOLS(child_has_nothing),
		WITH_SYMBOLS(killed_child),
		WITH_PROGRAM(hanging_child),
		WITH_PROGRAM(late_answer),
		WITH_PROGRAM(dying_children),
		WITH_PROGRAM(refused_until_changed),
		WITH_PROGRAM(hostile_files),
		WITH_PROGRAM(many_files),
		cmocka_unit_test(without_its_memory),
		cmocka_unit_test(without_root),
		cmocka_unit_test(leaves_nothing),
	};

	return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
