// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recorded stacks, unwound again by what the symbolizer's child does, and compared
 * with what gdb made of them: tests/snapshots/record.py says what a snapshot holds.
 * No process and no file of its machine is needed.
 */
#include <dirent.h>
#include <errno.h>
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "symbol/child/unwind/unwind_machine.h"
#include "symbol/child/unwind/unwinder.h"

#define SNAPSHOTS_MIN  60
#define ARM64_MIN      12
#define LINE_BYTES     (4 << 20)
#define MAPPINGS_MAX   4096
#define FILES_MAX      64
#define TAIL_BYTES     4096
#define TAMPERED_MAX_S 20

/* What is to be replayed. */
struct set {
	const char *directory;
	int nr_min;
	unsigned int arm64_min;
};

struct snapshot {
	struct unwind_input input;
	struct unwind_mapping mappings[MAPPINGS_MAX];
	uint32_t files[MAPPINGS_MAX]; /* of the mappings, from 1; 0: none */
	size_t nr_mappings;
	int fds[FILES_MAX]; /* by number from 1; 0: none */
	struct native_frame frames[UNWIND_FRAMES_MAX];
	bool knows_fp[UNWIND_FRAMES_MAX];
	uint32_t nr_frames;
	uint32_t flags;
};

static unsigned int digit(char letter)
{
	return letter <= '9' ? (unsigned int)(letter - '0') : (unsigned int)(letter - 'a' + 10);
}

/* In place; how many bytes. */
static size_t bytes_of(char *hex)
{
	size_t nr = 0;

	for (; hex[2 * nr] && hex[2 * nr + 1]; nr++)
		hex[nr] = (char)(digit(hex[2 * nr]) << 4 | digit(hex[2 * nr + 1]));
	return nr;
}

static uint64_t number(char **at)
{
	uint64_t value = strtoull(*at, at, 16);

	if (**at == '-')
		++*at;
	return value;
}

static void add_chunk(struct snapshot *snapshot, char *at)
{
	uint64_t file = number(&at) + 1, offset = number(&at);
	size_t nr;

	assert_in_range(file, 1, FILES_MAX - 1);
	if (!snapshot->fds[file])
		snapshot->fds[file] = memfd_create("snapshot", MFD_CLOEXEC);
	nr = bytes_of(++at);
	assert_int_equal(pwrite(snapshot->fds[file], at, nr, (off_t)offset), nr);
}

static void add_mapping(struct snapshot *snapshot, char *at)
{
	size_t nr = snapshot->nr_mappings++;
	struct unwind_mapping *mapping = &snapshot->mappings[nr];

	assert_in_range(nr, 0, MAPPINGS_MAX - 1);
	mapping->start = number(&at);
	mapping->end = number(&at);
	mapping->offset = number(&at);
	mapping->has_file = at[1] != '-';
	if (mapping->has_file)
		snapshot->files[nr] = (uint32_t)number(&at) + 1;
}

static void add_frame(struct snapshot *snapshot, char *at)
{
	uint32_t nr = snapshot->nr_frames++;
	struct native_frame *frame = &snapshot->frames[nr];

	assert_in_range(nr, 0, UNWIND_FRAMES_MAX - 1);
	frame->addr = number(&at);
	frame->cfa = number(&at);
	snapshot->knows_fp[nr] = at[1] != '-';
	frame->fp = number(&at);
	if (strchr(at, 'p'))
		frame->flags |= NATIVE_BY_FRAME_POINTER;
	if (strchr(at, 'x'))
		frame->flags |= NATIVE_EXACT;
}

static bool starts(const char *line, const char *word, char **rest)
{
	size_t bytes = strlen(word);

	*rest = (char *)line + bytes;
	return strncmp(line, word, bytes) == 0;
}

static void add_line(struct snapshot *snapshot, char *line)
{
	char *at;

	if (starts(line, "machine ", &at)) {
		snapshot->input.machine = (uint32_t)number(&at);
	} else if (starts(line, "reg ", &at)) {
		uint64_t reg = number(&at);

		assert_in_range(reg, 0, BP_REGISTERS - 1);
		snapshot->input.regs.reg[reg] = number(&at);
	} else if (starts(line, "stack ", &at)) {
		size_t nr = bytes_of(at);

		assert_in_range(nr, 0, BP_STACK_COPY_BYTES);
		memcpy(snapshot->input.stack, at, nr);
		snapshot->input.bytes = (uint32_t)nr;
	} else if (starts(line, "map ", &at)) {
		add_mapping(snapshot, at);
	} else if (starts(line, "chunk ", &at)) {
		add_chunk(snapshot, at);
	} else if (starts(line, "frame ", &at)) {
		add_frame(snapshot, at);
	} else if (starts(line, "end ", &at)) {
		snapshot->flags =
			(strchr(at, 'c') ? UNWIND_CUT : 0) | (strchr(at, 'l') ? UNWIND_LOST : 0);
	} else {
		fail_msg("unknown line: %.40s", line);
	}
}

static struct snapshot *snapshot_read(const char *path)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	char *line = malloc(LINE_BYTES);
	gzFile file = gzopen(path, "re");

	assert_non_null(snapshot);
	assert_non_null(line);
	assert_non_null(file);
	while (gzgets(file, line, LINE_BYTES)) {
		line[strcspn(line, "\n")] = '\0';
		add_line(snapshot, line);
	}
	gzclose(file);
	free(line);
	return snapshot;
}

static void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < FILES_MAX; i++)
		if (snapshot->fds[i])
			close(snapshot->fds[i]);
	free(snapshot);
}

static void looking(void *context, uint32_t file)
{
	(void)context;
	(void)file;
}

/* What blockprof's side of the socket does. */
static void supply(struct unwinder *unwinder, const struct snapshot *snapshot, uint64_t space,
		   uint32_t first_file, bool sound, uint64_t addr)
{
	for (size_t i = 0; i < snapshot->nr_mappings; i++) {
		uint32_t file = snapshot->files[i];
		int err;

		if (snapshot->mappings[i].start != addr)
			continue;
		err = unwinder_file(unwinder, space, addr, file ? first_file + file : 0,
				    file ? dup(snapshot->fds[file]) : -1);
		assert_true(!sound || !err);
		return;
	}
	fail_msg("no mapping at %llx", (unsigned long long)addr);
}

/* No snapshot has debug files. */
static void no_debug(struct unwinder *unwinder, const struct snapshot *snapshot,
		     uint32_t first_file, uint64_t addr)
{
	for (size_t i = 0; i < snapshot->nr_mappings; i++)
		if (snapshot->mappings[i].start <= addr && addr < snapshot->mappings[i].end)
			unwinder_debug(unwinder, first_file + snapshot->files[i], -1);
}

/* The error that unwinding ends with. sound: its files are as they were. */
static int replay(struct unwinder *unwinder, const struct snapshot *snapshot, uint64_t space,
		  uint32_t first_file, bool sound, struct answer_unwind *answer)
{
	for (int asks = 0; asks < 100; asks++) {
		int err = unwinder_run(unwinder, space, &snapshot->input, answer);

		if (err == -ENOENT)
			assert_int_equal(unwinder_mappings(unwinder, space, 0, snapshot->mappings,
							   snapshot->nr_mappings),
					 0);
		else if (err == -ESTALE)
			supply(unwinder, snapshot, space, first_file, sound, answer->addr);
		else if (err == -ENOKEY)
			no_debug(unwinder, snapshot, first_file, answer->addr);
		else
			return err;
	}
	fail_msg("it asks for more and more");
	return -ELOOP;
}

/* One step of Marsaglia's xorshift: the same each time. */
static uint32_t chance(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* The end of each file, where its CFI is, with some bytes changed, or the file cut there. */
static void tamper(const struct snapshot *snapshot, uint32_t *seed)
{
	for (size_t i = 1; i < FILES_MAX && snapshot->fds[i]; i++) {
		off_t bytes = lseek(snapshot->fds[i], 0, SEEK_END);
		off_t tail = bytes < TAIL_BYTES ? bytes : TAIL_BYTES;

		if (chance(seed) % 8 == 0)
			assert_int_equal(ftruncate(snapshot->fds[i],
						   bytes - (off_t)(chance(seed) % (uint32_t)tail)),
					 0);
		for (int changes = 0; changes < 40; changes++) {
			uint8_t byte = (uint8_t)chance(seed);
			off_t at = bytes - 1 - (off_t)(chance(seed) % (uint32_t)tail);

			assert_int_equal(pwrite(snapshot->fds[i], &byte, 1, at), 1);
		}
	}
}

static bool same_frame(const struct snapshot *snapshot, uint32_t i, const struct native_frame *got)
{
	const struct native_frame *expected = &snapshot->frames[i];

	return got->addr == expected->addr && got->flags == expected->flags &&
	       (!expected->cfa || got->cfa == expected->cfa) &&
	       (!snapshot->knows_fp[i] || got->fp == expected->fp);
}

static bool same(const char *name, const struct snapshot *snapshot, int err,
		 const struct answer_unwind *answer)
{
	bool is_same =
		err == 0 && answer->nr == snapshot->nr_frames && answer->flags == snapshot->flags;

	for (uint32_t i = 0; i < snapshot->nr_frames && i < answer->nr; i++)
		is_same = is_same && same_frame(snapshot, i, &answer->frames[i]);
	if (is_same)
		return true;
	print_error("%s: error %d, flags %x, expected %x; frames, and what was expected:\n", name,
		    err, answer->flags, snapshot->flags);
	for (uint32_t i = 0; i < snapshot->nr_frames || i < answer->nr; i++) {
		const struct native_frame none = { 0 };
		const struct native_frame *got = i < answer->nr ? &answer->frames[i] : &none;
		const struct native_frame *expected =
			i < snapshot->nr_frames ? &snapshot->frames[i] : &none;

		print_error("  %2u %12llx %12llx %12llx %u, %12llx %12llx %12llx %u\n", i,
			    (unsigned long long)got->addr, (unsigned long long)got->cfa,
			    (unsigned long long)got->fp, got->flags,
			    (unsigned long long)expected->addr, (unsigned long long)expected->cfa,
			    (unsigned long long)expected->fp, expected->flags);
	}
	return false;
}

static int is_snapshot(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 3 && strcmp(entry->d_name + length - 3, ".gz") == 0;
}

/* All by one unwinder, as one child serves many processes; each twice, the second time by what it kept. */
static void snapshots(void **state)
{
	struct answer_unwind *answer = calloc(1, sizeof(*answer));
	const struct set *set = *state;
	unsigned int arm64 = 0, failed = 0;
	struct unwinder *unwinder;
	struct dirent **entries;
	int nr = scandir(set->directory, &entries, is_snapshot, alphasort);

	assert_true(nr >= set->nr_min);
	assert_int_equal(unwinder_new(&unwinder, looking, NULL), 0);
	for (int i = 0; i < nr; i++) {
		char path[512];
		struct snapshot *snapshot;

		snprintf(path, sizeof(path), "%s/%s", set->directory, entries[i]->d_name);
		snapshot = snapshot_read(path);
		arm64 += snapshot->input.machine == EM_AARCH64;
		for (int round = 0; round < 2; round++) {
			int err = replay(unwinder, snapshot, (uint64_t)i + 1,
					 (uint32_t)i * FILES_MAX, true, answer);

			failed += !same(entries[i]->d_name, snapshot, err, answer);
		}
		snapshot_free(snapshot);
		free(entries[i]);
	}
	free(entries);
	unwinder_free(unwinder);
	free(answer);
	assert_int_equal(failed, 0);
	assert_true(arm64 >= set->arm64_min);
}

/* In a process of its own: libdw may end it, as it may end the symbolizer; that takes no time. */
static void replay_tampered(const char *path, uint32_t seed)
{
	struct answer_unwind *answer = calloc(1, sizeof(*answer));
	struct unwinder *unwinder;
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct snapshot *snapshot = snapshot_read(path);
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		close(STDERR_FILENO);
		alarm(TAMPERED_MAX_S);
		tamper(snapshot, &seed);
		if (unwinder_new(&unwinder, looking, NULL))
			_exit(1);
		replay(unwinder, snapshot, 1, 0, false, answer);
		unwinder_free(unwinder);
		_exit(answer->nr > UNWIND_FRAMES_MAX);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(answer);
	if (WIFSIGNALED(status))
		assert_true(WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGSEGV);
	else
		assert_int_equal(WEXITSTATUS(status), 0);
}

static void tampered(void **state)
{
	const struct set *set = *state;
	struct dirent **entries;
	int nr = scandir(set->directory, &entries, is_snapshot, alphasort);

	for (int i = 0; i < nr; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", set->directory, entries[i]->d_name);
		for (uint32_t round = 1; round <= 3; round++)
			replay_tampered(path, (uint32_t)i * 97 + round);
		free(entries[i]);
	}
	free(entries);
}

/* With an argument: another directory of them, as many as it has. */
int main(int argc, char **argv)
{
	struct set set = { "tests/unit/snapshots", SNAPSHOTS_MIN, ARM64_MIN };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(snapshots, &set),
		cmocka_unit_test_prestate(tampered, &set),
	};

	if (argc > 1)
		set = (struct set){ argv[1], 1, 0 };
	return cmocka_run_group_tests_name("unwind_snapshots", tests, NULL, NULL);
}
