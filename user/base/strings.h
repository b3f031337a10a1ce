/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strings.h - questions that are asked of strings everywhere. */
#ifndef BLOCKPROF_BASE_STRINGS_H
#define BLOCKPROF_BASE_STRINGS_H

#include <stdbool.h>
#include <string.h>

/* NULL is the same as NULL only. */
static inline bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* What is behind the last slash of a path; "" when it ends with one. */
static inline const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

#endif
