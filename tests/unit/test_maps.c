// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/maps: the real one, and what a hostile process could make of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_sources.h"
#include "proc/maps.h"

static int text_file(const char *text, size_t bytes)
{
	int fd = memfd_create("maps", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, bytes), bytes);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct maps *parse_bytes(const char *text, size_t bytes, const char *root)
{
	int fd = text_file(text, bytes);
	struct maps *maps = NULL;

	assert_int_equal(maps_parse(&maps, fd, root), 0);
	close(fd);
	return maps;
}

static struct maps *parse(const char *text)
{
	return parse_bytes(text, strlen(text), "/");
}

static void own_process(void **state)
{
	char exe[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	uint64_t addr = (uint64_t)(uintptr_t)own_process;
	struct mapping *mapping;
	struct maps *maps;
	const struct memory own = { process_memory(), getpid() };
	int on_stack = 0;

	(void)state;
	assert_true(length > 0);
	exe[length] = '\0';
	assert_int_equal(maps_read(&maps, &own), 0);
	assert_int_equal(maps_cut(maps), 0);
	mapping = maps_find(maps, addr);
	assert_non_null(mapping);
	assert_true(mapping->executable);
	assert_true(addr >= mapping->start && addr < mapping->end);
	assert_string_equal(maps_path(maps, mapping), exe);
	assert_int_equal(mapping->tag, 0);
	assert_null(maps_find(maps, (uint64_t)(uintptr_t)&on_stack));
	assert_null(maps_find(maps, 0));
	assert_null(maps_find(maps, UINT64_MAX));
	maps_free(maps);
}

static void gone_process(void **state)
{
	/* Above the largest pid there can be (PID_MAX_LIMIT). */
	const struct memory none = { process_memory(), 1 << 23 };
	struct maps *maps;
	int err;

	(void)state;
	err = maps_read(&maps, &none);
	assert_true(err == -ENOENT || err == -ESRCH);
}

static void fields(void **state)
{
	struct maps *maps = parse(
		"55d000000000-55d000001000 r--p 00000000 fe:01 123                        "
		"/usr/bin/a b\n"
		"55d000001000-55d000003000 r-xp 00001000 fe:01 123                        "
		"/usr/bin/a b\n"
		"55d000003000-55d000004000 rw-p 00000000 00:00 0                          [heap]\n"
		"7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n"
		"7f0000001000-7f0000002000 r-xs 7fffff000 103:02 4294967297               /tmp/x "
		"(deleted)\n"
		"7f0000002000-7f0000003000 r--p 00000000 00:05 9                          "
		"/tmp/n\\012l\\011\n"
		"7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0                          [vdso]\n"
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  "
		"[vsyscall]\n");
	struct mapping *mapping;

	(void)state;
	assert_int_equal(maps_count(maps), 7);
	assert_int_equal(maps_cut(maps), 0);

	mapping = maps_find(maps, 0x55d000002fff);
	assert_non_null(mapping);
	assert_int_equal(mapping->start, 0x55d000001000);
	assert_int_equal(mapping->end, 0x55d000003000);
	assert_int_equal(mapping->offset, 0x1000);
	assert_int_equal(mapping->ino, 123);
	assert_int_equal(mapping->dev, makedev(0xfe, 1));
	assert_true(mapping->executable);
	assert_false(mapping->deleted);
	assert_string_equal(maps_path(maps, mapping), "/usr/bin/a b");
	assert_false(maps_find(maps, 0x55d000000000)->executable);
	/* Anonymous and not executable: not kept. */
	assert_null(maps_find(maps, 0x55d000003000));

	mapping = maps_find(maps, 0x7f0000000000);
	assert_non_null(mapping);
	assert_string_equal(maps_path(maps, mapping), "");

	mapping = maps_find(maps, 0x7f0000001000);
	assert_true(mapping->deleted);
	assert_int_equal(mapping->offset, 0x7fffff000);
	assert_int_equal(mapping->ino, 4294967297);
	assert_string_equal(maps_path(maps, mapping), "/tmp/x");

	mapping = maps_find(maps, 0x7f0000002000);
	assert_string_equal(maps_path(maps, mapping), "/tmp/n\nl\\011");
	assert_string_equal(maps_path(maps, maps_find(maps, 0x7ffc00000000)), "[vdso]");
	assert_null(maps_find(maps, 0x7ffc00002000));
	maps_free(maps);
}

static void chroot_is_taken_off(void **state)
{
	static const char text[] = "1000-2000 r-xp 00000000 fe:01 1  /jail/bin/sh\n"
				   "2000-3000 r-xp 00000000 fe:01 2  /jailer/bin/sh\n"
				   "3000-4000 r-xp 00000000 fe:01 3  /jail\n";
	struct maps *maps = parse_bytes(text, sizeof(text) - 1, "/jail");

	(void)state;
	assert_string_equal(maps_path(maps, maps_find(maps, 0x1000)), "/bin/sh");
	assert_string_equal(maps_path(maps, maps_find(maps, 0x2000)), "/jailer/bin/sh");
	assert_string_equal(maps_path(maps, maps_find(maps, 0x3000)), "/jail");
	maps_free(maps);
}

static void malformed_lines(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"garbage\n",
		"1000-1000 r-xp 00000000 fe:01 1 /empty\n",
		"2000-1000 r-xp 00000000 fe:01 1 /backwards\n",
		"-1000-2000 r-xp 00000000 fe:01 1 /sign\n",
		"1000--2000 r-xp 00000000 fe:01 1 /sign\n",
		"11111111111111111-2000 r-xp 00000000 fe:01 1 /overflow\n",
		"1000-2000 r-xp\n",
		"1000-2000 r-xp 0000000\n",
		"1000-2000 r-xp 00000000 fe:01\n",
		"1000-2000 r-xp 00000000 fe:01 \n",
		"1000-2000 r-xp 00000000 fe:01 99999999999999999999999 /inode\n",
		"1000-2000 r-xp 00000000 fe01 1 /no-colon\n",
		"1000-2000rr-xp 00000000 fe:01 1 /no-space\n",
		"1000-2000 r-xp 00000000 fe:01 1 /no-newline",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct maps *maps = parse(lines[i]);

		assert_int_equal(maps_count(maps), 0);
		maps_free(maps);
	}
	for (size_t i = 2; i < 8; i++) {
		char text[512];
		struct maps *maps;

		snprintf(text, sizeof(text), "%s1000-2000 r-xp 00000000 fe:01 1 /good\n", lines[i]);
		maps = parse(text);
		assert_int_equal(maps_count(maps), 1);
		assert_int_equal(maps_cut(maps), 1);
		maps_free(maps);
	}
}

static void overlap_is_left_out(void **state)
{
	struct maps *maps = parse("2000-4000 r-xp 00000000 fe:01 1 /a\n"
				  "1000-2000 r-xp 00000000 fe:01 1 /before\n"
				  "3000-5000 r-xp 00000000 fe:01 1 /over\n"
				  "5000-6000 r-xp 00000000 fe:01 1 /b\n");

	(void)state;
	assert_int_equal(maps_count(maps), 2);
	assert_int_equal(maps_cut(maps), 2);
	assert_string_equal(maps_path(maps, maps_find(maps, 0x3000)), "/a");
	assert_null(maps_find(maps, 0x1000));
	maps_free(maps);
}

/* Paths around and beyond the size of the reader's buffer; the lines after them must be intact. */
static void long_lines(void **state)
{
	static const size_t lengths[] = { 4000,	 4095,	4096,  32700, 32720,
					  32767, 32768, 65536, 300000 };
	char *text = malloc(400000);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int at = snprintf(text, 64, "1000-2000 r-xp 00000000 fe:01 1 /");
		struct maps *maps;

		memset(text + at, 'x', lengths[i] - 1);
		at += (int)lengths[i] - 1;
		at += snprintf(text + at, 64, "\n2000-3000 r-xp 00000000 fe:01 2 /next\n");
		maps = parse_bytes(text, (size_t)at, "/");
		assert_int_equal(maps_count(maps), 2);
		assert_string_equal(maps_path(maps, maps_find(maps, 0x2000)), "/next");
		assert_int_equal(strlen(maps_path(maps, maps_find(maps, 0x1000))),
				 lengths[i] < PATH_MAX ? lengths[i] : 0);
		assert_int_equal(maps_cut(maps), lengths[i] < PATH_MAX ? 0 : 1);
		maps_free(maps);
	}
	free(text);
}

/* More lines than are kept, each with its own name: memory stays bounded, the loss is counted. */
static void many_lines(void **state)
{
	const size_t nr = 100000;
	char *text = malloc(nr * 96);
	struct maps *maps;
	size_t at = 0;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < nr; i++)
		at += (size_t)snprintf(text + at, 96,
				       "%zx-%zx r-xp 00000000 fe:01 1 /some/where/library-%zu.so\n",
				       (i + 1) << 12, (i + 2) << 12, i);
	maps = parse_bytes(text, at, "/");
	assert_int_equal(maps_count(maps), 65536);
	assert_true(maps_cut(maps) >= nr - 65536);
	assert_true(maps_bytes(maps) < 8 << 20);
	assert_string_equal(maps_path(maps, maps_find(maps, 1 << 12)), "/some/where/library-0.so");
	maps_free(maps);
	free(text);
}

static void random_bytes(void **state)
{
	static const char letters[] = "0123456789abcdefrwxp-: \n\n/\\[]";
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 500; round++) {
		char text[4096];

		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = round & 1 ? (char)rand_r(&seed)
					    : letters[(unsigned int)rand_r(&seed) %
						      (sizeof(letters) - 1)];
		maps_free(parse_bytes(text, sizeof(text), "/"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_process),	   cmocka_unit_test(gone_process),
		cmocka_unit_test(fields),	   cmocka_unit_test(chroot_is_taken_off),
		cmocka_unit_test(malformed_lines), cmocka_unit_test(overlap_is_left_out),
		cmocka_unit_test(long_lines),	   cmocka_unit_test(many_lines),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests_name("maps", tests, NULL, NULL);
}
