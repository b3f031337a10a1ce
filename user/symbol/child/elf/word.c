// SPDX-License-Identifier: GPL-2.0-or-later
#include "symbol/child/elf/word.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/read.h"

#define SEARCHED_MAX (160u << 20) /* bytes of a file that are searched */
#define BLOCK_BYTES  (256 * 1024)
#define WORD_BYTES   1024 /* text and word together */

static bool is_of_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr(".-+~", c));
}

static int word_in_block(const char *block, size_t bytes, const char *text, char *word, size_t size)
{
	size_t length = strlen(text), nr = 0;
	const char *at = block, *end = block + bytes;

	while ((at = memmem(at, (size_t)(end - at), text, length))) {
		at += length;
		if (at == end || !isdigit((unsigned char)*at))
			continue;
		while (at < end && nr + 1 < size && is_of_word(*at))
			word[nr++] = *at++;
		word[nr] = '\0';
		return 0;
	}
	return -ENOENT;
}

int word_find(int fd, const char *text, char *word, size_t size)
{
	char *block __freeing = malloc(BLOCK_BYTES);
	ssize_t got;

	for (off_t offset = 0; block && offset < (off_t)SEARCHED_MAX;
	     offset += BLOCK_BYTES - WORD_BYTES) {
		got = read_up_to(fd, (uint64_t)offset, block, BLOCK_BYTES);
		if (got <= 0)
			break;
		if (!word_in_block(block, (size_t)got, text, word, size))
			return 0;
	}
	return -ENOENT;
}
