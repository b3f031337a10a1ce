/* SPDX-License-Identifier: GPL-2.0-or-later */
/* query.h - parameters behind the path. */
#ifndef BLOCKPROF_WEB_CHILD_QUERY_H
#define BLOCKPROF_WEB_CHILD_QUERY_H

#include <stdint.h>

#define QUERY_VALUE_BYTES 64

/*
 * The first parameter of that name, with its escapes undone. 0; -ENOENT: there is none; -EINVAL:
 * it is too long, or has an escape that is none. query NULL: there are no parameters.
 */
int query_text(const char *query, const char *name, char value[QUERY_VALUE_BYTES]);
/* A whole number from 1 to max, or what number is before where there is none such. 0 or -EINVAL. */
int query_number(const char *query, const char *name, uint64_t max, uint64_t *number);
/* RFC 3339, or seconds since 1970; the same. 0 or -EINVAL. */
int query_time(const char *query, const char *name, uint64_t *time_ns);

#endif
