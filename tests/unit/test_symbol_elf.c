// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF files: good ones and hostile ones, read in this process. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/elf/elf_file.h"
#include "tests/unit/symbol_program.h"

static int memory_file(const void *bytes, size_t nr)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, nr), nr);
	return fd;
}

/* The function around an address. */
struct outer {
	uint64_t start;
	char name[256];
};

static bool take_line(void *context, const char *fn, const char *file, unsigned int line)
{
	struct outer *outer = context;

	(void)file;
	(void)line;
	snprintf(outer->name, sizeof(outer->name), "%s", fn);
	return true;
}

static bool find_outer(struct elf_file *file, uint64_t vaddr, struct outer *outer)
{
	struct elf_place place;

	*outer = (struct outer){ 0 };
	elf_file_lookup(file, vaddr, true, &place, take_line, outer);
	outer->start = place.start;
	return outer->name[0];
}

/* Opens, and asks about many addresses, whatever comes of it. */
static int try_file(int fd)
{
	struct elf_file *file;
	struct outer outer;
	int err = elf_file_open(&file, fd);

	if (err)
		return err;
	for (uint64_t offset = 0; offset < 0x6000; offset += 13) {
		uint64_t vaddr = offset;

		elf_file_vaddr(file, offset, &vaddr);
		if (find_outer(file, vaddr, &outer))
			assert_true(outer.start <= vaddr);
		elf_file_after_call(file, offset);
	}
	assert_false(elf_file_after_call(file, UINT64_MAX));
	elf_file_close(file);
	return 0;
}

static void no_elf(void **state)
{
	unsigned char zeros[4096] = { 0 };

	(void)state;
	assert_int_equal(try_file(memory_file("", 0)), -ENOEXEC);
	assert_int_equal(try_file(memory_file("\177ELF", 4)), -ENOEXEC);
	assert_int_equal(try_file(memory_file("#!/bin/sh\n", 10)), -ENOEXEC);
	assert_int_equal(try_file(memory_file("!<arch>\n", 8)), -ENOEXEC);
	assert_int_equal(try_file(memory_file(zeros, sizeof(zeros))), -ENOEXEC);
}

static int program_setup(void **state)
{
	struct program *program = calloc(1, sizeof(*program));

	*state = program;
	return program && program_new(program) && program_compile(program, program->path, "-g0")
		       ? 0
		       : -1;
}

static int program_teardown(void **state)
{
	program_remove(*state);
	free(*state);
	return 0;
}

struct image {
	unsigned char *bytes;
	size_t nr;
	Elf64_Ehdr *header;
	Elf64_Shdr *sections;
};

static struct image image_read(const struct program *program)
{
	struct image image;

	image.bytes = file_contents(program->path, &image.nr);
	assert_non_null(image.bytes);
	image.header = (Elf64_Ehdr *)image.bytes;
	image.sections = (Elf64_Shdr *)(image.bytes + image.header->e_shoff);
	return image;
}

static Elf64_Shdr *image_section(const struct image *image, uint32_t type)
{
	for (size_t i = 1; i < image->header->e_shnum; i++)
		if (image->sections[i].sh_type == type)
			return &image->sections[i];
	fail_msg("no section of type %u", type);
	return NULL;
}

/* Every function of the program's own symbol table is found by its start and by its last byte. */
static void good_file(void **state)
{
	struct image image = image_read(*state);
	Elf64_Shdr *symtab = image_section(&image, SHT_SYMTAB);
	const Elf64_Sym *symbols = (Elf64_Sym *)(image.bytes + symtab->sh_offset);
	const char *strings = (char *)image.bytes + image.sections[symtab->sh_link].sh_offset;
	struct elf_file *file;
	struct outer outer;
	size_t checked = 0;

	assert_int_equal(elf_file_open(&file, memory_file(image.bytes, image.nr)), 0);
	assert_true(elf_file_bytes(file) < 65536);
	for (size_t i = 0; i < symtab->sh_size / sizeof(*symbols); i++) {
		const Elf64_Sym *symbol = &symbols[i];

		if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_size ||
		    symbol->st_shndx == SHN_UNDEF)
			continue;
		assert_true(find_outer(file, symbol->st_value, &outer));
		assert_string_equal(outer.name, strings + symbol->st_name);
		assert_true(find_outer(file, symbol->st_value + symbol->st_size - 1, &outer));
		assert_int_equal(outer.start, symbol->st_value);
		checked++;
	}
	assert_true(checked >= 3);
	elf_file_close(file);
	assert_int_equal(try_file(memory_file(image.bytes, image.nr)), 0);
	free(image.bytes);
}

static void truncated_files(void **state)
{
	struct image image = image_read(*state);

	for (size_t nr = 0; nr < image.nr; nr += nr < 1024 ? 7 : 501)
		try_file(memory_file(image.bytes, nr));
	free(image.bytes);
}

static void hostile_headers(void **state)
{
	struct program *program = *state;

	for (int kind = 0;; kind++) {
		struct image image = image_read(program);
		Elf64_Shdr *symtab = image_section(&image, SHT_SYMTAB);
		Elf64_Shdr *strtab = &image.sections[symtab->sh_link];
		Elf64_Sym *symbols = (Elf64_Sym *)(image.bytes + symtab->sh_offset);
		size_t nr = symtab->sh_size / sizeof(*symbols);

		switch (kind) {
		case 0:
			image.header->e_shnum = 0xfeff;
			break;
		case 1: /* the number is in the first section then */
			image.header->e_shnum = 0;
			image.sections[0].sh_size = UINT64_MAX / 64;
			break;
		case 2:
			image.header->e_shnum = 0;
			image.sections[0].sh_size = 1 << 20;
			break;
		case 3:
			image.header->e_phnum = 0xffff;
			image.sections[0].sh_info = UINT32_MAX;
			break;
		case 4:
			image.header->e_shoff = UINT64_MAX - 32;
			break;
		case 5:
			image.header->e_phoff = image.nr - 8;
			break;
		case 6:
			symtab->sh_size = UINT64_MAX;
			break;
		case 7:
			symtab->sh_size = 240000000000;
			break;
		case 8: /* its own names */
			symtab->sh_link = (uint32_t)(symtab - image.sections);
			break;
		case 9:
			symtab->sh_link = UINT32_MAX;
			break;
		case 10:
			strtab->sh_offset = UINT64_MAX - 1;
			break;
		case 11:
			strtab->sh_size = 1;
			break;
		case 12: /* sections on top of each other */
			for (size_t i = 1; i < image.header->e_shnum; i++)
				image.sections[i].sh_offset = 0;
			break;
		case 13: /* the symbol table is its strings, too */
			strtab->sh_offset = symtab->sh_offset;
			strtab->sh_size = symtab->sh_size;
			break;
		case 14: /* names out of range */
			for (size_t i = 0; i < nr; i++)
				symbols[i].st_name = UINT32_MAX - (uint32_t)i;
			break;
		case 15: /* everything at one address, without an end */
			for (size_t i = 0; i < nr; i++) {
				symbols[i].st_value = symbols[nr / 2].st_value;
				symbols[i].st_size = UINT64_MAX;
			}
			break;
		case 16:
			for (size_t i = 0; i < nr; i++)
				symbols[i].st_shndx = (uint16_t)(0xff00 - i);
			break;
		case 17:
			symtab->sh_entsize = 1;
			break;
		case 18:
			for (size_t i = 1; i < image.header->e_shnum; i++)
				image.sections[i].sh_flags |= SHF_COMPRESSED;
			break;
		case 19: /* code all over the address space */
			for (size_t i = 1; i < image.header->e_shnum; i++) {
				image.sections[i].sh_flags |= SHF_EXECINSTR;
				image.sections[i].sh_addr = UINT64_MAX - 100;
				image.sections[i].sh_size = UINT64_MAX;
			}
			break;
		case 20: {
			Elf64_Phdr *headers = (Elf64_Phdr *)(image.bytes + image.header->e_phoff);

			for (size_t i = 0; i < image.header->e_phnum; i++)
				headers[i] = (Elf64_Phdr){ .p_type = PT_LOAD,
							   .p_flags = PF_X,
							   .p_offset = UINT64_MAX - i,
							   .p_filesz = UINT64_MAX,
							   .p_vaddr = UINT64_MAX };
			break;
		}
		case 21:
			image.header->e_type = ET_REL;
			break;
		case 22:
			image.header->e_ident[EI_CLASS] = ELFCLASS32;
			break;
		case 23:
			image.header->e_ident[EI_DATA] = ELFDATA2MSB;
			break;
		default:
			free(image.bytes);
			return;
		}
		try_file(memory_file(image.bytes, image.nr));
		free(image.bytes);
	}
}

/* A file of 4 GB that has nothing in it but what its headers claim. */
static void sparse_file(void **state)
{
	struct image image = image_read(*state);
	Elf64_Shdr *symtab = image_section(&image, SHT_SYMTAB);
	const off_t bytes = (off_t)4 << 30;
	int fd;

	symtab->sh_offset = 4096;
	symtab->sh_size = (uint64_t)bytes - 8192;
	fd = memory_file(image.bytes, image.nr);
	assert_int_equal(ftruncate(fd, bytes), 0);
	/* Of the other table there are names. */
	assert_int_equal(try_file(fd), 0);
	symtab->sh_size = 24 * 100000;
	fd = memory_file(image.bytes, image.nr);
	assert_int_equal(ftruncate(fd, bytes), 0);
	assert_int_equal(try_file(fd), 0);
	free(image.bytes);
}

/* Ten million symbols, of which as many are taken as there is room for. */
static void many_symbols(void **state)
{
	const size_t nr = 10000000, bytes = nr * sizeof(Elf64_Sym);
	struct image image = image_read(*state);
	Elf64_Shdr *symtab = image_section(&image, SHT_SYMTAB);
	const Elf64_Sym *old = (Elf64_Sym *)(image.bytes + symtab->sh_offset);
	const Elf64_Sym *function = old;
	Elf64_Sym *symbols = malloc(bytes);
	struct elf_file *file;
	struct elf_place place;
	struct outer outer;
	int fd;

	assert_non_null(symbols);
	while (ELF64_ST_TYPE(function->st_info) != STT_FUNC || function->st_size < 16 ||
	       function->st_shndx == SHN_UNDEF)
		function++;
	for (size_t i = 0; i < nr; i++) {
		symbols[i] = *function;
		symbols[i].st_value += i % 16;
		symbols[i].st_size = 1;
	}
	symtab->sh_offset = (image.nr + 7) & ~7ul;
	symtab->sh_size = bytes;
	fd = memory_file(image.bytes, image.nr);
	assert_int_equal(pwrite(fd, symbols, bytes, (off_t)symtab->sh_offset), bytes);
	free(symbols);
	assert_int_equal(elf_file_open(&file, fd), 0);
	assert_true(elf_file_bytes(file) < 65536);
	assert_true(find_outer(file, function->st_value + 3, &outer));
	assert_int_equal(outer.start, function->st_value + 3);
	/* What is not found may be among the rest. */
	elf_file_lookup(file, 1, true, &place, take_line, &outer);
	assert_true(place.incomplete);
	elf_file_close(file);
	free(image.bytes);
}

static void mutated_files(void **state)
{
	struct image image = image_read(*state);
	size_t tables = image_section(&image, SHT_SYMTAB)->sh_offset;
	unsigned int seed = 42;
	size_t usable = 0;

	for (int round = 0; round < 400; round++) {
		unsigned char *bytes = malloc(image.nr);

		assert_non_null(bytes);
		memcpy(bytes, image.bytes, image.nr);
		for (int i = 0; i < 1 + round % 40; i++) {
			size_t at = (size_t)rand_r(&seed);

			/* Where it hurts: the headers, the section table, the symbols, anywhere. */
			switch (rand_r(&seed) % 4) {
			case 0:
				at = 16 + at % 1024;
				break;
			case 1:
				at = image.header->e_shoff +
				     at % (image.nr - image.header->e_shoff);
				break;
			case 2:
				at = tables + at % (image.nr - tables);
				break;
			default:
				at %= image.nr;
			}
			bytes[at] = rand_r(&seed) % 3 ? (unsigned char)rand_r(&seed) : 0xff;
		}
		usable += try_file(memory_file(bytes, image.nr)) == 0;
		free(bytes);
	}
	/* The test tests something: most get past the first look. */
	assert_true(usable > 100);
	free(image.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_elf),	   cmocka_unit_test(good_file),
		cmocka_unit_test(truncated_files), cmocka_unit_test(hostile_headers),
		cmocka_unit_test(sparse_file),	   cmocka_unit_test(mutated_files),
		cmocka_unit_test(many_symbols),
	};

	return cmocka_run_group_tests_name("symbol_elf", tests, program_setup, program_teardown);
}
