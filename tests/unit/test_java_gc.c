// SPDX-License-Identifier: GPL-2.0-or-later
/* The counters of a JVM: this process maps a file of that form, which says when collectors ran. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "runtime/java_gc.h"
#include "tests/unit/memory_sources.h"

#define BYTES 32768
#define NOW   (100 * NS_PER_SEC)

static unsigned char *counters;
static size_t used;
static struct memory memory;

static void put32(size_t at, uint32_t value)
{
	memcpy(counters + at, &value, sizeof(value));
}

static void clear(void)
{
	static const unsigned char begin[] = { 0xca, 0xfe, 0xc0, 0xc0, 1, 2, 0, 1 };

	memset(counters, 0, BYTES);
	memcpy(counters, begin, sizeof(begin));
	put32(24, 32);
	used = 32;
}

/* As HotSpot lays them out: a header of 20 bytes, the name, the value on 8 bytes. */
static void add(const char *name, uint64_t value)
{
	size_t value_at = (20 + strlen(name) + 1 + 7) & ~7ul;

	put32(used, (uint32_t)(value_at + 8));
	put32(used + 4, 20);
	counters[used + 12] = 'J';
	put32(used + 16, (uint32_t)value_at);
	memcpy(counters + used + 20, name, strlen(name) + 1);
	memcpy(counters + used + value_at, &value, sizeof(value));
	used += value_at + 8;
	put32(28, *(uint32_t *)(counters + 28) + 1);
}

static void *map(const char *path, size_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	void *at;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	close(fd);
	return at;
}

static void reads_them(void **state)
{
	uint64_t for_ns = 0;

	(void)state;
	clear();
	assert_int_equal(java_collected(&memory, NS_PER_SEC),
			 -ENODATA); /* it does not tell the time */
	add("sun.os.hrt.ticks", NOW);
	assert_int_equal(java_collected(&memory, NS_PER_SEC), 0);
	add("sun.gc.collector.0.lastEntryTime", 98 * NS_PER_SEC);
	add("sun.gc.collector.0.lastExitTime", 98 * NS_PER_SEC + 500 * NS_PER_MS);
	add("sun.gc.collector.1.lastExitTime", 3 * NS_PER_SEC);
	assert_int_equal(java_collected(&memory, NS_PER_SEC), 0);
	assert_int_equal(java_collected(&memory, 2 * NS_PER_SEC), 1);
	assert_int_equal(java_collects(&memory, &for_ns), 0);
	add("sun.gc.collector.1.lastEntryTime", 97 * NS_PER_SEC);
	assert_int_equal(java_collects(&memory, &for_ns), 1);
	assert_int_equal(for_ns, 3 * NS_PER_SEC);
}

/* Whatever it says of itself, no more than the file is read. */
static void believes_little(void **state)
{
	(void)state;
	clear();
	add("sun.os.hrt.ticks", NOW);
	put32(28, 0x7fffffff);
	put32(used, 16); /* shorter than it can be */
	assert_int_equal(java_collected(&memory, NS_PER_SEC), 0);
	put32(used, 0x7fffff00);
	assert_int_equal(java_collected(&memory, NS_PER_SEC), 0);
	put32(32 + 4, 0x7fffff00); /* the name is elsewhere */
	assert_int_equal(java_collected(&memory, NS_PER_SEC), -ENODATA);
	put32(24, 0xffffffff);
	assert_int_equal(java_collected(&memory, NS_PER_SEC), -ENODATA);
	put32(24, BYTES - 4);
	assert_int_equal(java_collected(&memory, NS_PER_SEC), -ENODATA);
	counters[0] = 0;
	assert_int_equal(java_collected(&memory, NS_PER_SEC), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_them),
		cmocka_unit_test(believes_little),
	};
	char directory[] = "/tmp/blockprof-java-XXXXXX", path[PATH_MAX];
	int failed;

	memory = (struct memory){ process_memory(), getpid() };
	if (!mkdtemp(directory))
		return 1;
	snprintf(path, sizeof(path), "%s/libjvm.so", directory);
	map(path, 4096);
	unlink(path);
	snprintf(path, sizeof(path), "%s/hsperfdata_a", directory);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/hsperfdata_a/1", directory);
	counters = map(path, BYTES);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	*strrchr(path, '/') = 0;
	rmdir(path);
	rmdir(directory);
	return failed;
}
