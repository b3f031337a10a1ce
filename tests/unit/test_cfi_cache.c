// SPDX-License-Identifier: GPL-2.0-or-later
/* What is dropped for its size, and what stays. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/unwind/cfi_cache.h"

/* So much unsorted call frame information that the cache has room for one of them. */
#define FRAME_BYTES (5u << 20)
#define FILES	    100 /* more than are held */

/* An ELF file that has nothing but .debug_frame. */
static int make_file(uint64_t frame_bytes)
{
	static const char names[] = "\0.shstrtab\0.debug_frame";
	struct {
		Elf64_Ehdr header;
		Elf64_Shdr sections[3];
		char names[sizeof(names)];
	} file = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_DYN,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_shoff = offsetof(typeof(file), sections),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 3,
			    .e_shstrndx = 1 },
		.sections = { [1] = { .sh_name = 1,
				      .sh_type = SHT_STRTAB,
				      .sh_offset = offsetof(typeof(file), names),
				      .sh_size = sizeof(names) },
			      [2] = { .sh_name = 11,
				      .sh_type = SHT_PROGBITS,
				      .sh_offset = sizeof(file),
				      .sh_size = frame_bytes } },
	};
	int fd = memfd_create("cfi", MFD_CLOEXEC);

	memcpy(file.names, names, sizeof(names));
	assert_true(fd >= 0);
	assert_int_equal(write(fd, &file, sizeof(file)), sizeof(file));
	assert_int_equal(ftruncate(fd, (off_t)(sizeof(file) + frame_bytes)), 0);
	return fd;
}

static bool has_text(struct cfi_cache *cache, uint32_t file)
{
	unsigned char bytes[SELFMAG];

	return cfi_cache_text(cache, file, 0, bytes, sizeof(bytes)) &&
	       memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

static void test_text_stays(void **state)
{
	struct cfi_cache *cache;
	int err;

	(void)state;
	assert_int_equal(cfi_cache_new(&cache), 0);
	assert_int_equal(cfi_cache_add(cache, 1, make_file(FRAME_BYTES)), 0);
	assert_non_null(cfi_cache_get(cache, 1));
	assert_non_null(cfi_cache_make_row(cache, cfi_cache_get(cache, 1), 1, 64, &err));
	assert_int_equal(err, -ENOENT);
	assert_int_equal(cfi_cache_add(cache, 2, make_file(FRAME_BYTES)), 0);
	/* a row that is kept can lead to where the first file's text is looked at */
	assert_null(cfi_cache_get(cache, 1));
	assert_non_null(cfi_cache_row(cache, 1, 64, &err));
	assert_true(has_text(cache, 1));
	assert_true(has_text(cache, 2));
	assert_false(has_text(cache, 3));
	/* and back */
	assert_int_equal(cfi_cache_add(cache, 1, make_file(FRAME_BYTES)), 0);
	assert_non_null(cfi_cache_get(cache, 1));
	assert_null(cfi_cache_get(cache, 2));
	assert_true(has_text(cache, 1));
	assert_true(has_text(cache, 2));
	cfi_cache_free(cache);
}

static void test_many_files(void **state)
{
	struct cfi_cache *cache;

	(void)state;
	assert_int_equal(cfi_cache_new(&cache), 0);
	for (uint32_t file = 1; file <= FILES; file++) {
		assert_int_equal(cfi_cache_add(cache, file, make_file(64)), 0);
		assert_true(has_text(cache, 1));
	}
	assert_non_null(cfi_cache_get(cache, FILES));
	/* the least recently used */
	assert_false(has_text(cache, 2));
	assert_null(cfi_cache_get(cache, 2));
	cfi_cache_free(cache);
}

static void test_what_is_not_used_expires(void **state)
{
	struct cfi_cache *cache;

	(void)state;
	assert_int_equal(cfi_cache_new(&cache), 0);
	for (uint32_t file = 1; file <= 3; file++)
		assert_int_equal(cfi_cache_add(cache, file, make_file(64)), 0);
	cfi_cache_expire(cache);
	assert_true(has_text(cache, 2));
	cfi_cache_expire(cache);
	assert_false(has_text(cache, 1));
	assert_true(has_text(cache, 2));
	assert_false(has_text(cache, 3));
	cfi_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stays),
		cmocka_unit_test(test_many_files),
		cmocka_unit_test(test_what_is_not_used_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
