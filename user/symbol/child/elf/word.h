/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * word.h - a word in a file: versions stand in programs as text.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_WORD_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_WORD_H

#include <stddef.h>

/*
 * The word - letters, digits and .-+~ - that stands in the file open as fd behind
 * the first place of text that a digit follows; cut to fit. 0 or -ENOENT.
 */
int word_find(int fd, const char *text, char *word, size_t size);

#endif
