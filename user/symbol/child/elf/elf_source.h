/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_source.h - the bytes of an ELF file: an open file, or memory.
 * Used in the symbolizer's child: what is read is hostile. A file is read by
 * bounded pread() only, never mapped: one that is cut meanwhile would be a SIGBUS.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SOURCE_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct elf_source {
	int fd; /* -1: memory */
	const unsigned char *bytes;
	size_t nr;
};

/* As read_up_to() and read_at(). */
ssize_t elf_source_up_to(const struct elf_source *source, uint64_t offset, void *to, size_t bytes);
int elf_source_read(const struct elf_source *source, uint64_t offset, void *to, size_t bytes);
/* Into new memory, which the caller frees. -EFBIG: it is more than max; -ENOMEM. */
int elf_source_new(const struct elf_source *source, uint64_t offset, uint64_t bytes, size_t max,
		   void *out);

#endif
