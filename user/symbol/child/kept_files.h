/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kept_files.h - the symbolizer's ELF files: those asked about last, within bounds. */
#ifndef BLOCKPROF_SYMBOL_CHILD_KEPT_FILES_H
#define BLOCKPROF_SYMBOL_CHILD_KEPT_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Of up to three descriptors each, less than symbolizer_sandbox.files. */
#define KEPT_FILES_MAX 48

struct elf_file;

/* Begins zeroed. */
struct kept_files {
	struct kept_file {
		uint32_t id; /* request.file */
		struct elf_file *file;
		uint64_t used; /* uses when it was asked last */
	} v[KEPT_FILES_MAX];
	size_t nr;
	uint64_t uses;
	uint64_t expired; /* uses, as kept_files_expire() was called last */
};

/* NULL: it is not kept. */
struct elf_file *kept_files_find(struct kept_files *files, uint32_t id);
/* One that is not there yet. Takes fd, on failure too. 0 or as elf_file_open(). */
int kept_files_add(struct kept_files *files, uint32_t id, int fd, struct elf_file **out);
/*
 * After a file was used: lets go of debug information where there is too much of it,
 * but for that of this file.
 */
void kept_files_save_memory(struct kept_files *files);
void kept_files_expire(struct kept_files *files); /* drops those not used since the last call */
void kept_files_drop(struct kept_files *files); /* all */

#endif
