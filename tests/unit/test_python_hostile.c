// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever a target's memory and files hold: an answer or an error, in bounded time. */
#include "python/target.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "runtime/python/interpreter.h"
#include "runtime/python/pools.h"
#include "runtime/python/tasks.h"
#include "runtime/python/threads.h"
#include "symbol/child/elf/elf_addresses.h"

#define FRAMES_MAX 128
#define NAME_BYTES 64
#define ROUNDS	   400
#define ELF_ROUNDS 4000

/* A reader that spoils what another one gives. */
struct spoiler {
	struct memory memory; /* the honest one */
	unsigned int one_in; /* reads that are spoilt, 0: none */
	uint64_t seen[64]; /* addresses that were asked for: pointers into something */
	unsigned int nr_seen;
};

static uint64_t odd_word(struct spoiler *spoiler)
{
	static const uint64_t words[] = { 0,	      1,
					  7,	      16,
					  4096,	      0x7fffffff,
					  0xffffffff, 1ull << 32,
					  1ull << 40, INT64_MAX,
					  1ull << 63, UINT64_MAX,
					  1ull << 28, MEMORY_READ_MAX,
					  ENOENT,     0x7ff8000000000000 };

	switch (random() % 3) {
	case 0:
		return words[random() % (long)(sizeof(words) / sizeof(words[0]))];
	case 1:
		return spoiler->seen[random() % 64];
	default:
		return (uint64_t)random() << 32 ^ (uint64_t)random();
	}
}

static int spoiling_read(void *context, uint64_t addr, void *buf, size_t size)
{
	struct spoiler *spoiler = context;
	int err = memory_read(&spoiler->memory, addr, buf, size);

	spoiler->seen[spoiler->nr_seen++ % 64] = addr;
	if (err || !spoiler->one_in || random() % spoiler->one_in)
		return err;
	if (size >= 8 && random() % 2) {
		uint64_t word = odd_word(spoiler);

		memcpy((char *)buf + ((size_t)random() % (size / 8)) * 8, &word, 8);
	} else {
		((unsigned char *)buf)[(size_t)random() % size] = (unsigned char)random();
	}
	return random() % 50 ? 0 : -EFAULT;
}

static void ignore_task(void *context, const struct python_task_info *task)
{
	(void)context;
	assert_true(!task->nr || (task->chain[0].fn && task->chain[0].file));
}

/* Everything that can be asked. */
static void ask_all(struct python *python, const uint64_t *threads, size_t nr_threads,
		    uint64_t task)
{
	char name[NAME_BYTES], coro[NAME_BYTES];
	struct bp_python layout;
	struct python_tasks_counts counts;
	struct python_worker workers[4];
	struct bp_task copied;
	uint64_t nr;

	for (size_t at = 0; at < sizeof(copied); at++)
		((unsigned char *)&copied)[at] = (unsigned char)random();
	copied.task.addr = task;
	python_task_copied(python, &copied, name, sizeof(name), coro, sizeof(coro));
	assert_true(strlen(name) < sizeof(name) && strlen(coro) < sizeof(coro));
	python_layout(python, &layout);
	python_task(python, task, name, sizeof(name), coro, sizeof(coro));
	assert_true(strlen(name) < sizeof(name) && strlen(coro) < sizeof(coro));
	python_tasks_count(python, &nr);
	python_workers(python, workers, sizeof(workers) / sizeof(workers[0]));
	/* looks again and again at what changes: takes its time */
	if (random() % 10 == 0)
		python_tasks(python, threads, nr_threads, ignore_task, NULL, &counts);
	for (size_t i = 0; i < nr_threads; i++) {
		struct bp_python_frame frames[FRAMES_MAX];
		struct python_loop loop;
		int nr = python_frames(python, threads[i], frames, FRAMES_MAX);

		assert_true(nr <= FRAMES_MAX);
		for (int at = 0; at < nr; at++) {
			struct python_name frame_name;

			if (python_frame_name(python, &frames[at], &frame_name) == 0)
				assert_true(strlen(frame_name.fn) < 512 &&
					    strlen(frame_name.file) < 4096);
		}
		if (nr > 0)
			python_frames_loop(python, frames, (size_t)nr, &loop);
		python_thread_loop(python, threads[i], &loop);
		python_getaddrinfo_host(python, threads[i], name, sizeof(name));
		assert_true(strlen(name) < sizeof(name));
	}
}

static void spoilt_memory(void **state)
{
	struct target *target = target_start(*state, "loops.py");
	struct spoiler spoiler = { 0 };
	struct py_place places[PY_PLACES_MAX];
	struct made_memory made;
	struct memory memory = memory_made(&made, spoiling_read, &spoiler);
	uint64_t threads[32], task;
	size_t nr_threads = 0;
	int opened = 0;

	target_wait_ready(target);
	for (size_t i = 0; i < target->nr && nr_threads < 32; i++) {
		if (strcmp(target->lines[i].fields[0], "thread") == 0)
			threads[nr_threads++] = strtoull(target->lines[i].fields[2], NULL, 10);
	}
	assert_true(nr_threads > 10);
	task = target_number(target, "task", "method", 2);
	spoiler.memory = (struct memory){ process_memory(), target->pid };
	assert_true(py_find(target_symbols(target), &spoiler.memory, places, PY_PLACES_MAX) >= 1);
	memory.pid = target->pid; /* where _asyncio is mapped */
	srandom(1);
	for (int round = 0; round < ROUNDS; round++) {
		struct python *python = NULL;

		spoiler.one_in = round % 2 ? 100 : 0;
		opened += py_open_place(&python, &memory, &places[0]) == 0;
		/* A few at a time, so that spoilt reads come in all depths. */
		spoiler.one_in = 4u << random() % 8;
		if (python && python->runtime && python->layout.minor) {
			python->symbols = target->symbols;
			ask_all(python, threads + random() % (long)(nr_threads - 1), 2, task);
		}
		python_close(python);
	}
	assert_true(opened >= ROUNDS / 2);
}

static void endless_memory(void **state)
{
	uint64_t seed, threads[] = { 0x7f0000001000, 0x10 };
	struct made_memory made;
	struct memory memory = memory_made(&made, endless_read, &seed);

	(void)state;
	for (unsigned int minor = PY_MINOR_MIN; minor <= PY_MINOR_MAX; minor++) {
		for (seed = 1; seed <= 20; seed++) {
			struct python *python = py_new(&memory);
			struct py_place place = { .runtime = 0x400000 + seed * 8,
						  .major = 3,
						  .minor = (int)minor };
			struct python *opened;

			assert_non_null(python);
			python->runtime = place.runtime;
			python->layout = *py_layout_of(minor);
			python->asyncio = (struct py_asyncio_debug){ 152, 10880, 872, 864, 880 };
			ask_all(python, threads, 2, 0x7f0000000010);
			python_close(python);
			assert_int_not_equal(py_open_place(&opened, &memory, &place), 0);
			python_close(opened);
		}
	}
}

/* Nothing but what _PyRuntime of 3.13 and later begins with. */
#define RUNTIME_ADDR  0x10000
#define RUNTIME_WORDS 128

static int runtime_read(void *context, uint64_t addr, void *buf, size_t size)
{
	if (!context || addr < RUNTIME_ADDR || addr + size > RUNTIME_ADDR + 8 * RUNTIME_WORDS)
		return -EFAULT;
	memcpy(buf, (char *)context + (addr - RUNTIME_ADDR), size);
	return 0;
}

static int open_runtime(const uint64_t *words, struct python **out)
{
	static struct made_memory made; /* it is read from when this has returned */
	struct memory memory = memory_made(&made, runtime_read, (void *)(uintptr_t)words);
	struct py_place place = { .runtime = RUNTIME_ADDR, .major = -1, .minor = -1 };

	return py_open_place(out, &memory, &place);
}

/* _Py_DebugOffsets of each version: where the sizes stand that offsets are compared with, and PyObject's. */
static const struct {
	uint64_t version;
	unsigned int sizes[7];
	unsigned int object;
} tables[] = {
	{ 0x030d00f0, { 24, 48, 152, 224, 272, 400, 400 }, 352 },
	{ 0x030e00f0, { 24, 48, 176, 248, 312, 448, 664 }, 400 },
	{ 0x030f00f0, { 24, 48, 176, 312, 376, 544, 792 }, 464 },
};

static void builds_that_cannot_be_read(void **state)
{
	uint64_t words[RUNTIME_WORDS] = { 0 };
	struct python *python;
	struct bp_python layout;

	(void)state;
	/* nothing of it is there: what was found by its name is one all the same */
	assert_int_equal(open_runtime(NULL, &python), -ENOTSUP);
	python_close(python);

	memcpy(words, "xdebugpy", 8);
	words[1] = 0x030d02f0; /* 3.13.2 */
	words[2] = 1;
	assert_int_equal(open_runtime(words, &python), -ENOTSUP);
	assert_string_equal(python_version(python), "3.13.2 free-threaded");
	assert_true(python_layout(python, &layout) < 0);
	python_close(python);

	words[2] = 0;
	words[1] = 0x031000a1;
	assert_int_equal(open_runtime(words, &python), -ENOTSUP);
	assert_string_equal(python_version(python), "3.16.0");
	python_close(python);

	/* Offsets that make no sense, and then some that do, of an interpreter that has not started. */
	words[1] = 0x030d00f0;
	assert_int_equal(open_runtime(words, &python), -ENOTSUP);
	assert_string_equal(python_version(python), "3.13.0");
	python_close(python);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		memset(words + 3, 0, sizeof(words) - 3 * sizeof(words[0]));
		words[1] = tables[i].version;
		for (size_t k = 0; k < sizeof(tables[i].sizes) / sizeof(tables[i].sizes[0]); k++)
			words[tables[i].sizes[k] / 8] = 1000;
		words[tables[i].object / 8] = 16;
		words[tables[i].object / 8 + 1] = 8;
		words[40 / 8] = 1ull << 32;
		assert_int_equal(open_runtime(words, &python), -ENOTSUP);
		python_close(python);
		words[40 / 8] = 1000;
		assert_int_equal(open_runtime(words, &python), -ENOTSUP);
		python_close(python);
		words[40 / 8] = 904;
		assert_int_equal(open_runtime(words, &python), -EAGAIN);
		assert_null(python);
		/* the table of another version */
		words[1] = tables[(i + 1) % 3].version;
		assert_int_equal(open_runtime(words, &python), -ENOTSUP);
		python_close(python);
	}
}

static void *file_bytes(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	*size = (size_t)status.st_size;
	bytes = malloc(*size);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *size), (ssize_t)*size);
	close(fd);
	return bytes;
}

static void ask_elf(int fd)
{
	struct elf_address wanted[] = { { .name = ".PyRuntime" },
					{ .name = "_PyRuntime" },
					{ .name = "stdout" } };
	uint64_t vaddr;

	elf_addresses_read(fd, 0x1000, true, wanted, 3, &vaddr);
	wanted[0].name = ".text";
	elf_addresses_read(fd, 0x2000, false, wanted, 3, &vaddr);
}

/* Mostly spoils the headers, where one byte changes most. */
static void spoilt_elf(void **state)
{
	size_t size;
	unsigned char *bytes = file_bytes("/usr/bin/env", &size);
	Elf64_Ehdr header;
	int fd = memfd_create("elf", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	memcpy(&header, bytes, sizeof(header));
	srandom(1);
	for (int round = 0; round < ELF_ROUNDS; round++) {
		assert_int_equal(pwrite(fd, bytes, size, 0), (ssize_t)size);
		for (int i = random() % 8; i >= 0; i--) {
			size_t at = (size_t)random() % size;
			unsigned char byte = random() % 2 ? (unsigned char)random() : 0xff;

			if (random() % 3 == 0)
				at = (size_t)random() % sizeof(header);
			else if (random() % 2)
				at = header.e_shoff + (size_t)random() % (size - header.e_shoff);
			assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		}
		if (round % 8 == 0)
			assert_int_equal(ftruncate(fd, random() % (long)size), 0);
		ask_elf(fd);
		if (round % 8 == 0)
			assert_int_equal(ftruncate(fd, (off_t)size), 0);
	}
	close(fd);
	free(bytes);
}

static uint64_t code_offset(int fd)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	assert_int_equal(pread(fd, &header, sizeof(header), 0), sizeof(header));
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		assert_int_equal(pread(fd, &segment, sizeof(segment),
				       (off_t)(header.e_phoff + i * sizeof(segment))),
				 sizeof(segment));
		if (segment.p_type == PT_LOAD && segment.p_flags & PF_X)
			return segment.p_offset;
	}
	fail();
	return 0;
}

static void honest_elf(void **state)
{
	struct elf_address wanted[] = { { .name = ".text" },
					{ .name = ".tex" },
					{ .name = "stdout" },
					{ .name = "no such symbol" } };
	int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
	uint64_t vaddr = 0, text, offset = code_offset(fd);

	(void)state;
	assert_int_equal(elf_addresses_read(fd, offset, false, wanted, 4, &vaddr), 0);
	text = wanted[0].addr;
	assert_true(vaddr && vaddr <= text);
	assert_int_equal(wanted[1].addr, 0);
	assert_true(wanted[2].addr);
	assert_int_equal(wanted[3].addr, 0);
	/* exported symbols of a file without the section: only when it is said */
	wanted[0].name = ".PyRuntime";
	assert_int_equal(elf_addresses_read(fd, offset, false, wanted, 4, &vaddr), 0);
	assert_int_equal(wanted[0].addr, 0);
	assert_int_equal(wanted[2].addr, 0);
	assert_int_equal(elf_addresses_read(fd, offset, true, wanted, 4, &vaddr), 0);
	assert_true(wanted[2].addr);
	assert_int_equal(elf_addresses_read(fd, 1ull << 40, true, wanted, 4, &vaddr), -ENOENT);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(spoilt_memory),
		cmocka_unit_test(endless_memory),
		cmocka_unit_test(builds_that_cannot_be_read),
		cmocka_unit_test(spoilt_elf),
		cmocka_unit_test(honest_elf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
