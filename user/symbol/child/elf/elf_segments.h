/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf_segments.h - where the code of an ELF file is loaded. */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SEGMENTS_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_ELF_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 16 /* what does not fit is left out */

struct elf_segments {
	size_t nr;
	struct elf_segment {
		uint64_t offset;
		uint64_t bytes; /* in the file */
		uint64_t vaddr;
	} v[ELF_SEGMENTS_MAX];
};

/* Virtual address, as objdump shows it, of what is loaded from this file offset. 0 or -1. */
static inline int elf_segments_vaddr(const struct elf_segments *segments, uint64_t offset,
				     uint64_t *vaddr)
{
	for (size_t i = 0; i < segments->nr; i++) {
		const struct elf_segment *segment = &segments->v[i];

		if (offset >= segment->offset && offset - segment->offset < segment->bytes) {
			*vaddr = offset - segment->offset + segment->vaddr;
			return 0;
		}
	}
	return -1;
}

#endif
