// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_file.c - what stays in memory of an ELF file: its segments and its functions. */
#define _GNU_SOURCE
#include "symbol/elf_file.h"

#include <ctype.h>
#include <errno.h>
#include <gelf.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/cleanup.h"
#include "symbol/call.h"
#include "symbol/elf_symbols.h"

#define HEADERS_MAX  4096
#define SEGMENTS_MAX 16
#define SEARCHED_MAX (160u << 20) /* bytes of a file that are searched for a text */
#define BLOCK_BYTES  65536
#define WORD_BYTES   256 /* text and word together */

struct segment {
	uint64_t offset;
	uint64_t bytes;
	uint64_t vaddr;
};

struct elf_file {
	int fd;
	unsigned int machine; /* EM_* */
	size_t nr_segments;
	struct segment segments[SEGMENTS_MAX]; /* those with code */
	struct elf_symbols *symbols;
};

static void end_elf(Elf **elf)
{
	elf_end(*elf);
}

static int read_segments(struct elf_file *file, Elf *elf)
{
	size_t nr;

	if (elf_getphdrnum(elf, &nr))
		return -ENOEXEC;
	if (nr > HEADERS_MAX)
		return -EFBIG;
	for (size_t i = 0; i < nr && file->nr_segments < SEGMENTS_MAX; i++) {
		struct segment *segment = &file->segments[file->nr_segments];
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    !(header.p_flags & PF_X) || header.p_filesz > UINT64_MAX - header.p_offset)
			continue;
		segment->offset = header.p_offset;
		segment->bytes = header.p_filesz;
		segment->vaddr = header.p_vaddr;
		file->nr_segments++;
	}
	return 0;
}

static int read_file(struct elf_file *file)
{
	Elf *elf __attribute__((cleanup(end_elf))) = NULL;
	GElf_Ehdr header;
	int err;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOTSUP;
	/* Not mapped: a file cut meanwhile would be a SIGBUS, a large one passes RLIMIT_AS. */
	elf = elf_begin(file->fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return -ENOEXEC;
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return -ENOEXEC;
	file->machine = header.e_machine;
	err = read_segments(file, elf);
	return err ? err : elf_symbols_read(&file->symbols, elf, file->fd);
}

int elf_file_open(struct elf_file **out, int fd)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	int err;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	file->fd = fd;
	err = read_file(file);
	if (err) {
		elf_file_close(file);
		return err;
	}
	/* What libelf had read for the table is many times its size. */
	malloc_trim(0);
	*out = file;
	return 0;
}

void elf_file_close(struct elf_file *file)
{
	elf_symbols_free(file->symbols);
	close(file->fd);
	free(file);
}

size_t elf_file_bytes(const struct elf_file *file)
{
	return sizeof(*file) + elf_symbols_bytes(file->symbols);
}

int elf_file_vaddr(const struct elf_file *file, uint64_t offset, uint64_t *vaddr)
{
	for (size_t i = 0; i < file->nr_segments; i++) {
		const struct segment *segment = &file->segments[i];

		if (offset >= segment->offset && offset - segment->offset < segment->bytes) {
			*vaddr = offset - segment->offset + segment->vaddr;
			return 0;
		}
	}
	return -ENOENT;
}

int elf_file_symbol(const struct elf_file *file, uint64_t vaddr, uint64_t *start, char *name,
		    size_t size)
{
	return elf_symbols_find(file->symbols, file->fd, vaddr, start, name, size);
}

uint64_t elf_file_defined(const struct elf_file *file, const char *const *names, size_t nr)
{
	return elf_symbols_defined(file->symbols, file->fd, names, nr);
}

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(".-+~", c));
}

static int word_in_block(const char *block, size_t bytes, const char *text, char *word, size_t size)
{
	size_t length = strlen(text), nr = 0;
	const char *at = block, *end = block + bytes;

	while ((at = memmem(at, (size_t)(end - at), text, length))) {
		at += length;
		if (at == end || !isdigit((unsigned char)*at))
			continue;
		while (at < end && nr + 1 < size && is_of_word(*at))
			word[nr++] = *at++;
		word[nr] = '\0';
		return 0;
	}
	return -ENOENT;
}

int elf_file_word(const struct elf_file *file, const char *text, char *word, size_t size)
{
	char *block __freeing = malloc(BLOCK_BYTES);
	ssize_t got;

	for (off_t offset = 0; block && offset < (off_t)SEARCHED_MAX;
	     offset += BLOCK_BYTES - WORD_BYTES) {
		got = pread(file->fd, block, BLOCK_BYTES, offset);
		if (got <= 0)
			break;
		if (!word_in_block(block, (size_t)got, text, word, size))
			return 0;
	}
	return -ENOENT;
}

bool elf_file_after_call(const struct elf_file *file, uint64_t offset)
{
	uint64_t bytes = offset < CALL_BYTES ? offset : CALL_BYTES;
	uint8_t code[CALL_BYTES];

	if (offset > INT64_MAX ||
	    pread(file->fd, code, bytes, (off_t)(offset - bytes)) != (ssize_t)bytes)
		return false;
	return call_precedes(code, bytes, file->machine);
}
