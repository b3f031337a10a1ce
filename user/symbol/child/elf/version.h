/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version.h - the version that stands in a program as text.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_VERSION_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_VERSION_H

#include <stddef.h>

/*
 * The word - letters, digits and .-+~ - that stands in the file open as fd behind
 * the first place of a text that a digit follows; cut to fit. 0 or -ENOENT.
 */
int version_find(int fd, const char *before, char *version, size_t size);

#endif
