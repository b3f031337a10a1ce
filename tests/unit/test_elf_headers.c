// SPDX-License-Identifier: GPL-2.0-or-later
/* Segments and sections of made-up ELF files of both classes, and of such that make no sense. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/child/elf/elf_headers.h"
#include "symbol/child/elf/elf_symtab.h"

#define NAMES "\0.text\0.bss\0.names\0.symtab"

enum { NONE, TEXT, BSS, STRINGS, SYMTAB, SECTIONS };

struct image64 {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[3];
	char names[sizeof(NAMES)];
};

struct image32 {
	Elf32_Ehdr header;
	Elf32_Phdr segments[2];
	Elf32_Shdr sections[SECTIONS];
	Elf32_Sym symbols[3];
	char names[sizeof(NAMES)];
};

/* The same file in both classes. */
#define FILL(out, bits, class)                                                                    \
	do {                                                                                      \
		memset(out, 0, sizeof(*(out)));                                                   \
		memcpy((out)->header.e_ident, ELFMAG, SELFMAG);                                   \
		(out)->header.e_ident[EI_CLASS] = (class);                                        \
		(out)->header.e_ident[EI_DATA] = ELFDATA2LSB;                                     \
		(out)->header.e_type = ET_DYN;                                                    \
		(out)->header.e_machine = EM_X86_64;                                              \
		(out)->header.e_phoff = offsetof(struct image##bits, segments);                   \
		(out)->header.e_phentsize = sizeof(Elf##bits##_Phdr);                             \
		(out)->header.e_phnum = 2;                                                        \
		(out)->header.e_shoff = offsetof(struct image##bits, sections);                   \
		(out)->header.e_shentsize = sizeof(Elf##bits##_Shdr);                             \
		(out)->header.e_shnum = SECTIONS;                                                 \
		(out)->header.e_shstrndx = STRINGS;                                               \
		(out)->segments[0] = (Elf##bits##_Phdr){                                          \
			.p_type = PT_LOAD, .p_offset = 0, .p_vaddr = 0x1000, .p_filesz = 0x100    \
		};                                                                                \
		(out)->segments[1] = (Elf##bits##_Phdr){ .p_type = PT_LOAD,                       \
							 .p_flags = PF_X,                         \
							 .p_offset = 0x100,                       \
							 .p_vaddr = 0x3100,                       \
							 .p_filesz = 0x80 };                      \
		(out)->sections[TEXT] =                                                           \
			(Elf##bits##_Shdr){ .sh_name = 1, .sh_type = SHT_PROGBITS };              \
		(out)->sections[BSS] = (Elf##bits##_Shdr){ .sh_name = 7, .sh_type = SHT_NOBITS }; \
		(out)->sections[STRINGS] =                                                        \
			(Elf##bits##_Shdr){ .sh_name = 12,                                        \
					    .sh_type = SHT_STRTAB,                                \
					    .sh_offset = offsetof(struct image##bits, names),     \
					    .sh_size = sizeof(NAMES) };                           \
		(out)->sections[SYMTAB] =                                                         \
			(Elf##bits##_Shdr){ .sh_name = 19,                                        \
					    .sh_type = SHT_SYMTAB,                                \
					    .sh_offset = offsetof(struct image##bits, symbols),   \
					    .sh_size = sizeof((out)->symbols),                    \
					    .sh_link = STRINGS };                                 \
		for (unsigned int i = 0; i < 3; i++)                                              \
			(out)->symbols[i].st_value = 0x3100 + i;                                  \
		memcpy((out)->names, NAMES, sizeof(NAMES));                                       \
	} while (0)

static struct elf_source in_memory(const void *bytes, size_t nr)
{
	return (struct elf_source){ .fd = -1, .bytes = bytes, .nr = nr };
}

static bool sum_values(void *context, const Elf64_Sym *symbol)
{
	*(uint64_t *)context += symbol->st_value;
	return true;
}

static void check(const void *bytes, size_t nr, bool is_64)
{
	struct elf_source source = in_memory(bytes, nr);
	struct elf_headers headers;
	struct elf_segments code;
	const Elf64_Shdr *section;
	uint64_t offset, left, sum = 0;

	assert_int_equal(elf_headers_read(&headers, &source), 0);
	assert_int_equal(headers.is_64, is_64);
	assert_true(elf_headers_is_loaded(&headers));
	assert_int_equal(headers.nr_segments, 2);
	assert_int_equal(headers.nr_sections, 0);
	assert_null(elf_headers_section(&headers, ".text"));
	assert_int_equal(elf_headers_read_sections(&headers), 0);
	assert_int_equal(headers.nr_sections, SECTIONS);

	elf_headers_code(&headers, &code);
	assert_int_equal(code.nr, 1);
	assert_int_equal(elf_segments_vaddr(&code, 0x17f, &offset), 0);
	assert_int_equal(offset, 0x317f);
	assert_int_equal(elf_segments_vaddr(&code, 0x180, &offset), -1);
	assert_int_equal(elf_headers_offset(&headers, 0x3110, &offset, &left), 0);
	assert_int_equal(offset, 0x110);
	assert_int_equal(left, 0x70);
	assert_int_equal(elf_headers_offset(&headers, 0x3180, &offset, &left), -ENOENT);
	assert_int_equal(elf_headers_offset(&headers, 0, &offset, &left), -ENOENT);

	assert_ptr_equal(elf_headers_section(&headers, ".text"), &headers.sections[TEXT]);
	assert_null(elf_headers_section(&headers, ".bss")); /* it has no contents */
	assert_null(elf_headers_section(&headers, "text"));
	section = elf_symtab_find(&headers, SHT_SYMTAB);
	assert_ptr_equal(section, &headers.sections[SYMTAB]);
	assert_ptr_equal(elf_headers_linked(&headers, section), &headers.sections[STRINGS]);
	assert_int_equal(elf_symtab_count(&headers, section), 3);
	assert_int_equal(elf_symtab_each(&headers, section, sum_values, &sum), 0);
	assert_int_equal(sum, 3 * 0x3100 + 3);
	elf_headers_free(&headers);
}

static void both_classes(void **state)
{
	struct image64 wide;
	struct image32 narrow;

	(void)state;
	FILL(&wide, 64, ELFCLASS64);
	check(&wide, sizeof(wide), true);
	FILL(&narrow, 32, ELFCLASS32);
	check(&narrow, sizeof(narrow), false);
}

/* Numbers that the header has no room for are in the first section. */
static void numbers_in_the_first_section(void **state)
{
	struct image64 wide;
	struct image32 narrow;

	(void)state;
	FILL(&wide, 64, ELFCLASS64);
	wide.header.e_shnum = 0;
	wide.header.e_shstrndx = SHN_XINDEX;
	wide.header.e_phnum = PN_XNUM;
	wide.sections[NONE].sh_size = SECTIONS;
	wide.sections[NONE].sh_link = STRINGS;
	wide.sections[NONE].sh_info = 2;
	check(&wide, sizeof(wide), true);
	FILL(&narrow, 32, ELFCLASS32);
	narrow.header.e_shnum = 0;
	narrow.sections[NONE].sh_size = SECTIONS;
	check(&narrow, sizeof(narrow), false);
}

/* The result of reading all headers. */
static int read_all(const struct image64 *image, size_t nr)
{
	struct elf_source source = in_memory(image, nr);
	struct elf_headers headers;
	int err = elf_headers_read(&headers, &source);

	if (!err) {
		err = elf_headers_read_sections(&headers);
		if (err)
			assert_int_equal(headers.nr_sections, 0);
	}
	elf_headers_free(&headers);
	return err;
}

static void senseless(void **state)
{
	struct image64 good, bad;

	(void)state;
	FILL(&good, 64, ELFCLASS64);
	assert_int_equal(read_all(&good, sizeof(good)), 0);
	for (size_t nr = 0; nr < offsetof(struct image64, symbols); nr += 8)
		assert_int_equal(read_all(&good, nr), -ENOEXEC);

#define EXPECT(change, result)                                         \
	do {                                                           \
		bad = good;                                            \
		bad.change;                                            \
		assert_int_equal(read_all(&bad, sizeof(bad)), result); \
	} while (0)
	EXPECT(header.e_ident[EI_DATA] = ELFDATA2MSB, -ENOEXEC);
	EXPECT(header.e_ident[EI_CLASS] = 3, -ENOEXEC);
	EXPECT(header.e_phnum = 5000, -EFBIG);
	EXPECT(header.e_phentsize = 32, -ENOEXEC);
	EXPECT(header.e_phoff = UINT64_MAX - 8, -ENOEXEC);
	EXPECT(header.e_shentsize = 32, -ENOEXEC);
	EXPECT(header.e_shoff = UINT64_MAX - 8, -ENOEXEC);
	EXPECT(header.e_shnum = 60000, -ENOEXEC);
	/* those are no headers that make no sense: there are none, or no names */
	EXPECT(header.e_shoff = 0, 0);
	EXPECT(header.e_phnum = 0, 0);
	EXPECT(header.e_shstrndx = 77, 0);
	EXPECT(sections[STRINGS].sh_size = 1 << 30, 0);
	bad = good;
	bad.header.e_shnum = 0;
	bad.sections[NONE].sh_size = 1 << 20;
	assert_int_equal(read_all(&bad, sizeof(bad)), -EFBIG);
#undef EXPECT
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_classes),
		cmocka_unit_test(numbers_in_the_first_section),
		cmocka_unit_test(senseless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
