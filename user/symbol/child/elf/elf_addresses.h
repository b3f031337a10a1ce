/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_addresses.h - where an ELF file has the sections and symbols of some names.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_ADDRESSES_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_address {
	const char *name; /* a section's, of those that are loaded, begins with a dot */
	uint64_t addr; /* as linked; 0: there is none */
};

/*
 * The addresses in the file open as fd, and that of what an executable mapping of
 * it from this offset on begins with: *vaddr. Symbols are looked for among the
 * exported ones of a file that has one of the sections: the tables of others may
 * be huge. With local they are in any file, and in .symtab where nothing else of
 * the names is there. 0; -ENOENT: no code is at that offset; other -errno:
 * -ENOEXEC: no ELF file of this machine's kind.
 */
int elf_addresses_read(int fd, uint64_t offset, bool local, struct elf_address *wanted, size_t nr,
		       uint64_t *vaddr);

#endif
