/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strings.h - what is asked of strings, and done with them, everywhere. */
#ifndef BLOCKPROF_BASE_STRINGS_H
#define BLOCKPROF_BASE_STRINGS_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* NULL is the same as NULL only. */
static inline bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* As strcmp(); NULL comes first. */
static inline int compare_strings(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

/* A copy that the caller frees; NULL gives NULL. 0 or -ENOMEM. */
static inline int copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static inline bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static inline bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), own = strlen(suffix);

	return length >= own && strcmp(text + length - own, suffix) == 0;
}

/* What is behind the last slash of a path; "" when it ends with one. */
static inline const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* With its NUL; 0: there is none. */
static inline size_t string_bytes(const char *string)
{
	return string ? strlen(string) + 1 : 0;
}

#endif
