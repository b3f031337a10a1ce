// SPDX-License-Identifier: GPL-2.0-or-later
/* accept.c - weights of media ranges (RFC 9110, 12.5.1), as far as metrics need them. */
#include "web/child/accept.h"

#include <string.h>
#include <strings.h>

#define OPENMETRICS "application/openmetrics-text"
#define TEXT	    "text/plain"
#define WHOLE	    1000

struct range {
	const char *text; /* up to the next comma or the end */
	size_t bytes;
};

/* A parameter's value; NULL: it has none such. */
static const char *parameter(const struct range *range, const char *name, size_t *bytes)
{
	const char *at = range->text, *end = range->text + range->bytes;

	while (at < end && (at = memchr(at, ';', (size_t)(end - at)))) {
		at++;
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
		if ((size_t)(end - at) < strlen(name) || strncasecmp(at, name, strlen(name)))
			continue;
		at += strlen(name);
		*bytes = (size_t)(end - at);
		for (size_t i = 0; i < *bytes; i++)
			if (at[i] == ';' || at[i] == ' ' || at[i] == '\t')
				*bytes = i;
		return at;
	}
	return NULL;
}

/* In thousandths. */
static int weight(const struct range *range)
{
	size_t bytes;
	const char *text = parameter(range, "q=", &bytes);
	int value, unit = WHOLE;

	if (!text)
		return WHOLE;
	if (!bytes || (text[0] != '0' && text[0] != '1'))
		return 0;
	value = (text[0] - '0') * WHOLE;
	for (size_t i = 2; i < bytes && i < 5; i++) {
		if (text[i] < '0' || text[i] > '9')
			break;
		unit /= 10;
		value += (text[i] - '0') * unit;
	}
	return value < WHOLE ? value : WHOLE;
}

static bool is_type(const struct range *range, const char *type)
{
	size_t bytes = strlen(type);

	return range->bytes >= bytes && !strncasecmp(range->text, type, bytes) &&
	       (range->bytes == bytes || strchr("; \t", range->text[bytes]));
}

/* Without a version it is the one that everybody had first. */
static bool is_known_version(const struct range *range)
{
	size_t bytes;
	const char *version = parameter(range, "version=", &bytes);

	return !version ||
	       (bytes == 5 && (!memcmp(version, "1.0.0", 5) || !memcmp(version, "0.0.1", 5)));
}

bool accept_openmetrics(const char *accept)
{
	int openmetrics = 0, text = 0;

	while (accept && *accept) {
		struct range range;

		accept += strspn(accept, ", \t");
		range = (struct range){ accept, strcspn(accept, ",") };
		if (is_type(&range, OPENMETRICS) && is_known_version(&range) &&
		    weight(&range) > openmetrics)
			openmetrics = weight(&range);
		if (is_type(&range, TEXT) && weight(&range) > text)
			text = weight(&range);
		accept += range.bytes;
	}
	return openmetrics && openmetrics >= text;
}
