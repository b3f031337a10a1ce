// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_file.c - what stays in memory of an ELF file: its segments and its functions. */
#include "symbol/elf_file.h"

#include <errno.h>
#include <gelf.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "symbol/call.h"
#include "symbol/elf_symbols.h"

#define HEADERS_MAX  4096
#define SEGMENTS_MAX 16

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

bool elf_file_after_call(const struct elf_file *file, uint64_t offset)
{
	uint64_t bytes = offset < CALL_BYTES ? offset : CALL_BYTES;
	uint8_t code[CALL_BYTES];

	if (offset > INT64_MAX ||
	    pread(file->fd, code, bytes, (off_t)(offset - bytes)) != (ssize_t)bytes)
		return false;
	return call_precedes(code, bytes, file->machine);
}
