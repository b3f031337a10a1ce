/* SPDX-License-Identifier: GPL-2.0-or-later */
/* same.h - equality of strings that may be unknown. */
#ifndef BLOCKPROF_BASE_STRINGS_H
#define BLOCKPROF_BASE_STRINGS_H

#include <stdbool.h>
#include <string.h>

/* NULL is the same as NULL only. */
static inline bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

#endif
