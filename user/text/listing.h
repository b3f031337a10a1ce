/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listing.h - many names in few words: "h0 to h7.blk.test", "a, b and c". */
#ifndef BLOCKPROF_TEXT_LISTING_H
#define BLOCKPROF_TEXT_LISTING_H

#include <stddef.h>

/* Names that differ, harmless to print; they are put in their order. The caller frees; NULL: no memory. */
char *listing(const char **names, size_t nr);

/* The order of names: numbers in them count as numbers. For qsort() of const char *. */
int listing_compare(const void *left, const void *right);

#endif
