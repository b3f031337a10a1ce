// SPDX-License-Identifier: GPL-2.0-or-later
/* authorization.c - the two forms in which clients send a token (RFC 6750, RFC 7617). */
#include "web/child/authorization.h"

#include <string.h>
#include <strings.h>

#define BEARER "Bearer "
#define BASIC  "Basic "

static int digit_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Base64 up to what is none; the rest of out stays as it is. */
static void decode(const char *text, char *out, size_t size)
{
	unsigned int bits = 0, nr_bits = 0;
	size_t at = 0;

	for (; digit_of(*text) >= 0 && at < size; text++) {
		bits = bits << 6 | (unsigned int)digit_of(*text);
		nr_bits += 6;
		if (nr_bits < 8)
			continue;
		nr_bits -= 8;
		out[at++] = (char)(bits >> nr_bits);
		bits &= (1u << nr_bits) - 1;
	}
}

/* All of it is looked at, wherever they differ. */
static bool same_bytes(const char *a, const char *b, size_t bytes)
{
	volatile unsigned char differs = 0;

	for (size_t i = 0; i < bytes; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return !differs;
}

bool authorization_has(const char *header, const char token[WEB_TOKEN_BYTES])
{
	char given[WEB_TOKEN_BYTES] = "", decoded[2 * WEB_TOKEN_BYTES] = "";
	const char *text = "";
	bool same;

	if (header && !strncasecmp(header, BEARER, strlen(BEARER))) {
		text = header + strlen(BEARER);
	} else if (header && !strncasecmp(header, BASIC, strlen(BASIC))) {
		decode(header + strlen(BASIC), decoded, sizeof(decoded) - 1);
		text = strchr(decoded, ':');
		text = text ? text + 1 : "";
	}
	/* one that is too long is cut to a length that no token has */
	strncpy(given, text, sizeof(given));
	same = same_bytes(given, token, WEB_TOKEN_BYTES);
	return same && token[0];
}
