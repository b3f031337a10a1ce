/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity.h - which files are the same one, in different places.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_IDENTITY_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_IDENTITY_H

#include <stdint.h>

/*
 * A number that ELF files of equal size, headers, notes and symbols have, and
 * others hardly; made with a secret, so that no file can be made to have that of
 * another. 0: it has no build id, or too many symbols, and is to be told apart.
 */
uint64_t elf_identity(int fd, uint64_t secret);

#endif
