/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi_image.h - the call frame information of an ELF file and nothing else of it,
 * as a small ELF file in memory.
 *
 * libdw asked about the file itself would read whatever debug information it has
 * (dwarf_begin_elf), or all of a file without sections (dwarf_getcfi_elf), look
 * for the file's path, and take sizes as the file gives them.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_IMAGE_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/child/elf/elf_segments.h"

#define CFI_SECTION_BYTES_MAX (64u << 20) /* of one section; Chromium's has 20 MB */

struct cfi_image {
	unsigned char *bytes; /* free() it; NULL: the file has no such information */
	size_t nr;
	uint32_t machine; /* EM_* */
	bool has_eh_frame; /* .eh_frame */
	bool has_table; /* .eh_frame_hdr: what is in .eh_frame is found without reading it all */
	bool has_debug_frame; /* .debug_frame */
	struct elf_segments segments;
};

/*
 * Of the file open as fd, of 64 bits with the low byte first. 0 or -errno: -ENOEXEC:
 * no such file, malformed, cut; -EFBIG: a section is too large; -ENOMEM.
 */
int cfi_image_read(struct cfi_image *image, int fd);
/* Of a debug file: .debug_frame alone is looked for; segments are not read. */
int cfi_image_read_debug(struct cfi_image *image, int fd);
/* The same once more, without the table: it makes no sense. */
void cfi_image_drop_table(struct cfi_image *image);

#endif
