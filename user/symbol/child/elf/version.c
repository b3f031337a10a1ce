// SPDX-License-Identifier: GPL-2.0-or-later
/* version.c - which characters a version is made of, and how far it is looked for. */
#include "symbol/child/elf/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/read.h"

#define SEARCHED_MAX  (160u << 20) /* bytes of a file that are searched */
#define BLOCK_BYTES   (256u * 1024)
#define OVERLAP_BYTES 1024 /* the text and the version together are shorter */

static bool is_of_version(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(".-+~", c));
}

static int find_in_block(const char *block, size_t bytes, const char *before, char *version,
			 size_t size)
{
	size_t length = strlen(before), nr = 0;
	const char *at = block, *end = block + bytes;

	while ((at = memmem(at, (size_t)(end - at), before, length))) {
		at += length;
		if (at == end || !isdigit((unsigned char)*at))
			continue;
		while (at < end && nr + 1 < size && is_of_version(*at))
			version[nr++] = *at++;
		version[nr] = '\0';
		return 0;
	}
	return -ENOENT;
}

int version_find(int fd, const char *before, char *version, size_t size)
{
	char *block __freeing = malloc(BLOCK_BYTES);

	for (uint64_t offset = 0; block && offset < SEARCHED_MAX;
	     offset += BLOCK_BYTES - OVERLAP_BYTES) {
		ssize_t got = read_up_to(fd, offset, block, BLOCK_BYTES);

		if (got <= 0)
			break;
		if (!find_in_block(block, (size_t)got, before, version, size))
			return 0;
	}
	return -ENOENT;
}
