/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_file.h - an ELF file that a target has mapped.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_ELF_FILE_H
#define BLOCKPROF_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;

/* Takes fd, on failure too. 0 or -errno: -ENOEXEC: no ELF file; -EFBIG: too many symbols. */
int elf_file_open(struct elf_file **out, int fd);
void elf_file_close(struct elf_file *file);
size_t elf_file_bytes(const struct elf_file *file); /* of memory */

/* Virtual address, as objdump shows it, of what is loaded from this file offset. 0 or -ENOENT. */
int elf_file_vaddr(const struct elf_file *file, uint64_t offset, uint64_t *vaddr);
/* The function at a virtual address; see elf_symbols_find(). */
int elf_file_symbol(const struct elf_file *file, uint64_t vaddr, uint64_t *start, char *name,
		    size_t size);
/* See elf_symbols_defined(). */
uint64_t elf_file_defined(const struct elf_file *file, const char *const *names, size_t nr);
/* Is the instruction that ends at this file offset a call? */
bool elf_file_after_call(const struct elf_file *file, uint64_t offset);

#endif
