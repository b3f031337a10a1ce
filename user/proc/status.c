// SPDX-License-Identifier: GPL-2.0-or-later
/* status.c - where in the text a key's number stands. */
#include "proc/status.h"

#include <stdlib.h>
#include <string.h>

uint64_t status_number(const char *text, const char *key)
{
	const char *line = strstr(text, key);

	return line ? strtoull(line + strlen(key), NULL, 10) : 0;
}
