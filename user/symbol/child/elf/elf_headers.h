/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_headers.h - the segments and sections of an ELF file: the one place where its
 * headers are read. Files of 32 bits look like those of 64; their byte order is this
 * machine's. Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_HEADERS_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_HEADERS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/child/elf/elf_segments.h"
#include "symbol/child/elf/elf_source.h"

struct elf_headers {
	struct elf_source source; /* is to be there as long as this */
	bool is_64;
	Elf64_Ehdr header; /* as it is there, but for its numbers and places in a file of 32 bits */
	Elf64_Phdr *segments;
	size_t nr_segments;
	Elf64_Shdr *sections; /* offsets and sizes as the file claims them */
	size_t nr_sections;
	char *names; /* of sections */
	uint64_t names_offset; /* where they are in the file */
	size_t names_bytes; /* 0: there are none */
};

/*
 * The header and the segments; no sections yet. elf_headers_free() it, also after
 * a failure. 0 or -errno: -ENOEXEC: no such ELF file; -EFBIG: too many segments.
 */
int elf_headers_read(struct elf_headers *headers, const struct elf_source *source);
/* The sections, too. 0, also where there are none, or -errno as above: then it has none. */
int elf_headers_read_sections(struct elf_headers *headers);
void elf_headers_free(struct elf_headers *headers);

/* A program or library, of which code is mapped: no object file, no core. */
bool elf_headers_is_loaded(const struct elf_headers *headers);
/* Its segments of code. */
void elf_headers_code(const struct elf_headers *headers, struct elf_segments *out);
/*
 * Where in the file that is which is loaded at a virtual address, and how many
 * bytes of its segment there are from there on. 0 or -ENOENT.
 */
int elf_headers_offset(const struct elf_headers *headers, uint64_t vaddr, uint64_t *offset,
		       uint64_t *bytes);

/* "" where it has none that makes sense. */
const char *elf_headers_name(const struct elf_headers *headers, const Elf64_Shdr *section);
/* The first of this name that has contents; NULL: none. */
const Elf64_Shdr *elf_headers_section(const struct elf_headers *headers, const char *name);
/* The section that another one refers to, with contents; NULL: none. */
const Elf64_Shdr *elf_headers_linked(const struct elf_headers *headers, const Elf64_Shdr *section);

#endif
