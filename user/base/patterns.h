/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * patterns.h - regular expressions that a user gave, tried on names that a target
 * chose: PCRE2, found anywhere in a name, byte by byte, with limits of time and
 * memory. One that blows up on a name does not match it. What the expressions of
 * a set waste that way is bounded for all of them together, so ten thousand are as
 * harmless as one.
 */
#ifndef BLOCKPROF_BASE_PATTERNS_H
#define BLOCKPROF_BASE_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_BYTES_MAX    4096 /* of an expression */
#define PATTERN_SUBJECT_MAX  4096 /* of a name, of which the rest is not looked at */
#define PATTERN_REASON_BYTES 160

struct patterns;

/*
 * Called with each expression that has blown up, the first time that it does; in
 * the whole process, NULL: nobody.
 */
void patterns_on_blown(void (*blown)(const char *text));

int patterns_new(struct patterns **out); /* 0 or -ENOMEM */
void patterns_free(struct patterns *patterns); /* NULL: nothing */
/*
 * Appends one. 0; -EINVAL: text is none, and reason says why and where
 * ("missing closing parenthesis at offset 3"); -ENOMEM.
 */
int patterns_add(struct patterns *patterns, const char *text, char reason[PATTERN_REASON_BYTES]);
size_t patterns_nr(const struct patterns *patterns);
/* subject NULL does not match. */
bool patterns_match(struct patterns *patterns, size_t index, const char *subject);

#endif
