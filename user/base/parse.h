/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse.h - strict reading of the times and numbers that a user gives. */
#ifndef BLOCKPROF_BASE_PARSE_H
#define BLOCKPROF_BASE_PARSE_H

#include <stdint.h>

/*
 * "100ms", "1.5s", "500us", "200ns", "2m", "1h"; a bare number counts units of
 * unit_ns nanoseconds (1 to 2^42). Exact: -EINVAL for what is no such time or is
 * finer than a nanosecond, -ERANGE above INT64_MAX ns (292 years). 0 is a time.
 */
int duration_parse(const char *text, uint64_t unit_ns, uint64_t *ns);

/*
 * "500M", "2G", "100K", "1T", powers of 1024; a bare number counts M. -EINVAL: it is no such
 * size; -ERANGE: not from min to max, which is at most 2^50.
 */
int size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *bytes);

/* A decimal number, no sign but '-'. -EINVAL: it is none; -ERANGE: not from min to max. */
int number_parse(const char *text, long min, long max, long *out);

#endif
