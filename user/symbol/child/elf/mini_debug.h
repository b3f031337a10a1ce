/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mini_debug.h - .gnu_debugdata: an xz'd ELF file with the symbols that the file
 * around it was stripped of, as Fedora's packages have it.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_MINI_DEBUG_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_MINI_DEBUG_H

#include <stddef.h>

#include "symbol/child/elf/elf_headers.h"

/*
 * The inner file (the caller's to free) of one whose sections have been read. 0 or
 * -errno: -ENOENT: there is none; -EFBIG: it becomes larger than is taken, or takes
 * too much memory to unpack.
 */
int mini_debug_read(const struct elf_headers *headers, unsigned char **bytes, size_t *nr);

#endif
