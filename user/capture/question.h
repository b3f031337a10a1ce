/* SPDX-License-Identifier: GPL-2.0-or-later */
/* question.h - the name that a resolver asks for, found in a copy of its stack. */
#ifndef BLOCKPROF_CAPTURE_QUESTION_H
#define BLOCKPROF_CAPTURE_QUESTION_H

#include <stddef.h>

/*
 * Resolvers build their query on the stack (glibc resolv/res_query.c). The name
 * of the first DNS query (RFC 1035, 4.1) in bytes, dotted; caller frees. NULL: none.
 */
char *question_name(const unsigned char *bytes, size_t nr);

#endif
