// SPDX-License-Identifier: GPL-2.0-or-later
/* What is remembered of files, places in them and processes, and how it stays bounded. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_sources.h"
#include "proc/process.h"
#include "symbol/place_cache.h"
#include "symbol/files.h"
#include "symbol/maps_cache.h"
#include "symbol/symbol.h"

static void assert_found(struct place_cache *cache, const struct place *place, uint64_t i)
{
	struct place_info known;

	assert_true(place_cache_find(cache, place, &known));
	assert_int_equal(known.nr_lines, i % 4);
	for (size_t n = 0; n < known.nr_lines; n++) {
		char name[32];

		snprintf(name, sizeof(name), "function_%llu", (unsigned long long)i);
		assert_string_equal(known.lines[n].fn, name);
		if (n)
			assert_null(known.lines[n].file);
		else
			assert_string_equal(known.lines[n].file, "file.c");
		assert_int_equal(known.lines[n].line, i + n);
	}
	assert_int_equal(known.vaddr, i);
	assert_int_equal(known.symbol_offset, i + 1);
	assert_int_equal(known.after_call, (i & 2) != 0);
}

static void places_are_found(void **state)
{
	struct place_cache *cache;
	struct place_info known = { 0 };
	uint64_t kept = 0;

	(void)state;
	assert_int_equal(place_cache_new(&cache), 0);
	/* Many times what fits. */
	for (uint64_t i = 0; i < 200000; i++) {
		struct place place = { .file = 1 + i % 7, .is_return = i & 1, .offset = i * 16 };
		char name[32];
		struct symbol_line lines[4] = { { name, "file.c", (unsigned int)i },
						{ name, NULL, (unsigned int)i + 1 },
						{ name, NULL, (unsigned int)i + 2 },
						{ name, NULL, (unsigned int)i + 3 } };

		snprintf(name, sizeof(name), "function_%llu", (unsigned long long)i);
		assert_false(place_cache_find(cache, &place, &known));
		known = (struct place_info){ .lines = lines,
					     .nr_lines = i % 4,
					     .vaddr = i,
					     .symbol_offset = i + 1,
					     .after_call = i & 2 };
		assert_int_equal(place_cache_add(cache, &place, &known), 0);
		snprintf(name, sizeof(name), "another");
		assert_found(cache, &place, i);
		/* The same place, but for one thing. */
		place.is_return = !place.is_return;
		assert_false(place_cache_find(cache, &place, &known));
		place.is_return = !place.is_return;
		place.file += 7;
		assert_false(place_cache_find(cache, &place, &known));
		/* One that is asked all the time stays, whatever comes. */
		assert_found(cache, &(struct place){ .file = 1 }, 0);
		assert_true(place_cache_bytes(cache) < 8 << 20);
	}
	for (uint64_t i = 0; i < 200000; i++) {
		struct place place = { .file = 1 + i % 7, .is_return = i & 1, .offset = i * 16 };

		kept += place_cache_find(cache, &place, &known);
	}
	assert_true(kept > 10000 && kept < 200000);
	place_cache_clear(cache);
	assert_false(place_cache_find(cache, &(struct place){ .file = 1 }, &known));
	place_cache_free(cache);
}

static void files_are_told_apart(void **state)
{
	struct stat status = { .st_ino = 5, .st_dev = 6, .st_size = 7, .st_mtim = { 8, 9 } };
	struct stat changed[5] = { status, status, status, status, status };
	uint32_t tag, first, id;
	struct files *files;

	(void)state;
	assert_int_equal(files_new(&files), 0);
	assert_int_equal(files_tag(files, &status, &first), 0);
	assert_int_not_equal(first, 0);
	id = files_get(files, first)->id;
	changed[0].st_ino++;
	changed[1].st_dev++;
	changed[2].st_size++;
	changed[3].st_mtim.tv_sec++;
	changed[4].st_mtim.tv_nsec++;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(files_tag(files, &changed[i], &tag), 0);
		assert_int_equal(tag, first + i + 1);
	}
	assert_int_equal(files_tag(files, &status, &tag), 0);
	assert_int_equal(tag, first);
	for (status.st_ino = 100; !files_full(files); status.st_ino++)
		assert_int_equal(files_tag(files, &status, &tag), 0);
	assert_int_equal(files_tag(files, &status, &tag), -ENOSPC);
	files_clear(files);
	assert_false(files_full(files));
	assert_int_equal(files_tag(files, &status, &tag), 0);
	assert_true(files_get(files, tag)->id > id);
	files_free(files);
}

static void processes_come_and_go(void **state)
{
	uint64_t addr = (uint64_t)(uintptr_t)processes_come_and_go;
	struct maps_cache *cache;
	struct mapping *mapping;
	struct maps *maps;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(maps_cache_new(&cache, process_memory()), 0);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	mapping = maps_cache_find(cache, pid, addr, &maps);
	assert_non_null(mapping);
	assert_true(mapping->executable);
	mapping->tag = 77;
	assert_int_equal(maps_cache_find(cache, getpid(), addr, &maps)->tag, 0);
	kill(pid, SIGKILL);
	/* A zombie has no mappings any more; those that it had are not lost by looking again. */
	while (process_kind(pid, NULL) == PROCESS_NORMAL)
		usleep(1000);
	usleep(200000);
	assert_null(maps_cache_find(cache, pid, 1 << 20, &maps));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	mapping = maps_cache_find(cache, pid, addr, &maps);
	assert_non_null(mapping);
	assert_int_equal(mapping->tag, 77);
	/* More processes than are kept, none of which is there: the last asked stay. */
	for (pid_t i = 0; i < 2000; i++) {
		assert_null(maps_cache_find(cache, (1 << 23) + i * 256, addr, &maps));
		assert_non_null(maps_cache_find(cache, pid, addr, &maps));
	}
	maps_cache_forget(cache, pid);
	maps_cache_forget(cache, pid);
	assert_null(maps_cache_find(cache, pid, addr, &maps));
	assert_non_null(maps_cache_find(cache, getpid(), addr, &maps));
	maps_cache_clear(cache);
	assert_int_equal(maps_cache_find(cache, getpid(), addr, &maps)->tag, 0);
	maps_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_found),
		cmocka_unit_test(files_are_told_apart),
		cmocka_unit_test(processes_come_and_go),
	};

	return cmocka_run_group_tests_name("symbol_cache", tests, NULL, NULL);
}
