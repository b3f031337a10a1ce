// SPDX-License-Identifier: GPL-2.0-or-later
/* question.c - how a DNS query looks in memory. */
#include "capture/question.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 12
#define LABEL_MAX    63
#define NAME_BYTES   255 /* of labels with their lengths, the root's included: RFC 1035, 2.3.4 */

#define CLASS_IN 1

static unsigned int u16(const unsigned char *at)
{
	return at[0] << 8 | at[1];
}

/* A query for one name: no answer bit, opcode 0, one question, no answers, at most an EDNS record. */
static bool is_query_header(const unsigned char *at)
{
	return !(at[2] & 0xf8) && !(at[3] & 0xcf) && u16(at + 4) == 1 && u16(at + 6) == 0 &&
	       u16(at + 8) == 0 && u16(at + 10) <= 1;
}

static bool is_type(unsigned int type)
{
	/* A NS CNAME SOA PTR MX TXT AAAA SRV ANY, SVCB and HTTPS: what programs ask for */
	static const unsigned char types[] = { 1, 2, 5, 6, 12, 15, 16, 28, 33, 64, 65, 255 };

	return type < 256 && memchr(types, type, sizeof(types));
}

/* The labels at bytes, dotted, into name; how many bytes they took, 0: they are no name. */
static size_t read_name(const unsigned char *bytes, size_t nr, char name[NAME_BYTES])
{
	size_t at = 0, used = 0;

	while (at < nr && bytes[at]) {
		size_t label = bytes[at++];

		if (label > LABEL_MAX || at + label >= nr || at + label >= NAME_BYTES)
			return 0;
		if (used)
			name[used++] = '.';
		for (size_t i = 0; i < label; i++) {
			unsigned char c = bytes[at + i];

			if (!isgraph(c) || c == '.')
				return 0;
			name[used++] = c;
		}
		at += label;
	}
	name[used] = 0;
	return used && at < nr ? at + 1 : 0;
}

char *question_name(const unsigned char *bytes, size_t nr)
{
	char name[NAME_BYTES];

	for (size_t at = 0; at + HEADER_BYTES + 6 < nr; at++) {
		size_t question = at + HEADER_BYTES, len;

		if (!is_query_header(bytes + at))
			continue;
		len = read_name(bytes + question, nr - question, name);
		if (!len || question + len + 4 > nr)
			continue;
		if (is_type(u16(bytes + question + len)) &&
		    u16(bytes + question + len + 2) == CLASS_IN)
			return strdup(name);
	}
	return NULL;
}
