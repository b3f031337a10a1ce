// SPDX-License-Identifier: GPL-2.0-or-later
/* query.c - the form of a query (as browsers send it), and of the values in it. */
#include "web/child/query.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "base/timestamp.h"

static const char *find(const char *query, const char *name)
{
	size_t length = strlen(name);

	while (query && *query) {
		if (!strncmp(query, name, length) && query[length] == '=')
			return query + length + 1;
		query = strchr(query, '&');
		query = query ? query + 1 : NULL;
	}
	return NULL;
}

/* The byte that an escape stands for; -1: it is none. */
static int unescape(const char *text)
{
	char digits[3] = { 0 };

	if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
		return -1;
	memcpy(digits, text, 2);
	return (int)strtol(digits, NULL, 16);
}

int query_text(const char *query, const char *name, char value[QUERY_VALUE_BYTES])
{
	const char *at = find(query, name);
	size_t nr = 0;

	if (!at)
		return -ENOENT;
	for (; *at && *at != '&'; at++) {
		int byte = (unsigned char)*at;

		if (nr == QUERY_VALUE_BYTES - 1)
			return -EINVAL;
		if (byte == '%') {
			byte = unescape(at + 1);
			at += 2;
		}
		if (byte <= 0)
			return -EINVAL;
		value[nr++] = (char)byte;
	}
	value[nr] = '\0';
	return 0;
}

int query_number(const char *query, const char *name, uint64_t max, uint64_t *number)
{
	char value[QUERY_VALUE_BYTES];
	int err = query_text(query, name, value);
	long given;

	if (err)
		return err == -ENOENT ? 0 : err;
	if (number_parse(value, 1, (long)max, &given))
		return -EINVAL;
	*number = (uint64_t)given;
	return 0;
}

int query_time(const char *query, const char *name, uint64_t *time_ns)
{
	char value[QUERY_VALUE_BYTES];
	int err = query_text(query, name, value);
	long seconds;

	if (err)
		return err == -ENOENT ? 0 : err;
	if (!number_parse(value, 0, INT64_MAX / NS_PER_SEC, &seconds)) {
		*time_ns = (uint64_t)seconds * NS_PER_SEC;
		return 0;
	}
	return timestamp_parse(value, time_ns) ? -EINVAL : 0;
}
