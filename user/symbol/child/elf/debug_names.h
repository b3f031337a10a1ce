/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debug_names.h - how an ELF file names itself and its debug files.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_DEBUG_NAMES_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_DEBUG_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/child/elf/elf_headers.h"

#define BUILD_ID_BYTES	 64
#define DEBUG_NAME_BYTES 256

struct build_id {
	uint8_t bytes[BUILD_ID_BYTES];
	size_t nr; /* 0: there is none */
};

struct debug_names {
	struct build_id id;
	char link[DEBUG_NAME_BYTES]; /* .gnu_debuglink: name of a file, without a slash; "": none */
	uint32_t link_crc; /* of that file */
	struct build_id shared_id; /* .gnu_debugaltlink */
	char shared[DEBUG_NAME_BYTES];
};

/* By segments and sections, which have been read; what is not well formed is left out. */
void debug_names_read(struct debug_names *out, const struct elf_headers *headers);

/* "abcdef", for two digits a byte and a NUL; "" for none. */
#define BUILD_ID_TEXT_BYTES (2 * BUILD_ID_BYTES + 1)
void build_id_print(const struct build_id *id, char *text);

#endif
